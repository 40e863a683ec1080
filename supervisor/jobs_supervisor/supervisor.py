"""The loop: fork, reap, replace, drain. Knows no worker, no SQL, no thread, no application."""

from __future__ import annotations

import logging
import os
import resource
import signal
import time
from collections import deque
from collections.abc import Callable

from jobs_supervisor import policy, rolling
from jobs_supervisor.child import Child
from jobs_supervisor.family import Family
from jobs_supervisor.notify import Notifier
from jobs_supervisor.obituary import Obituary, Verdict
from jobs_supervisor.oom import OomWatch
from jobs_supervisor.plan import Plan
from jobs_supervisor.policy import AskToStop, Kill, RaiseCancel, Reason, Spawn, Wait
from jobs_supervisor.reload import Trial
from jobs_supervisor.signals import HEEDED, SignalInbox
from jobs_supervisor.slotmap import SlotMap
from jobs_supervisor.standstill import Wakefulness

logger = logging.getLogger(__name__)

CLEAN, NOT_STARTED, CUT_SHORT, RELOAD = 0, 1, 3, -1
"""What `run` gives: jobs finished or given back; no child got ready; running jobs were cut short;
the new code can be loaded."""

LAST_STAGE = 2.0
"""Seconds that the children other than the first role's have to stop."""

PATIENCE = 300.0
"""Seconds without one child of the first role past booting: a start is given up then, and the
watchdog of a running service is no longer fed."""


