"""The loop: fork, reap, replace, drain. Knows no worker, no SQL, no thread, no application."""

from __future__ import annotations

import logging
import os
import random
import resource
import signal
import time
from collections.abc import Callable, Sequence

from jobs_supervisor import policy
from jobs_supervisor.child import Child, Role
from jobs_supervisor.obituary import VERDICTS, Obituary, Verdict, describe_exit
from jobs_supervisor.policy import AskToStop, Kill, Limits, RaiseCancel, Reason, Spawn, Wait
from jobs_supervisor.signals import SignalInbox
from jobs_supervisor.slots import SlotMap, SlotState

logger = logging.getLogger(__name__)

CLEAN, NOT_STARTED, CUT_SHORT = 0, 1, 3
"""Exit codes: jobs finished or given back; no child got ready; running jobs were cut short."""

LOOK = 0.5
"""The longest sleep, in seconds: a deadline that a child wrote meanwhile is seen this late."""

LAST_STAGE = 2.0
"""Seconds that the children other than the first role's have to stop."""

PATIENCE = 300.0
"""Seconds after which the supervisor gives up if no child of the first role ever got ready."""

SIGNALS = (
    signal.SIGCHLD,
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGHUP,
    signal.SIGQUIT,
)


class Supervisor:
    """Keeps every slot filled until it is told to stop.

    Args:
        slots: the shared map, with a slot for every child of every role.
        roles: what to fork. Children of the first role are stopped first, then the others.
        limits: time limits that hold for every child.
        drain: seconds that children of the first role have to finish when told to stop.
        on_death: told of every child that died while the supervisor runs.
        on_ready: called once, when every child of the first role is ready.
    """

    def __init__(
        self,
        slots: SlotMap,
        roles: Sequence[Role],
        limits: Limits,
        drain: float,
        on_death: Callable[[Obituary], None],
        on_ready: Callable[[], None],
    ) -> None:
        mains = {role.name: role.main for role in roles}
        self.children = [Child(slot, mains[slot.role]) for slot in slots]
        self.first_role = roles[0].name
        self.limits = limits
        self.drain = drain
        self.on_death = on_death
        self.on_ready = on_ready
        self.stopping = False
        self.exit_code = CLEAN
        self.ready = False
        self.signals = SignalInbox(SIGNALS)

    def run(self) -> int:
        """Supervise until stopped and every child has ended; gives the exit code."""
        began = time.monotonic()
        while True:
            for number in self.signals.received():
                self._heed(number)
            self._reap()
            if self.stopping and self._all_ended():
                return self.exit_code
            until = min(self._act(child) for child in self.children)
            self._watch_readiness(began)
            self.signals.wait(min(until - time.monotonic(), LOOK))

    def _act(self, child: Child) -> float:
        """Do what the policy says about one slot; gives when to look again."""
        now = time.monotonic()
        match policy.next_action(child.view(), self.limits, now):
            case Spawn():
                self._spawn(child, now)
            case RaiseCancel():
                logger.warning("%s: %s is out of time", child.slot.title, _job(child))
                child.slot.cancel(child.slot.job_id)
            case AskToStop():
                child.asked_to_stop = now
                child.stop_by = now + self._grace(child)
                child.send(signal.SIGTERM)
            case Kill(reason):
                child.killed = reason
                child.send(signal.SIGKILL)
            case Wait(until):
                return until
        return now

    def _spawn(self, child: Child, now: float) -> None:
        try:
            child.spawn(now)
        except OSError as error:
            child.early_deaths += 1
            child.not_before = now + max(1.0, policy.backoff(child.early_deaths, random.random()))  # noqa: S311
            logger.error("%s cannot be forked: %s", child.slot.title, error)

    def _grace(self, child: Child) -> float:
        if not self.stopping:
            return float("inf")
        return self.drain if self._is_first(child) else LAST_STAGE

    def _reap(self) -> None:
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            child = next((child for child in self.children if child.pid == pid), None)
            if child is not None:
                self._bury(child, status, usage)

    def _bury(self, child: Child, status: int, usage: resource.struct_rusage) -> None:
        now = time.monotonic()
        slot = child.slot
        seconds = now - slot.started if slot.job_id else 0.0
        job = _job(child) if slot.job_id else ""
        reason = describe_exit(status, child.killed, job, seconds, usage.ru_maxrss * 1024)
        expected = status == 0 and child.asked_to_stop is not None and not slot.job_id
        obituary = Obituary(
            slot=slot.index,
            incarnation=slot.incarnation,
            job_id=slot.job_id,
            seconds=seconds,
            verdict=VERDICTS.get(child.killed, Verdict.DIED) if child.killed else Verdict.DIED,
            reason=reason,
        )
        if not expected:
            logger.warning("%s (pid %d) %s", slot.title, child.pid, reason)
        if obituary.verdict is Verdict.RELEASED and slot.job_id and self.exit_code == CLEAN:
            self.exit_code = CUT_SHORT
        self._count_death(child, now, expected=expected)
        child.pid = 0
        slot.vacate(reason)
        if self._is_first(child):
            self.on_death(obituary)

    def _count_death(self, child: Child, now: float, *, expected: bool) -> None:
        slot = child.slot
        proven = slot.done > 0 or now - slot.spawned >= policy.EARLY or child.killed is not None
        child.early_deaths = 0 if proven or expected else child.early_deaths + 1
        child.not_before = now + policy.backoff(child.early_deaths, random.random())  # noqa: S311
        if child.not_before > now:
            logger.warning("%s starts again in %.1f s", slot.title, child.not_before - now)

    def _heed(self, number: signal.Signals) -> None:
        if number is signal.SIGCHLD:
            return
        if number is signal.SIGQUIT:
            logger.info("stopping at once (%s)", number.name)
            self.exit_code = 128 + number
            self._stop(0.0, everyone=True)
        elif not self.stopping:
            logger.info(
                "stopping (%s): running jobs have %.0f s to finish", number.name, self.drain
            )
            self._stop(self.drain, everyone=False)
        else:
            logger.info("stopping now (%s): running jobs are given back", number.name)
            self._stop(0.0, everyone=False)

    def _stop(self, grace: float, *, everyone: bool) -> None:
        self.stopping = True
        stop_by = time.monotonic() + grace
        for child in self.children:
            if everyone or self._is_first(child):
                child.wanted = False
                child.stop_by = min(child.stop_by, stop_by)
                if grace == 0:
                    child.asked_to_stop = child.asked_to_stop or stop_by
                    child.stop_reason = Reason.STOPPED

    def _all_ended(self) -> bool:
        if any(child.pid for child in self.children if self._is_first(child)):
            return False
        for child in self.children:
            child.wanted = False
        return not any(child.pid for child in self.children)

    def _is_first(self, child: Child) -> bool:
        return child.slot.role == self.first_role

    def _watch_readiness(self, began: float) -> None:
        if self.ready or self.stopping:
            return
        states = [child.slot.state for child in self.children if self._is_first(child)]
        if all(state >= SlotState.IDLE for state in states):
            self.ready = True
            self.on_ready()
        elif time.monotonic() - began > PATIENCE and max(states) < SlotState.CONNECTING:
            logger.error("no %s got ready within %.0f s; giving up", self.first_role, PATIENCE)
            self.exit_code = NOT_STARTED
            self._stop(0.0, everyone=True)


def _job(child: Child) -> str:
    return f"{child.slot.job_name} #{child.slot.job_id}"
