"""Processes that a job forks: copies of the worker, which must not act as one.

`multiprocessing` ends its children by SIGTERM, so that must mean what it means everywhere. A job
that forks by itself may return in the copy too, or raise `SystemExit` there; a copy that went on
would perform, claim and store over the connection of the worker that it was copied from.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys

from jobs_runtime.model import JobState, Outcome

logger = logging.getLogger(__name__)


class ForkGuard:
    """Knows whether this process is a worker or a copy of one; made in the worker."""

    def __init__(self) -> None:
        self._is_copy = False
        # A SIGTERM that arrives while forking waits, and so never meets the worker's own handler.
        os.register_at_fork(
            before=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM]),
            after_in_parent=self._unblock,
            after_in_child=self._begin_copy,
        )

    def _unblock(self) -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])

    def _begin_copy(self) -> None:
        self._is_copy = True
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        self._unblock()

    def end_copy(self, outcome: Outcome) -> None:
        """In a copy, end: its part in the job is over. In a worker, do nothing."""
        if not self._is_copy:
            return
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):  # the job may have put anything in its place
                stream.flush()
        os._exit(0 if outcome.state is JobState.COMPLETED else 1)
