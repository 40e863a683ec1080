"""What a pg-boss does with its jobs if it is not told: lengths of time, in seconds."""

from __future__ import annotations

KEEP_FOR = 14 * 86400.0
"""From the moment that a job could first be performed until it is given up."""

ARCHIVE_AFTER = 12 * 3600.0
"""From the end of a job until it is archived, and its time slot is seen no more."""

DELETE_AFTER = 7 * 86400.0
"""From there until it is deleted."""
