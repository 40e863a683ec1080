from __future__ import annotations

import os
import signal
from pathlib import Path

from jobs_supervisor.liveness import is_running, place
from jobs_supervisor.memory import resident_bytes
from jobs_supervisor.oom import EXPLAINS, OomWatch


def write(path: Path, kills: int) -> Path:
    path.write_text(f"low 0\nhigh 0\nmax 12\noom 3\noom_kill {kills}\noom_group_kill 0\n")
    return path


KILLED = int(signal.SIGKILL)


def test_a_kill_explains_one_death(tmp_path: Path) -> None:
    events = write(tmp_path / "memory.events", 2)
    watch = OomWatch(events)
    assert watch.explains(KILLED, 0) is False
    write(events, 4)
    assert watch.explains(KILLED, 1) is True
    assert watch.explains(0, 1) is False
    assert watch.explains(KILLED, 1) is True
    assert watch.explains(KILLED, 1) is False


def test_a_kill_that_nobody_died_of_is_soon_forgotten(tmp_path: Path) -> None:
    events = write(tmp_path / "memory.events", 0)
    watch = OomWatch(events)
    write(events, 1)
    watch.look(10)
    assert watch.explains(KILLED, 10 + EXPLAINS + 0.1) is False
    write(events, 2)
    watch.look(20)
    assert watch.explains(KILLED, 20 + EXPLAINS - 0.1) is True


def test_where_nobody_counts_nobody_knows(tmp_path: Path) -> None:
    assert OomWatch(tmp_path / "absent").explains(KILLED, 0) is None


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
