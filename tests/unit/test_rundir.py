"""Word of supervisors, some of which are dead."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import msgspec
import pytest

from jobs_supervisor import rundir
from jobs_supervisor.rundir import RunRecord, living, write_record
from jobs_supervisor.shared import SharedMemory


@pytest.fixture(autouse=True)
def run_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBS_RUN_DIR", str(tmp_path))


def record(pid: int, descriptor: int) -> RunRecord:
    return RunRecord(pid, "shop.jobs", "shop", 1, (), descriptor, "", 0.0)


def test_one_whose_memory_is_there_lives() -> None:
    memory = SharedMemory.create(8)
    mine = record(os.getpid(), memory.descriptor)
    write_record(mine)
    assert list(living()) == [mine]
    os.close(memory.descriptor)


def test_who_reads_while_it_is_written_again_finds_all_of_it() -> None:
    with write_record(record(os.getpid(), 1)).open("rb") as before:
        path = write_record(record(os.getpid(), 2))
        assert msgspec.json.decode(before.read(), type=RunRecord).descriptor == 1
    assert msgspec.json.decode(path.read_bytes(), type=RunRecord).descriptor == 2


def test_what_cannot_be_written_leaves_what_was_there() -> None:
    path = write_record(record(os.getpid(), 1))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            write_record(record(os.getpid(), 2))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert msgspec.json.decode(path.read_bytes(), type=RunRecord).descriptor == 1
    assert list(path.parent.iterdir()) == [path]


def test_one_whose_pid_another_process_has_is_dead() -> None:
    with Path(os.devnull).open() as other:
        path = write_record(record(os.getpid(), other.fileno()))
        assert list(living()) == []
    assert not path.exists()


def test_one_that_is_hidden_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_path: Path) -> Path:
        raise PermissionError

    path = write_record(record(os.getpid(), 0))
    monkeypatch.setattr(rundir.Path, "readlink", refuse)
    assert list(living()) == []
    assert path.exists(), "it may live"
