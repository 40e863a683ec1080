"""Secrets of pydantic, for which its JSON has asterisks: who reads that has lost them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

MASK = "*" * 10
"""What pydantic writes for a secret, whatever its length."""

ASTERISK = ord("*")
"""One byte is found several times as fast as ten."""


def masked(value: object, written: object, path: str) -> str | None:
    """Where a secret is lost; None if it is nowhere.

    A secret that the model writes in a way of its own, by a serializer, is not.

    Args:
        value: what the model holds, dumped as Python.
        written: the same dumped as JSON.
        path: what the model is called.
    """
    if hasattr(value, "get_secret_value"):
        revealed = cast("Any", value).get_secret_value()
        lost = isinstance(written, str) and MASK in written and written != revealed
        return path if lost else None
    within = zip(_children(value), _named(written), strict=False)
    found = (masked(child, kept, path + name) for child, (name, kept) in within)
    return next(filter(None, found), None)


def _children(value: Any) -> Iterable[object]:
    if isinstance(value, Mapping):
        return cast("Mapping[object, object]", value).values()
    several = isinstance(value, list | tuple | set | frozenset)
    return cast("Iterable[object]", value) if several else ()


def _named(written: Any) -> Iterable[tuple[str, object]]:
    if isinstance(written, dict):
        items = cast("dict[object, object]", written).items()
        return [(f".{key}", kept) for key, kept in items]
    several = cast("list[object]", written) if isinstance(written, list) else ()
    return [(f"[{place}]", kept) for place, kept in enumerate(several)]
