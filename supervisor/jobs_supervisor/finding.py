"""What was looked at, and how it is: the lines that `check` and `doctor` say."""

from __future__ import annotations

import enum
from typing import NamedTuple

from rich.console import Console
from rich.table import Table
from rich.text import Text


class Level(enum.StrEnum):
    """How serious it is."""

    OK = "ok"
    WARNING = "warning"
    """It works, and may fail at a bad moment."""
    WRONG = "wrong"


class Finding(NamedTuple):
    """One thing that was looked at.

    Attributes:
        remedy: what to do; empty for nothing.
    """

    level: Level
    text: str
    remedy: str = ""


WORDS = {Level.OK: ("ok", "green"), Level.WARNING: ("warn", "yellow"), Level.WRONG: ("FAIL", "red")}
"""A word and a style for each level."""

INDENT = 6
"""Columns before a text."""


def show(console: Console, finding: Finding) -> None:
    """Print one: folded beside its word in a terminal, one line a text elsewhere."""
    word, style = WORDS[finding.level]
    lines = [(Text(word, style), Text(finding.text))]
    if finding.remedy:
        lines.append((Text(), Text(finding.remedy, "dim")))
    if console.is_terminal:
        table = Table.grid()
        table.add_column(width=INDENT)
        table.add_column(overflow="fold")
        for line in lines:
            table.add_row(*line)
        console.print(table)
    else:
        for first, text in lines:
            first.pad_right(INDENT - len(first))
            console.print(first + text, soft_wrap=True)
