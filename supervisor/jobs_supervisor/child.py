"""One child process: how it is forked, and what is remembered of it while it lives."""

from __future__ import annotations

import gc
import logging
import os
import random
import resource
import signal
import threading
from dataclasses import dataclass, field

from jobs_supervisor import policy, signals
from jobs_supervisor.ending import Ending, describe_exit, ending
from jobs_supervisor.forked import end_group, live
from jobs_supervisor.obituary import VERDICTS, Obituary, Verdict
from jobs_supervisor.plan import Role
from jobs_supervisor.policy import Reason, SlotView
from jobs_supervisor.rolling import Member
from jobs_supervisor.slot_state import SlotState
from jobs_supervisor.slots import Slot

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Child:
    """A slot and what the supervisor remembers of the process in it."""

    slot: Slot
    role: Role
    pid: int = 0
    not_before: float = 0.0
    early_deaths: int = 0
    asked_to_stop: float | None = None
    stop_by: float = field(default=float("inf"))
    stop_reason: Reason = Reason.DRAINED
    killed: Reason | None = None

    @property
    def wanted(self) -> bool:
        """Whether the slot should have a process."""
        return self.slot.wanted

    @wanted.setter
    def wanted(self, wanted: bool) -> None:
        self.slot.wanted = wanted

    @property
    def at_rest(self) -> bool:
        """Whether there is nothing to decide: a process that waits for work, and may."""
        slot = self.slot
        rests = self.pid != 0 and slot.idle and slot.wanted and self.asked_to_stop is None
        return rests and not self.role.hangs(slot)

    @property
    def in_the_middle(self) -> bool:
        """Whether the process performs a job, or has yet to store what it performed."""
        slot = self.slot
        return slot.job_id != 0 or (slot.incarnation != 0 and slot.state is not SlotState.IDLE)

    def view(self) -> SlotView:
        """What is known of the slot at this moment."""
        slot = self.slot
        state = slot.state if self.pid else SlotState.VACANT
        return SlotView(
            state=state,
            since=slot.since,
            busy=slot.job_id != 0,
            deadline=slot.deadline,
            cancelled=slot.cancelled,
            cancelled_at=slot.cancelled_at,
            wanted=self.wanted,
            hangs=self.role.hangs(slot),
            not_before=self.not_before,
            asked_to_stop=self.asked_to_stop,
            stop_by=self.stop_by,
            stop_reason=self.stop_reason,
            killed=self.killed is not None,
        )

    def member(self, generation: int) -> Member:
        """What the renewal of the pool goes by.

        Args:
            generation: the loading of the application that processes should work with.
        """
        slot, lives = self.slot, self.pid != 0
        return Member(
            index=slot.index,
            vacant=not lives,
            wanted=self.wanted,
            ready=lives and slot.state >= SlotState.IDLE,
            stale=lives and (slot.replace or slot.generation != generation),
        )

    def spawn(self, now: float, generation: int) -> None:
        """Fork a process that runs `main` in the slot.

        Raises:
            OSError: the system has no room for another process.
            AssertionError: this process has a second thread, which a fork would leave half alive.
        """
        assert threading.active_count() == 1, f"fork beside threads: {threading.enumerate()}"
        self.asked_to_stop, self.stop_by, self.killed = None, float("inf"), None
        self.slot.prepare(now, generation)
        gc.freeze()
        parent, handled = os.getpid(), signals.handled()
        # What comes for the child before it has left the parent must not reach the parent's pipe.
        masked = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            self.pid = os.fork()
            if self.pid == 0:
                live(self.slot, self.role.main, parent, handled)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, masked)
        self.slot.occupy(self.pid)

    def failed_to_spawn(self, now: float) -> None:
        """Wait a second at least before the next try: the system is short of something."""
        self.early_deaths += 1
        self.not_before = now + max(1.0, policy.backoff(self.early_deaths, random.random()))  # noqa: S311

    def end(
        self, status: int, usage: resource.struct_rusage, out_of_memory: bool | None, now: float
    ) -> Obituary:
        """Take in that the process has ended; the slot is vacant then.

        Args:
            status: as `wait4` gives it.
            usage: likewise.
            out_of_memory: whether the kernel counted such a kill; None if nobody counts.
            now: monotonic seconds.
        """
        slot, killed = self.slot, self.killed
        seconds = now - slot.started if slot.job_id else 0.0
        resident = usage.ru_maxrss * 1024
        reason = describe_exit(status, killed, slot.job, seconds, resident, out_of_memory)
        expected = status == 0 and self.asked_to_stop is not None and not slot.job_id
        if not expected:
            logger.warning("%s (pid %d) %s", slot.title, self.pid, reason)
            end_group(self.pid)
        obituary = Obituary(
            slot=slot.index,
            incarnation=slot.incarnation,
            job_id=slot.job_id,
            seconds=seconds,
            verdict=VERDICTS.get(killed, Verdict.DIED) if killed else Verdict.DIED,
            reason=reason,
        )
        # Outside of any job, by itself or in its boot: what it performed may come again at once.
        by_itself = os.WIFEXITED(status) and status != 0 and not slot.job_id
        failed = by_itself or killed is Reason.BOOT
        proven = slot.done > 0 or now - slot.spawned >= policy.EARLY or killed is not None
        self.early_deaths = 0 if (proven and not failed) or expected else self.early_deaths + 1
        self.not_before = now + policy.backoff(self.early_deaths, random.random())  # noqa: S311
        if self.not_before > now and self.wanted:
            logger.warning("%s starts again in %.1f s", slot.title, self.not_before - now)
        self.pid = 0
        kind = ending(
            status,
            killed,
            expected=expected,
            recycled=slot.replace,
            out_of_memory=out_of_memory,
        )
        slot.vacate(reason, list(Ending).index(kind), self.not_before)
        return obituary

    def ask_to_stop(self, now: float, grace: float) -> None:
        """Have the process end after its job, within so many seconds."""
        self.asked_to_stop = now
        self.stop_by = now + grace
        self.send(signal.SIGTERM)

    def kill(self, reason: Reason) -> None:
        """End the process at once."""
        self.killed = reason
        self.send(signal.SIGKILL)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process, if it is still there."""
        if self.pid:
            os.kill(self.pid, number)
