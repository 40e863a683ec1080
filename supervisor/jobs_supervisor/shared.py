"""Memory that a supervisor and its children share, and that others may look into."""

from __future__ import annotations

import mmap
import os
import sys
import tempfile

MEMORY = "jobs-supervisor"
"""What Linux calls the memory, where it lists the files of a process."""


class SharedMemory:
    """A fixed number of bytes, mapped by every child of the process that created it.

    On Linux it is a `memfd`: it has no name, and is gone with the last process that maps it.

    Attributes:
        descriptor: the file descriptor; children inherit it, others open it through `/proc`. One
            that was opened in this way is closed: its region stays mapped.
        size: in bytes.
    """

    def __init__(self, descriptor: int, size: int, *, writable: bool = True) -> None:
        self.descriptor = descriptor
        self.size = size
        access = mmap.ACCESS_WRITE if writable else mmap.ACCESS_READ
        self.map = mmap.mmap(descriptor, size, access=access)
        self.bytes = memoryview(self.map)
        self.integers = self.bytes.cast("q")
        self.doubles = self.bytes.cast("d")

    @classmethod
    def create(cls, size: int) -> SharedMemory:
        """Make a new region of `size` bytes, all zero, rounded up to whole pages."""
        size = -(-size // mmap.PAGESIZE) * mmap.PAGESIZE
        if sys.platform == "linux":
            descriptor = os.memfd_create(MEMORY)
        else:
            with tempfile.TemporaryFile() as file:
                descriptor = os.dup(file.fileno())
        os.ftruncate(descriptor, size)
        return cls(descriptor, size)

    @classmethod
    def open(cls, path: str) -> SharedMemory:
        """Look into the region of another process, read-only.

        Raises:
            OSError: that process is gone, or belongs to somebody else.
        """
        descriptor = os.open(path, os.O_RDONLY)
        try:
            return cls(descriptor, os.fstat(descriptor).st_size, writable=False)
        finally:
            os.close(descriptor)
