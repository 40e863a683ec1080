"""Memory of processes, and kills for want of it, as the kernel tells them."""

from __future__ import annotations

from pathlib import Path

PAGE = 4096


def resident_bytes(pid: int) -> int:
    """Resident memory of a process; 0 if it is gone, or where there is no /proc."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text().split()[1] if pid else "0"
    except OSError:
        return 0
    return int(pages) * PAGE


class OomWatch:
    """Compares the count of out-of-memory kills in this process's cgroup with the last one."""

    def __init__(self, events: Path | None = None) -> None:
        self._events = events or _events_file()
        self._last = self._read()

    def happened(self) -> bool | None:
        """Whether one was counted since the last call; None where nobody counts."""
        count = self._read()
        if count is None or self._last is None:
            return None
        self._last, before = count, self._last
        return count > before

    def _read(self) -> int | None:
        try:
            lines = self._events.read_text().splitlines() if self._events else []
        except OSError:
            return None
        counts = dict(line.split() for line in lines)
        return int(counts["oom_kill"]) if "oom_kill" in counts else None


def _events_file() -> Path | None:
    """`memory.events` of cgroups version 2, `memory.oom_control` of version 1."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "memory":
            return Path("/sys/fs/cgroup/memory" + path) / "memory.oom_control"
        if not controllers and (events := Path("/sys/fs/cgroup" + path) / "memory.events").exists():
            return events
    return None
