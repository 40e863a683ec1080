"""From when on the doctor calls something wrong."""

from __future__ import annotations

LONG_WAIT = 300.0
"""Seconds that a job which could run may wait; as the alert JobsWaitTooLong."""

OVERDUE = 15.0
"""Seconds after its time that a delayed job may not be ready."""

LEADERLESS = 2.5
"""Seconds without a leader; a change of leaders takes 1.2."""

OPEN_FOR = 900.0
"""Seconds that a transaction may hold back vacuum; as the alert JobsVacuumHeldBack."""

HELD_BACK = 1_000_000
"""Transactions for which a replication slot may hold back vacuum."""

LOG_KEPT = 1 << 30
"""Bytes of the log that may be kept for a replication slot which nobody reads."""

IDLE_FOR = 60.0
"""Seconds that a session may leave a transaction open and do nothing."""

DEAD_ROWS, UNVACUUMED = 100_000, 900.0
"""So many dead rows in a table that has not been vacuumed for so many seconds."""

DAYS_AHEAD = 2
"""Days for which the history must have partitions; as the alert JobsHistoryUnprepared."""

HEADROOM = 0.1
"""The share of the server's connections that must be free."""

QUARANTINED_WITHIN = 86_400.0
"""Seconds for which a quarantined job is news."""

STATEMENT = 5.0
"""Seconds that one statement of the doctor may take."""
