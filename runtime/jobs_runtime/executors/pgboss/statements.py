"""The statements of this folder, each in the .sql file of its name, bound to a schema."""

from __future__ import annotations

from functools import cache
from importlib import resources

from jobs_runtime.executors.operation import load_sql
from jobs_runtime.executors.pgboss.schema import bind

FOLDER = "v20"
"""Where the statements for the tables of pg-boss 7.4 to 9.0 are."""


@cache
def statement(name: str, schema: str) -> bytes:
    """The text of the statement `name`, for the tables in `schema`."""
    return bind(load_sql(__package__ or "", f"{FOLDER}/{name}"), schema)


def names() -> list[str]:
    """Every statement there is."""
    files = resources.files(__package__ or "").joinpath(FOLDER).iterdir()
    return sorted(file.name.removesuffix(".sql") for file in files)


def preload(schema: str) -> None:
    """Read them all, so that processes forked from this one share them."""
    for name in names():
        statement(name, schema)
