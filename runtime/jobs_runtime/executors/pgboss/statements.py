"""The statements of this folder, each in the .sql file of its name, made to fit the tables."""

from __future__ import annotations

from functools import cache
from importlib import resources

from jobs_runtime.executors.operation import load_sql
from jobs_runtime.executors.pgboss.schema import Layout, bind

EVERY = "both"
"""Where the statements are that fit the tables of every version."""


@cache
def statement(name: str, layout: Layout) -> bytes:
    """The text of the statement `name` for these tables."""
    folder = EVERY if name in _in(EVERY) else layout.folder
    text = layout.fitted(load_sql(__package__ or "", f"{folder}/{name}"))
    return bind(text.replace(b"{channel}", layout.channel.encode()), layout.schema)


def names(layout: Layout) -> list[str]:
    """Every statement there is for these tables."""
    return sorted(_in(EVERY) | _in(layout.folder))


@cache
def _in(folder: str) -> frozenset[str]:
    files = resources.files(__package__ or "").joinpath(folder).iterdir()
    return frozenset(file.name.removesuffix(".sql") for file in files)
