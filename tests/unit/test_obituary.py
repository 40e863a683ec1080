from __future__ import annotations

import os
import signal

import pytest

from jobs_supervisor.obituary import Obituary, ObituaryPipe, Verdict, describe_exit
from jobs_supervisor.policy import Reason

MEMORY = 1_900_000_000


def obituary(slot: int, reason: str = "killed by SIGKILL") -> Obituary:
    return Obituary(slot, 10 + slot, 4711, 12.3, Verdict.DIED, reason)


@pytest.mark.parametrize(
    ("out_of_memory", "text"),
    [
        (True, "killed by SIGKILL, out of memory: 1,900 MB resident, 12.3 s into render #4711"),
        (
            None,
            "killed by SIGKILL, possibly out of memory: 1,900 MB resident, "
            "12.3 s into render #4711",
        ),
        (False, "killed by SIGKILL: 1,900 MB resident, 12.3 s into render #4711"),
    ],
)
def test_a_sigkill_says_whether_memory_ran_out(out_of_memory: bool | None, text: str) -> None:
    assert describe_exit(9, None, "render #4711", 12.3, MEMORY, out_of_memory) == text


@pytest.mark.parametrize(
    ("status", "killed", "text"),
    [
        (signal.SIGSEGV, None, "killed by SIGSEGV"),
        (0, None, "exited with code 0"),
        (3 << 8, None, "exited with code 3"),
        (9, Reason.EXPIRED, "killed: outlasted its time limit"),
    ],
)
def test_other_ends(status: int, killed: Reason | None, text: str) -> None:
    assert describe_exit(status, killed, "", 0.0, MEMORY, None) == text


def test_obituaries_come_out_as_they_went_in() -> None:
    pipe = ObituaryPipe()
    sent = [obituary(1), obituary(2, "ünïcode")]
    for each in sent:
        pipe.write(each)
    assert pipe.read() == sent
    assert pipe.read() == []


def test_half_an_obituary_waits_for_its_other_half() -> None:
    pipe = ObituaryPipe()
    pipe.write(obituary(1))
    whole = os.read(pipe.reader, 4096)
    os.write(pipe.ends[1], whole[:10])
    assert pipe.read() == []
    os.write(pipe.ends[1], whole[10:])
    assert pipe.read() == [obituary(1)]


def test_a_full_pipe_does_not_hold_the_supervisor_up() -> None:
    pipe = ObituaryPipe()
    for _ in range(2_000):
        pipe.write(obituary(1))
    received = pipe.read()
    assert 100 < len(received) < 2_000
    assert set(received) == {obituary(1)}