class Supervisor:
    """Keeps the pool as it should be until it is told to stop.

    Args:
        slots: the shared map; children that already live in it are taken over.
        plan: what to do.
        trial: tries the new code on SIGHUP.
        notifier: tells systemd.
        on_death: told of every child of the first role that died.
        on_ready: called whenever every child of the first role has become ready and up to date.
    """

    def __init__(
        self,
        slots: SlotMap,
        plan: Plan,
        trial: Trial,
        notifier: Notifier,
        on_death: Callable[[Obituary], None],
        on_ready: Callable[[], None],
    ) -> None:
        self.family = Family(slots, plan)
        self.plan = plan
        self.target = plan.target
        self.trial = trial
        self.notifier = notifier
        self.on_death = on_death
        self.on_ready = on_ready
        self.stopping = False
        self.ready = False
        self.served_at = 0.0
        self.wakefulness = Wakefulness(time.monotonic())
        self.exit_code: int | None = None
        self.to_try_again = False
        self.to_dump: deque[Child] = deque()
        self.oom = OomWatch()
        self.signals = SignalInbox(HEEDED)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        for child in self.family.others:
            child.wanted = True
            if child.pid:
                child.ask_to_stop(time.monotonic(), LAST_STAGE)

    def run(self) -> int:
        """Supervise until stopped and every child has ended, or new code is to be run."""
        self.served_at = time.monotonic()
        while True:
            self.wakefulness.turn(time.monotonic())
            for number in self.signals.received():
                self._heed(number)
            self._reap()
            if self.exit_code == RELOAD:
                return RELOAD
            if self.stopping and self._all_ended():
                return self.exit_code or CLEAN
            awaited = self._renew() or self._dump_next()
            until = min(self._act(child) for child in self.family.present)
            now = time.monotonic()
            self._watch_readiness(now)
            self.trial.limit(now)
            self._tell(now)
            sleep = policy.longest_sleep(awaited=awaited, resting=until == float("inf"))
            self.signals.wait(min(until, now + sleep, self.notifier.next_at()) - now)

    def forgo(self) -> None:
        """In a child: close what only a supervisor needs."""
        self.signals.forgo()
        self.notifier.forgo()

    def _renew(self) -> bool:
        """Take the next step to the pool as it should be; gives whether it is on its way there."""
        if self.stopping or (self.ready and self.family.is_settled(self.target)):
            return False
        match rolling.next_step(self.family.members(), self.target):
            case rolling.Open(index):
                self.family.pool[index].wanted = True
            case rolling.Retire(index):
                self.family.pool[index].wanted = False
            case None:
                pass
        return True

    def _act(self, child: Child) -> float:
        """Do what the policy says about one slot; gives when to look again."""
        if child.at_rest:
            return float("inf")
        now = time.monotonic()
        job_id = child.slot.job_id  # what is out of time must not be the one begun since
        match policy.next_action(child.view(), self.plan.limits, now):
            case Spawn():
                self._spawn(child, now)
            case RaiseCancel():
                logger.warning("%s: %s is out of time", child.slot.title, child.slot.job)
                child.slot.cancel(job_id)
            case AskToStop():
                child.ask_to_stop(now, self._grace(child))
            case Kill(reason):
                child.kill(reason)
            case Wait(until):
                return until
        return now

    def _spawn(self, child: Child, now: float) -> None:
        try:
            child.spawn(now, self.plan.generation)
        except OSError as error:
            child.failed_to_spawn(now)
            logger.error("%s cannot be forked: %s", child.slot.title, error)

    def _grace(self, child: Child) -> float:
        """Seconds that a child has to stop when it is asked to."""
        if child in self.family.others:
            return LAST_STAGE
        return self.plan.drain if self.stopping else float("inf")

    def _reap(self) -> None:
        self.oom.look(time.monotonic())
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self.trial.pid:
                self._end_trial(status)
            child = self.family.find(pid)
            if child is not None:
                self._bury(child, status, usage)

    def _bury(self, child: Child, status: int, usage: resource.struct_rusage) -> None:
        in_the_middle = child.in_the_middle
        now = time.monotonic()
        out_of_memory = child.killed is None and self.oom.explains(status, now)
        obituary = child.end(status, usage, out_of_memory, now)
        if obituary.verdict is Verdict.RELEASED and in_the_middle and self.exit_code is None:
            self.exit_code = CUT_SHORT
        if child in self.family.pool:
            self.on_death(obituary)

    def _heed(self, number: signal.Signals) -> None:
        match number:
            case signal.SIGCHLD:
                return
            case signal.SIGUSR2:
                self.to_dump.extend(self.family.living)
            case signal.SIGUSR1:
                logger.info("SIGUSR1 is ignored: logs go to stderr, there is no file to open anew")
            case signal.SIGHUP | signal.SIGTTIN | signal.SIGTTOU if self.stopping:
                logger.info("%s is ignored while stopping", number.name)
            case signal.SIGHUP:
                self._begin_trial()
            case signal.SIGTTIN | signal.SIGTTOU:
                self._resize(self.target + (1 if number is signal.SIGTTIN else -1))
            case _:
                self._begin_to_stop(number)

    def _begin_trial(self) -> None:
        self.to_try_again = bool(self.trial.pid)
        if self.to_try_again:
            return
        logger.info("reloading (SIGHUP): trying the new code")
        self.notifier.reloading()
        try:
            self.trial.begin(time.monotonic())
        except OSError as error:
            logger.error("the new code cannot be tried, the old goes on serving: %s", error)
            self.notifier.ready()

    def _end_trial(self, status: int) -> None:
        succeeded = self.trial.ended(status)
        if self.stopping:
            return
        if succeeded:
            self.exit_code = RELOAD
        else:
            logger.error("the new code cannot be loaded; the old goes on serving")
            self.notifier.ready()
            if self.to_try_again:
                self._begin_trial()

    def _resize(self, target: int) -> None:
        if not 1 <= target < len(self.family.pool):
            logger.warning("a pool of %d takes a restart with --workers", target)
            return
        self.target = target
        self.ready = False
        logger.info("%d workers from now on", target)

    def _begin_to_stop(self, number: signal.Signals) -> None:
        if number is signal.SIGQUIT:
            logger.info("stopping at once (%s)", number.name)
            self.exit_code = 128 + number
            self._stop(0.0, everyone=True)
        elif not self.stopping:
            seconds = self.plan.drain
            logger.info("stopping (%s): running jobs have %.0f s to finish", number.name, seconds)
            self.notifier.stopping()
            self._stop(seconds, everyone=False)
        else:
            logger.info("stopping now (%s): running jobs are given back", number.name)
            self._stop(0.0, everyone=False)

    def _stop(self, grace: float, *, everyone: bool) -> None:
        self.stopping = True
        stop_by = time.monotonic() + grace
        for child in self.family if everyone else self.family.pool:
            child.wanted = False
            child.stop_by = min(child.stop_by, stop_by)
            if grace == 0:
                child.asked_to_stop = child.asked_to_stop or stop_by
                child.stop_reason = Reason.STOPPED

    def _all_ended(self) -> bool:
        """Whether no child is left; the others are let go once the pool is gone."""
        if any(child.pid for child in self.family.pool):
            return False
        for child in self.family.others:
            child.wanted = False
        return not self.family.living

    def _watch_readiness(self, now: float) -> None:
        if self.family.serving:
            self.served_at = now
        if self.ready or self.stopping:
            return
        if self.family.is_ready(self.target):
            self.ready = True
            self.notifier.ready()
            self.on_ready()
        elif now - self.served_at > PATIENCE:
            role = self.plan.roles[0].name
            logger.error("no %s got ready within %.0f s; giving up", role, PATIENCE)
            self.exit_code = NOT_STARTED
            self._stop(0.0, everyone=True)

    def _tell(self, now: float) -> None:
        if not self.notifier.heard:
            return
        self.notifier.status(self.family.describe() + ", stopping" * self.stopping)
        if self.stopping or (self.family.serving and not self.ready):
            self.notifier.extend(LAST_STAGE + policy.LOOK)
        if now - self.served_at <= PATIENCE:
            self.notifier.progress(now)

    def _dump_next(self) -> bool:
        """One child at each turn, so that their stacks do not mix; gives whether there was one."""
        if not self.to_dump:
            return False
        child = self.to_dump.popleft()
        slot = child.slot
        logger.info("%s (pid %d) %s %s", slot.title, child.pid, slot.state.name, slot.job)
        child.send(signal.SIGUSR2)
        return True
