"""The text of SQL arrays: psycopg takes ten times as long for a list."""

from __future__ import annotations

from collections.abc import Iterable


def numbers(items: Iterable[float]) -> str:
    """An array of numbers."""
    return f"{{{','.join(map(str, items))}}}"


def texts(items: Iterable[str | None]) -> str:
    """An array of texts, or of what is written as such."""
    return f"{{{','.join(map(_element, items))}}}"


def _element(text: str | None) -> str:
    if text is None:
        return "NULL"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
