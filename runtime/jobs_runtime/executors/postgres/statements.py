"""The statements of this folder, each in the .sql file of its name."""

from __future__ import annotations

from functools import cache
from importlib import resources

from jobs_runtime.executors.operation import load_sql


@cache
def statement(name: str) -> bytes:
    """The text of the statement `name`."""
    return load_sql(__package__ or "", name)


def names() -> list[str]:
    """Every statement there is."""
    files = resources.files(__package__ or "").iterdir()
    return sorted(file.name.removesuffix(".sql") for file in files if file.name.endswith(".sql"))


def preload() -> None:
    """Read them all, so that processes forked from this one share them."""
    for name in names():
        statement(name)
