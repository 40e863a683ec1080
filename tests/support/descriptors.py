"""What a process has open."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def opened(pid: int) -> dict[int, str]:
    """Descriptors of a process, by what the kernel calls them.

    Newer versions of libffi, which is beneath ctypes, keep their own file open.
    """
    found: dict[int, str] = {}
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            found[int(path.name)] = str(path.readlink())
    return {number: name for number, name in found.items() if "/libffi." not in name}
