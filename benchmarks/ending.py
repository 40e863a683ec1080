"""A measurement that is told to end stops what it started: servers, producers, workers."""

from __future__ import annotations

import signal
import sys


def end_when_told() -> None:
    """Have TERM and a terminal that goes away end this process as Ctrl-C does."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)


def _end(number: int, _frame: object) -> None:
    sys.exit(128 + number)
