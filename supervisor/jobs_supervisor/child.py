"""One child process: how it is forked, and what is remembered of it while it lives."""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import random
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field

import setproctitle

from jobs_supervisor.policy import Reason, SlotView
from jobs_supervisor.slots import Slot, SlotState

logger = logging.getLogger(__name__)

PR_SET_PDEATHSIG = 1

Main = Callable[[Slot], int]
"""What a child does: it is given its slot and returns an exit code."""


@dataclass(frozen=True, slots=True)
class Role:
    """A kind of child.

    Attributes:
        name: such as "worker".
        count: how many.
        main: what each of them does.
    """

    name: str
    count: int
    main: Main


@dataclass(slots=True)
class Child:
    """A slot and what the supervisor remembers of the process in it."""

    slot: Slot
    main: Main
    wanted: bool = True
    pid: int = 0
    not_before: float = 0.0
    early_deaths: int = 0
    asked_to_stop: float | None = None
    stop_by: float = field(default=float("inf"))
    stop_reason: Reason = Reason.DRAINED
    killed: Reason | None = None

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
            replace=slot.replace,
            wanted=self.wanted,
            not_before=self.not_before,
            asked_to_stop=self.asked_to_stop,
            stop_by=self.stop_by,
            stop_reason=self.stop_reason,
            killed=self.killed is not None,
        )

    def spawn(self, now: float) -> None:
        """Fork a process that runs `main` in the slot.

        Raises:
            OSError: the system has no room for another process.
            AssertionError: this process has a second thread, which a fork would leave half alive.
        """
        assert threading.active_count() == 1, f"fork beside threads: {threading.enumerate()}"
        self.asked_to_stop, self.stop_by, self.killed = None, float("inf"), None
        self.slot.prepare(now)
        gc.freeze()
        parent = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            _live(self.slot, self.main, parent)
        self.slot.occupy(self.pid)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process, if it is still there."""
        if self.pid:
            os.kill(self.pid, number)


def _live(slot: Slot, main: Main, parent: int) -> None:
    """The whole life of a child; never returns."""
    code = 1
    try:
        _leave_parent(parent)
        setproctitle.setproctitle(f"jobs-supervisor: {slot.title}")
        code = main(slot)
    except SystemExit as exit_:
        code = exit_.code if isinstance(exit_.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        # atexit handlers and finally blocks of the parent must not run twice.
        _flush()
        os._exit(code)


def _leave_parent(parent: int) -> None:
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals():
        if signal.getsignal(number) not in (signal.SIG_DFL, signal.SIG_IGN, None):
            signal.signal(number, signal.SIG_DFL)
    # A Ctrl-C in a terminal reaches the whole group; the supervisor alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGQUIT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    die_with_parent(parent)
    random.seed()


def die_with_parent(parent: int) -> None:
    """Have the kernel send SIGTERM when the parent dies, and stop now if it already has."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit(1)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            continue
