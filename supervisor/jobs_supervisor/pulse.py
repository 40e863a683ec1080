"""When the database last heard of this supervisor: its scheduler says so, its workers go by it."""

from __future__ import annotations

from jobs_supervisor.shared import SharedMemory

SILENT_AFTER = 15.0
"""Seconds without a heartbeat after which workers claim nothing more.

Less than the 20 s after which others take a silent supervisor for dead and perform its jobs.
"""

WORD = 0
"""Where it is kept: the slot map leaves the words before its first slot alone."""


class Pulse:
    """The last heartbeat that reached the database, in seconds of the monotonic clock.

    Args:
        memory: that of the slot map.
    """

    def __init__(self, memory: SharedMemory) -> None:
        self._doubles = memory.doubles

    def beat(self, sent_at: float) -> None:
        """Say that a heartbeat sent at that moment has arrived."""
        self._doubles[WORD] = sent_at

    def is_silent(self, now: float, since: float, after: float = SILENT_AFTER) -> bool:
        """Whether no heartbeat has arrived for so long that others may soon think this host dead.

        Args:
            now: the present.
            since: the beginning of whoever asks; it waits so long for a first heartbeat.
            after: how long, in seconds.
        """
        return now - max(self._doubles[WORD], since) > after
