"""All the slots of a supervisor, in one piece of shared memory."""

from __future__ import annotations

from collections.abc import Iterator

from jobs_supervisor.shared import SharedMemory
from jobs_supervisor.slot_layout import SLOT_BYTES, Field
from jobs_supervisor.slots import Slot

WORDS = SLOT_BYTES // 8
"""Machine words from one slot to the next."""


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
        self._memory = memory
        self._workers = workers

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

    def share_at_hand(self, now: float, longest: float) -> float:
        """The share of the working processes that are not in a job for more than `longest` seconds.

        Every claim asks: all words of one kind are read at once, which takes 3 us for 64 workers.
        """
        integers, doubles = self._memory.integers, self._memory.doubles
        ends = WORDS * (self._workers + 1)
        pids = integers[WORDS + Field.PID : ends : WORDS].tolist()
        ids = integers[WORDS + Field.JOB_ID : ends : WORDS].tolist()
        started = doubles[WORDS + Field.STARTED : ends : WORDS].tolist()
        since = now - longest
        long = sum(1 for job_id, when in zip(ids, started, strict=True) if job_id and when < since)
        working = len(pids) - pids.count(0)
        return 1 - long / working if working else 1.0

    def one(self, role: str) -> Slot:
        """The only slot of a role."""
        return next(slot for slot in self.slots if slot.role == role)
