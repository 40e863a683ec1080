"""What is wrong with the slots of this user's supervisors on this host: pure rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jobs_supervisor.exporter.exporter import UNREACHABLE_AFTER
from jobs_supervisor.finding import Finding, Level
from jobs_supervisor.rundir import RunRecord
from jobs_supervisor.status import SlotStatus, duration


def look_at_slots(record: RunRecord, slots: Sequence[SlotStatus]) -> Iterator[Finding]:
    """Whether every process of one supervisor gets to work."""
    sound = True
    for slot in slots:
        name = f"{slot.slot} of the supervisor {record.pid} ({record.app})"
        if slot.starts_in:
            sound = False
            yield Finding(
                Level.WRONG,
                f"{name} dies again and again: {slot.last_exit}; it starts again in"
                f" {duration(slot.starts_in)}",
                "the log has what it said before it died (JobsProcessesDie)",
            )
        elif slot.state == "connecting" and slot.for_seconds > UNREACHABLE_AFTER:
            sound = False
            yield Finding(
                Level.WRONG,
                f"{name} has not reached the database for {duration(slot.for_seconds)}",
                "what it holds is kept until it does (JobsDatabaseAway)",
            )
    if sound:
        workers = sum(slot.slot.startswith("worker") for slot in slots)
        yield Finding(
            Level.OK, f"all {workers} workers of the supervisor {record.pid} ({record.app}) live"
        )
