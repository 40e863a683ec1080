"""Where in its slot each thing stands: aligned machine words first, then texts."""

from __future__ import annotations

import enum

SLOT_BYTES = 640
SLOT_WORDS = SLOT_BYTES // 8
NAME_BYTES = 64
EXIT_BYTES = 192
PROGRESS_BYTES = 128


class Field(enum.IntEnum):
    """The words of a slot, by position."""

    PID = 0
    STATE = 1
    SINCE = 2
    INCARNATION = 3
    JOB_ID = 4
    ATTEMPT = 5
    STARTED = 6
    DEADLINE = 7
    CANCEL = 8
    CANCEL_AT = 9
    DONE = 10
    SPAWNED = 11
    RESTARTS = 12
    REPLACE = 13
    WANTED = 14
    GENERATION = 15
    NOT_BEFORE = 16
    ENDED_AT = 17
    SUBMITTED_HIGH = 18
    SUBMITTED_LOW = 19


KEPT = (Field.RESTARTS, Field.WANTED, Field.ENDED_AT)
"""Words that outlive the process in the slot."""

ENDINGS_AT, ENDINGS = 20, 12
"""Words that count how processes ended, one a kind: the supervisor's, kept like the restarts."""

TEXT_OFFSET = 32 * 8
