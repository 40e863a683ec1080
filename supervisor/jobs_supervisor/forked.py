"""What a process does right after it was forked, and how it is bound to its supervisor."""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import os
import signal
import sys
import traceback
from collections.abc import Iterable

import setproctitle

from jobs_supervisor import logs
from jobs_supervisor.leaving import forget_exit_functions, run_exit_functions
from jobs_supervisor.plan import Main
from jobs_supervisor.slots import Slot

SYSTEMD = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")
"""What systemd says to the supervisor alone; a job's library must not answer for it."""

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36

LIBC = ctypes.CDLL(None, use_errno=True)
"""Opened before any fork: it takes 200 KB, which children share."""


def live(slot: Slot, main: Main, parent: int, handled: Iterable[signal.Signals]) -> None:
    """The whole life of a child; never returns."""
    code = 1
    try:
        _leave_parent(parent, handled)
        setproctitle.setproctitle(f"jobs-supervisor: {slot.title}")
        logs.speak_for(slot)
        code = main(slot)
    except SystemExit as exit_:
        code = exit_.code if isinstance(exit_.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        run_exit_functions(code)
        # The finally blocks of the parent must not run twice.
        _flush()
        os._exit(code)


def end_group(leader: int) -> None:
    """Kill what a process that has died had started, unless that left its process group."""
    with contextlib.suppress(OSError):
        os.killpg(leader, signal.SIGKILL)


def _leave_parent(parent: int, handled: Iterable[signal.Signals]) -> None:
    forget_exit_functions()
    signal.set_wakeup_fd(-1)
    for number in handled:
        signal.signal(number, signal.SIG_DFL)
    # What a terminal sends reaches the whole group; the supervisor alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGQUIT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    if not os.isatty(0):
        # In a terminal a debugger in a job needs the foreground group, that of the supervisor.
        os.setpgid(0, 0)
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    die_with_parent(parent)
    for name in SYSTEMD:
        os.environ.pop(name, None)
    faulthandler.register(signal.SIGUSR2, all_threads=True)


def die_with_parent(parent: int) -> None:
    """Have the kernel send SIGTERM when the parent dies, and stop now if it already has."""
    if sys.platform == "linux":
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit(1)


def adopt_orphans() -> None:
    """Have processes that jobs left behind become children of this one, which reaps them."""
    if sys.platform == "linux":
        LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # a job may have put anything in its place
            stream.flush()
