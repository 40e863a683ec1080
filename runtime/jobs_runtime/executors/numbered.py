"""A statement as the server reads it: with numbered parameters instead of named ones."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

PLACEHOLDER = re.compile(rb"%(?:\((\w+)\)s|%)")


class Numbered(NamedTuple):
    """A statement with numbered parameters.

    Attributes:
        sql: the statement.
        keys: the parameters' names, in the order of their numbers.
    """

    sql: bytes
    keys: tuple[str, ...]


@lru_cache(maxsize=128)
def numbered(sql: bytes) -> Numbered:
    """Number the placeholders of a statement as psycopg reads them."""
    keys: list[bytes] = []

    def number(match: re.Match[bytes]) -> bytes:
        key = match[1]
        if key is None:
            return b"%"
        if key not in keys:
            keys.append(key)
        return b"$%d" % (keys.index(key) + 1)

    text = PLACEHOLDER.sub(number, sql)
    return Numbered(text, tuple(key.decode() for key in keys))


@lru_cache(maxsize=512)
def prepared_name(sql: bytes, types: tuple[int, ...] = ()) -> bytes:
    """What a statement is called once it is prepared for parameters of such types."""
    return b"jobs_%x" % (hash((sql, types)) & 0xFFFFFFFFFFFFFFFF)
