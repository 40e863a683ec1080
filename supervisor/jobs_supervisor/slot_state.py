"""What the process in a slot can be doing."""

from __future__ import annotations

import enum


class SlotState(enum.IntEnum):
    """What the process in a slot is doing."""

    VACANT = 0
    BOOTING = 1
    CONNECTING = 2
    IDLE = 3
    BUSY = 4
    DRAINING = 5
