"""A text of a slot: so many bytes of shared memory, cut off where they end."""

from __future__ import annotations

from uuid import UUID


class SlotText:
    """One text, written by one process and read by any.

    Args:
        memory: what all of them see.
        offset: where it begins.
        size: its bytes, of which the last is a zero.

    Attributes:
        written: what this process wrote last.
    """

    def __init__(self, memory: memoryview, offset: int, size: int) -> None:
        self._bytes = memory[offset : offset + size]
        self._size = size
        self.written = ""

    def write(self, text: str) -> None:
        """Replace it."""
        encoded = text.encode("utf-8", "replace")[: self._size - 1]
        self._bytes[:] = encoded.ljust(self._size, b"\0")
        self.written = text

    def read(self) -> str:
        """What stands there."""
        return bytes(self._bytes).split(b"\0", 1)[0].decode("utf-8", "replace")


def words_of(uuid: str) -> tuple[int, int]:
    """A uuid as two words of a slot, which are signed."""
    whole = UUID(uuid).int
    return (whole >> 64) - (1 << 63), (whole & (1 << 64) - 1) - (1 << 63)


def uuid_of(high: int, low: int) -> str:
    """The uuid that two words are."""
    return str(UUID(int=((high + (1 << 63)) << 64) + low + (1 << 63)))
