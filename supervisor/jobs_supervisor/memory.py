"""The memory of processes."""

from __future__ import annotations

import os
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")


def resident_bytes(pid: int) -> int:
    """Resident memory of a process; 0 if it is gone, or where there is no /proc."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text().split()[1] if pid else "0"
    except OSError:
        return 0
    return int(pages) * PAGE
