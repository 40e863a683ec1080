"""How many connections the server takes, and has."""

from __future__ import annotations

from typing import NamedTuple

from jobs_runtime.executors.operation import Operation, load_sql


class Connections(NamedTuple):
    """What the server takes from ordinary roles, what it has, and what of it is ours.

    Attributes:
        sees_all: whether this role sees what the sessions of others do.
    """

    limit: int
    taken: int
    ours: int
    sees_all: bool


def connections() -> Operation[Connections]:
    """As the server has it at this moment."""
    statement = load_sql(__package__ or "", "connections")
    return Operation(statement, {}, lambda rows: Connections(*rows[0]))
