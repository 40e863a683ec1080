"""Rows for COPY, in its text format: a few operations on strings each, whatever their width."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

NULL = r"\N"

BLOCK = 250
"""Lines that are sent at once; while the server takes them in, the next are made."""


@dataclass(frozen=True, slots=True)
class Copy:
    """Rows to be streamed into a table by COPY.

    Attributes:
        lines: one for each row, made by `line`.
    """

    sql: bytes
    lines: Iterable[str]

    def blocks(self) -> Iterator[str]:
        """All lines, many at once."""
        lines = iter(self.lines)
        while block := "".join(islice(lines, BLOCK)):
            yield block


def line(*fields: str) -> str:
    """A row of fields made by `field`."""
    return "\t".join(fields) + "\n"


def field(value: object) -> str:
    """One column of a row; a time has its zone with it."""
    match value:
        case None:
            return NULL
        case datetime():
            return value.isoformat()
        case timedelta():
            return f"{value.total_seconds()} seconds"
        case _:
            return escaped(str(value))


def escaped(text: str) -> str:
    """Text in which nothing is taken for the end of a field."""
    text = text.replace("\\", r"\\").replace("\t", r"\t")
    return text.replace("\n", r"\n").replace("\r", r"\r")
