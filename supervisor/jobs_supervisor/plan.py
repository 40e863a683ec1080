"""What a supervisor is to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jobs_supervisor.policy import Limits
from jobs_supervisor.slots import Slot

Main = Callable[[Slot], int]
"""What a child does: it is given its slot and returns an exit code."""

Hangs = Callable[[Slot], bool]


@dataclass(frozen=True, slots=True)
class Role:
    """A kind of child.

    Attributes:
        name: such as "worker".
        main: what each of them does.
        hangs: whether its work shows that one has come to a halt; asked at every turn of the loop.
    """

    name: str
    main: Main
    hangs: Hangs = lambda _slot: False


@dataclass(frozen=True, slots=True)
class Plan:
    """What a supervisor is to do.

    Attributes:
        roles: what to fork. Children of the first role are stopped first, then the others.
        target: how many children of the first role there are to be.
        generation: children of an earlier one are replaced.
        limits: time limits that hold for every child.
        drain: seconds that children of the first role have to finish when told to stop.
    """

    roles: Sequence[Role]
    target: int
    generation: int
    limits: Limits
    drain: float
