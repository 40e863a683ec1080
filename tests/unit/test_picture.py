from __future__ import annotations

from dataclasses import replace

from rich.console import Console

from jobs_supervisor.picture import picture
from jobs_supervisor.rundir import RunRecord
from jobs_supervisor.status import SlotStatus

RECORD = RunRecord(7, "shop.jobs", "postgresql://jobs@db/shop", 4, ("scheduler",), 3, "", 0.0)
IDLE = SlotStatus("worker 1", 101, "idle", 1.0, None, None, None, None, 5, 40_000_000, 0, "")
BUSY = replace(IDLE, state="busy", job="render", job_id="4711", attempt=1, progress="3 of 10")


def seen(slots: list[SlotStatus], room: int | None = None, **unhandled: int) -> str:
    console = Console(width=80, color_system=None)
    with console.capture() as capture:
        console.print(picture(RECORD, slots, unhandled, room))
    return capture.get()


def test_a_job_is_shown_with_its_progress() -> None:
    assert "● busy  1.0 s  render #4711, 3 of 10" in seen([BUSY])
    assert "render #4711, attempt 2, 3 of 10" in seen([replace(BUSY, attempt=2)])


def test_a_slot_that_waits_to_start_again_says_how_long() -> None:
    vacant = replace(IDLE, pid=0, state="vacant", starts_in=12.3)
    assert "✕ vacant" in seen([vacant])
    assert "starts again in 12.3 s" in seen([vacant])


def test_what_nobody_performs_is_named() -> None:
    text = " ".join(seen([IDLE], film=1_000, mail=3).split())
    assert "jobs wait that no running supervisor performs: film (1,000), mail (3)" in text
    assert "no running supervisor" not in seen([IDLE])


def test_a_long_text_takes_no_second_line() -> None:
    long = replace(BUSY, job="job_with_a_long_name" * 5)
    text = seen([long])
    assert len(text.splitlines()) == len(seen([BUSY]).splitlines())
    assert "…" in text


def test_reasons_are_shown_whole() -> None:
    reason = "killed by SIGKILL, out of memory: 1,900 MB resident, 12.3 s into render #4711"
    ended = replace(IDLE, restarts=3, ended_ago=65.0, last_exit=reason)
    words = " ".join(seen([IDLE, ended]).split())
    assert "worker 1 3 1 min 5 s ago" in words
    assert reason in words


def test_where_there_is_no_room_those_who_wait_are_counted() -> None:
    slots = [replace(IDLE, slot=f"worker {number}") for number in range(40)] + [BUSY]
    text = seen(slots, room=10)
    assert len(text.splitlines()) < 12
    assert "render #4711" in text
    assert "40 more" in text
    assert "40 more" not in seen(slots)
