from __future__ import annotations

import os
from pathlib import Path

from jobs_supervisor.liveness import is_running, place
from jobs_supervisor.memory import OomWatch, resident_bytes


def write(path: Path, kills: int) -> Path:
    path.write_text(f"low 0\nhigh 0\nmax 12\noom 3\noom_kill {kills}\noom_group_kill 0\n")
    return path


def test_a_kill_is_told_once(tmp_path: Path) -> None:
    events = write(tmp_path / "memory.events", 2)
    watch = OomWatch(events)
    assert watch.happened() is False
    write(events, 3)
    assert watch.happened() is True
    assert watch.happened() is False


def test_where_nobody_counts_nobody_knows(tmp_path: Path) -> None:
    assert OomWatch(tmp_path / "absent").happened() is None


def test_resident_memory() -> None:
    assert resident_bytes(os.getpid()) > 5_000_000
    assert resident_bytes(0) == 0
    assert resident_bytes(2**22 + 1) == 0


def test_a_process_that_has_ended_does_not_run_though_it_was_not_reaped() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert not is_running(pid)
    os.waitpid(pid, 0)
    assert not is_running(pid)
    assert is_running(os.getpid())
    assert is_running(1)
    assert not is_running(0)


def test_a_place_is_the_same_for_all_processes_of_a_host() -> None:
    assert place() == place()
    assert place()
