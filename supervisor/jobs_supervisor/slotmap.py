"""All the slots of a supervisor, in one piece of shared memory."""

from __future__ import annotations

from collections.abc import Iterator

from jobs_supervisor.shared import SharedMemory
from jobs_supervisor.slot_layout import SLOT_BYTES, SLOT_WORDS, Field
from jobs_supervisor.slots import Slot


class SlotMap:
    """All the slots of one supervisor: its workers first, then the other children.

    There are more slots for workers than workers, so that a replacement can get ready first.

    Args:
        memory: at least `size_of(...)` bytes.
        workers: slots for workers.
        others: the roles of the other children, one slot each.
    """

    def __init__(self, memory: SharedMemory, workers: int, others: tuple[str, ...]) -> None:
        roles = [("worker", number + 1) for number in range(workers)]
        roles += [(role, 1) for role in others]
        self.slots = [
            Slot(memory, index, role, number) for index, (role, number) in enumerate(roles)
        ]
        first, ends = SLOT_WORDS, SLOT_WORDS * (workers + 1)
        self._pids = memory.integers[first + Field.PID : ends : SLOT_WORDS]
        self._job_ids = memory.integers[first + Field.JOB_ID : ends : SLOT_WORDS]
        self._started = memory.doubles[first + Field.STARTED : ends : SLOT_WORDS]

    @staticmethod
    def size_of(slots: int) -> int:
        """Bytes of shared memory that a map of so many slots needs."""
        return (slots + 1) * SLOT_BYTES

    def __iter__(self) -> Iterator[Slot]:
        return iter(self.slots)

    @property
    def in_use(self) -> list[Slot]:
        """The slots of which there is something to tell."""
        return [slot for slot in self.slots if slot.in_use]

    @property
    def workers(self) -> list[Slot]:
        """The slots of workers, in use or not."""
        return [slot for slot in self.slots if slot.role == "worker"]

    def at_hand(self, now: float, longest: float) -> tuple[int, float]:
        """How many processes work, and which share of them is not in a job for over `longest` s.

        Every claim asks, so all words of one kind are read at once.
        """
        pids, since = self._pids.tolist(), now - longest
        jobs = zip(self._job_ids.tolist(), self._started.tolist(), strict=True)
        long = sum(1 for job_id, started in jobs if job_id and started < since)
        working = len(pids) - pids.count(0)
        return working, 1 - long / working if working else 1.0

    def one(self, role: str) -> Slot:
        """The only slot of a role."""
        return next(slot for slot in self.slots if slot.role == role)
