"""All the children of one supervisor: the pool, and the others that stay until the pool is gone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from jobs_supervisor.child import Child
from jobs_supervisor.plan import Plan
from jobs_supervisor.rolling import Member
from jobs_supervisor.slot_state import SlotState
from jobs_supervisor.slots import Slot


class Family:
    """Every slot with a child, a vacancy or nothing in it.

    Args:
        slots: of all roles; a process that already lives in one is taken over.
        plan: whose first role is the pool's.

    Attributes:
        pool: the children of the first role.
        others: the rest.
    """

    def __init__(self, slots: Iterable[Slot], plan: Plan) -> None:
        roles = {role.name: role for role in plan.roles}
        first = plan.roles[0].name
        children = [Child(slot, roles[slot.role], slot.pid) for slot in slots]
        self.pool = [child for child in children if child.slot.role == first]
        self.others = [child for child in children if child.slot.role != first]
        self._generation = plan.generation

    def __iter__(self) -> Iterator[Child]:
        yield from self.pool
        yield from self.others

    @property
    def present(self) -> list[Child]:
        """Those with a process, or about to have one."""
        return [child for child in self if child.slot.in_use]

    @property
    def living(self) -> list[Child]:
        """Those with a process."""
        return [child for child in self if child.pid]

    @property
    def serving(self) -> bool:
        """Whether any of the pool has got past booting."""
        return any(child.slot.state >= SlotState.CONNECTING for child in self.pool)

    def find(self, pid: int) -> Child | None:
        """The child with that process; None for a stranger's."""
        return next((child for child in self if child.pid == pid), None)

    def members(self) -> list[Member]:
        """The pool, as its renewal sees it."""
        return [child.member(self._generation) for child in self.pool]

    def is_settled(self, target: int) -> bool:
        """Whether the pool has as many as it should, and all may stay."""
        wanted = [child.slot for child in self.pool if child.slot.wanted]
        return len(wanted) == target and not any(slot.replace for slot in wanted)

    def is_ready(self, target: int) -> bool:
        """Whether the pool has as many as it should, all of them ready and up to date."""
        pool = [child.member(self._generation) for child in self.pool if child.slot.in_use]
        return len(pool) == target and all(each.ready and not each.stale for each in pool)

    def describe(self) -> str:
        """The pool in a few words, such as `8 workers, 3 busy`."""
        states = [child.slot.state for child in self.pool if child.pid]
        return f"{len(states)} workers, {states.count(SlotState.BUSY)} busy"
