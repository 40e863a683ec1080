"""Whether a worker may claim: not while others may soon take its host for dead."""

from __future__ import annotations

import logging

from jobs_supervisor.pulse import SILENT_AFTER, Pulse

logger = logging.getLogger(__name__)


class Standing:
    """Lost while the host's heartbeats do not arrive, though the worker reaches the database.

    Args:
        pulse: the host's.
    """

    def __init__(self, pulse: Pulse) -> None:
        self._pulse = pulse
        self._since = 0.0
        self._lost = False

    def begin(self, now: float) -> None:
        """The worker is registered."""
        self._since = now

    def is_lost(self, now: float) -> bool:
        """Whether nothing may be claimed; the log is told when that begins."""
        lost = self._pulse.is_silent(now, self._since)
        if lost and not self._lost:
            logger.warning("no heartbeat has arrived for %.0f s: nothing is claimed", SILENT_AFTER)
        self._lost = lost
        return lost
