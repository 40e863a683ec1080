"""The slot map: what every child is doing, in shared memory, one slot a child.

A slot is written by the process in it, except for what the supervisor knows of it, and for the
cancel flag, which anybody may raise. Every field is one aligned machine word, so that a reader sees
a whole value; nobody holds a lock.
"""

from __future__ import annotations

import time
from math import inf

from jobs_supervisor.shared import SharedMemory
from jobs_supervisor.slot_layout import (
    ENDINGS_AT,
    EXIT_BYTES,
    KEPT,
    NAME_BYTES,
    PROGRESS_BYTES,
    SLOT_BYTES,
    SLOT_WORDS,
    TEXT_OFFSET,
    Field,
)
from jobs_supervisor.slot_state import SlotState
from jobs_supervisor.slot_text import SlotText, uuid_of, words_of

STATES = tuple(SlotState)
IDLE, BUSY = int(SlotState.IDLE), int(SlotState.BUSY)


class Slot:
    """One place in the pool, kept when the process in it is replaced.

    Times are seconds of the monotonic clock, which all processes of a host share.

    Attributes:
        index: its number in the map.
        role: what kind of child lives here, such as "worker".
        number: which of its role, from 1.
    """

    def __init__(self, memory: SharedMemory, index: int, role: str, number: int) -> None:
        self.index = index
        self.role = role
        self.number = number
        self._integers = memory.integers
        self._doubles = memory.doubles
        self._base = (index + 1) * SLOT_WORDS
        name_at = (index + 1) * SLOT_BYTES + TEXT_OFFSET
        exit_at = name_at + NAME_BYTES
        self._name = SlotText(memory.bytes, name_at, NAME_BYTES)
        self._exit = SlotText(memory.bytes, exit_at, EXIT_BYTES)
        self._progress = SlotText(memory.bytes, exit_at + EXIT_BYTES, PROGRESS_BYTES)
        # Looked up once: in Python 3.11 a member of an enumeration takes 120 ns, for every job.
        self._pid_at = self._base + Field.PID
        self._wanted_at = self._base + Field.WANTED
        self._state_at = self._base + Field.STATE
        self._job_id_at = self._base + Field.JOB_ID
        self._attempt_at = self._base + Field.ATTEMPT
        self._started_at = self._base + Field.STARTED
        self._deadline_at = self._base + Field.DEADLINE
        self._cancel_at = self._base + Field.CANCEL

    @property
    def title(self) -> str:
        """How the slot is called in logs and process titles."""
        return f"{self.role} {self.number}" if self.role == "worker" else self.role

    def _get(self, field: Field) -> int:
        return self._integers[self._base + field]

    def _time(self, field: Field) -> float:
        return self._doubles[self._base + field]

    @property
    def pid(self) -> int:
        """The process that lives here; 0 for none."""
        return self._get(Field.PID)

    @property
    def state(self) -> SlotState:
        """What that process is doing."""
        return STATES[self._integers[self._state_at]]

    @property
    def since(self) -> float:
        """When it began to do that."""
        return self._time(Field.SINCE)

    @property
    def incarnation(self) -> int:
        """Its incarnation; 0 until it is registered."""
        return self._get(Field.INCARNATION)

    @property
    def job_id(self) -> int:
        """The job it performs; 0 for none, negative for a lease of one of pg-boss."""
        return self._get(Field.JOB_ID)

    @property
    def known_as(self) -> str:
        """What the application calls that job; empty for none."""
        job_id = self.job_id
        if job_id >= 0:
            return str(job_id) if job_id else ""
        return uuid_of(self._get(Field.SUBMITTED_HIGH), self._get(Field.SUBMITTED_LOW))

    @property
    def attempt(self) -> int:
        """The number of the attempt it performs."""
        return self._get(Field.ATTEMPT)

    @property
    def started(self) -> float:
        """When that attempt began."""
        return self._time(Field.STARTED)

    @property
    def deadline(self) -> float:
        """When that attempt's time is up; of a process that waits, when it is to look again."""
        return self._time(Field.DEADLINE)

    @property
    def cancelled(self) -> bool:
        """Whether the job it performs is to stop."""
        cancel = self._integers[self._cancel_at]
        return cancel != 0 and cancel == self._integers[self._job_id_at]

    @property
    def cancelled_at(self) -> float:
        """When the cancel flag was raised."""
        return self._time(Field.CANCEL_AT)

    @property
    def done(self) -> int:
        """Attempts ended by the process that lives here."""
        return self._get(Field.DONE)

    @property
    def spawned(self) -> float:
        """When that process was forked."""
        return self._time(Field.SPAWNED)

    @property
    def restarts(self) -> int:
        """How often a process in this slot was replaced."""
        return self._get(Field.RESTARTS)

    def endings(self, kind: int) -> int:
        """How often a process in this slot ended in one way."""
        return self._integers[self._base + ENDINGS_AT + kind]

    @property
    def not_before(self) -> float:
        """When a vacant slot may be filled again; 0 for at once."""
        return self._time(Field.NOT_BEFORE)

    @property
    def ended_at(self) -> float:
        """When the process before this one ended."""
        return self._time(Field.ENDED_AT)

    @property
    def replace(self) -> bool:
        """Whether the process is to be replaced after its current job."""
        return bool(self._get(Field.REPLACE))

    @property
    def wanted(self) -> bool:
        """Whether the slot belongs to the pool at present: it has a process, or is to have one."""
        return bool(self._integers[self._wanted_at])

    @wanted.setter
    def wanted(self, wanted: bool) -> None:
        self._integers[self._base + Field.WANTED] = wanted

    @property
    def in_use(self) -> bool:
        """Whether there is anything to tell of it."""
        return bool(self._integers[self._pid_at] or self._integers[self._wanted_at])

    @property
    def idle(self) -> bool:
        """Whether its process waits for work."""
        return self._integers[self._state_at] == IDLE

    @property
    def generation(self) -> int:
        """Which loading of the application its process works with, counted by reloads."""
        return self._get(Field.GENERATION)

    @property
    def job_name(self) -> str:
        """The name of the job it performs, or performed last."""
        return self._name.read()

    @property
    def job(self) -> str:
        """The job it performs, such as `render_invoice #4711`; empty for none."""
        return f"{self.job_name} #{self.known_as}" if self.job_id else ""

    @property
    def progress(self) -> str:
        """How far that job says it has come; empty if it says nothing."""
        return self._progress.read()

    @property
    def last_exit(self) -> str:
        """Why the process before this one ended; empty for the first."""
        return self._exit.read()

    def enter(self, state: SlotState) -> None:
        """Say what the process does from now on, other than performing a job."""
        if state != IDLE or not self.idle:  # a worker that waits looks for work now and then
            self._doubles[self._base + Field.SINCE] = time.monotonic()
        self._doubles[self._deadline_at] = inf
        self._integers[self._base + Field.JOB_ID] = 0
        self._integers[self._base + Field.STATE] = state

    def wait(self, until: float = inf) -> None:
        """Say until when the process sleeps; without a moment, that it is awake again."""
        self._doubles[self._deadline_at] = until

    def name_job(self, uuid: str) -> None:
        """Say what the application calls the job of pg-boss that is about to begin."""
        at = self._base + Field.SUBMITTED_HIGH
        self._integers[at], self._integers[at + 1] = words_of(uuid)

    def begin(self, job_id: int, name: str, attempt: int, now: float, deadline: float) -> None:
        """Say that an attempt begins."""
        integers, doubles = self._integers, self._doubles
        if name != self._name.written:
            self._name.write(name)
        if self._progress.written:
            self.show_progress("")
        doubles[self._started_at] = now
        doubles[self._deadline_at] = deadline
        integers[self._attempt_at] = attempt
        integers[self._job_id_at] = job_id
        if integers[self._state_at] != BUSY:
            integers[self._state_at] = BUSY
            doubles[self._base + Field.SINCE] = now

    def show_progress(self, text: str) -> None:
        """Say how far the job has come."""
        self._progress.write(text)

    def ended(self, count: int) -> None:
        """Count attempts that ended, and with them a cancel: the same job may come again."""
        self._integers[self._job_id_at] = self._integers[self._cancel_at] = 0
        self._integers[self._base + Field.DONE] += count

    def begin_incarnation(self, incarnation: int) -> None:
        """Say under which incarnation the process claims."""
        self._integers[self._base + Field.INCARNATION] = incarnation

    def cancel(self, job_id: int) -> None:
        """Ask the process to stop a job; no effect if it performs another by then."""
        self._doubles[self._base + Field.CANCEL_AT] = time.monotonic()
        self._integers[self._base + Field.CANCEL] = job_id

    def ask_replacement(self) -> None:
        """Ask the supervisor to replace the process after its current job."""
        self._integers[self._base + Field.REPLACE] = 1

    def prepare(self, now: float, generation: int = 0) -> None:
        """Make the slot ready for a process that is about to be forked."""
        self._clear()
        self._integers[self._base + Field.GENERATION] = generation
        self._integers[self._base + Field.STATE] = SlotState.BOOTING
        self._doubles[self._base + Field.SINCE] = self._doubles[self._base + Field.SPAWNED] = now

    def occupy(self, pid: int) -> None:
        """Record the process that was forked."""
        self._integers[self._base + Field.PID] = pid

    def vacate(self, reason: str, kind: int = 0, not_before: float = 0.0) -> None:
        """Record that the process has ended, in which way, and when the next may be forked."""
        self._clear()
        self._integers[self._base + Field.RESTARTS] += 1
        self._integers[self._base + ENDINGS_AT + kind] += 1
        self._doubles[self._base + Field.NOT_BEFORE] = not_before
        now = time.monotonic()
        self._doubles[self._base + Field.ENDED_AT] = self._doubles[self._base + Field.SINCE] = now
        self._exit.write(reason)

    def _clear(self) -> None:
        for field in Field:
            if field not in KEPT:
                self._integers[self._base + field] = 0
        self._name.written = ""
        self.show_progress("")
