from __future__ import annotations

import os
import signal

import pytest

from jobs_supervisor.ending import Ending, describe_exit, ending
from jobs_supervisor.obituary import Obituary, ObituaryPipe, Verdict
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
        (40, None, "killed by signal 40"),
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


@pytest.mark.parametrize(
    ("status", "killed", "expected", "recycled", "out_of_memory", "kind"),
    [
        (0, None, True, False, False, Ending.STOPPED),
        (0, None, True, True, False, Ending.RECYCLED),
        (0, None, False, True, False, Ending.EXITED),
        (1 << 8, None, False, False, None, Ending.EXITED),
        (signal.SIGSEGV, None, False, False, True, Ending.SIGNAL),
        (signal.SIGKILL, None, False, False, None, Ending.SIGNAL),
        (signal.SIGKILL, None, False, False, True, Ending.OUT_OF_MEMORY),
        (signal.SIGKILL, Reason.EXPIRED, False, False, True, Ending.EXPIRED),
        (signal.SIGKILL, Reason.STOPPED, False, False, False, Ending.CUT_SHORT),
    ],
)
def test_an_ending_is_of_one_kind(
    status: int,
    killed: Reason | None,
    expected: bool,
    recycled: bool,
    out_of_memory: bool | None,
    kind: Ending,
) -> None:
    found = ending(
        status, killed, expected=expected, recycled=recycled, out_of_memory=out_of_memory
    )
    assert found is kind


def test_every_reason_to_kill_is_a_kind_of_ending() -> None:
    for reason in Reason:
        ending(signal.SIGKILL, reason, expected=False, recycled=False, out_of_memory=None)
