from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jobs_supervisor.rolling import Member, Open, Retire, next_step, spare_slots


def pool(count: int, stale: int = 0) -> list[Member]:
    """So many ready processes, of which the first are stale, and the spare slots."""
    members = [
        Member(index, vacant=False, wanted=True, ready=True, stale=index < stale)
        for index in range(count)
    ]
    spare = range(count, count + spare_slots(count))
    return [*members, *(Member(index, True, False, False, False) for index in spare)]


def test_a_pool_as_it_should_be_is_left_alone() -> None:
    assert next_step(pool(4), 4) is None


def test_the_replacement_comes_first() -> None:
    members = pool(4, stale=1)
    assert next_step(members, 4) == Open(4)
    members[4] = Member(4, vacant=False, wanted=True, ready=False, stale=False)
    assert next_step(members, 4) is None
    members[4] = Member(4, vacant=False, wanted=True, ready=True, stale=False)
    assert next_step(members, 4) == Retire(0)


def test_one_that_is_not_ready_goes_before_one_that_works() -> None:
    members = [*pool(2, stale=2), Member(9, vacant=False, wanted=True, ready=True, stale=False)]
    members[1] = Member(1, vacant=False, wanted=True, ready=False, stale=True)
    assert next_step(members, 2) == Retire(1)


def test_growing_and_shrinking() -> None:
    assert next_step(pool(2), 3) == Open(2)
    assert next_step(pool(3), 2) == Retire(2)


@given(st.integers(1, 40), st.data())
def test_a_renewal_ends_and_never_thins_the_pool(count: int, data: st.DataObject) -> None:
    members = {member.index: member for member in pool(count, stale=count)}
    at_once = max(1, count // 10)
    for _ in range(20 * count + 20):
        step = next_step(list(members.values()), count)
        booting = [each for each in members.values() if each.wanted and not each.ready]
        leaving = [each for each in members.values() if not each.wanted and not each.vacant]
        if isinstance(step, Open):
            members[step.index] = Member(step.index, False, True, ready=False, stale=False)
        elif isinstance(step, Retire):
            old = members[step.index]
            members[step.index] = Member(old.index, False, False, old.ready, old.stale)
        elif booting or leaving:
            picked = data.draw(st.sampled_from(booting + leaving))
            ends = not picked.wanted
            members[picked.index] = (
                Member(picked.index, True, False, ready=False, stale=False)
                if ends
                else Member(picked.index, False, True, ready=True, stale=False)
            )
        else:
            break
        wanted = [member for member in members.values() if member.wanted]
        assert sum(member.ready for member in wanted) >= count
        assert len(wanted) <= count + at_once
    fresh = [each for each in members.values() if each.wanted]
    assert len(fresh) == count
    assert not any(each.stale for each in fresh)
