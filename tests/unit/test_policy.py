from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs_supervisor.policy import (
    AskToStop,
    Kill,
    Limits,
    RaiseCancel,
    Reason,
    SlotView,
    Spawn,
    Wait,
    backoff,
    longest_sleep,
    next_action,
)
from jobs_supervisor.slot_state import SlotState

LIMITS = Limits(boot=30, kill_after=5)
FOREVER = Wait(inf)

IDLE = SlotView(
    state=SlotState.IDLE,
    since=0,
    busy=False,
    deadline=0,
    cancelled=False,
    cancelled_at=0,
    wanted=True,
    hangs=False,
    not_before=0,
    asked_to_stop=None,
    stop_by=inf,
    stop_reason=Reason.DRAINED,
    killed=False,
)
VACANT = replace(IDLE, state=SlotState.VACANT)
BOOTING = replace(IDLE, state=SlotState.BOOTING, since=100)
BUSY = replace(IDLE, state=SlotState.BUSY, busy=True, since=100, deadline=160)


def at(now: float, slot: SlotView, **changes: Any) -> object:
    return next_action(replace(slot, **changes), LIMITS, now)


def test_an_idle_process_is_left_alone() -> None:
    assert at(1e9, IDLE) == FOREVER


def test_a_vacant_slot_is_filled_when_its_back_off_is_over() -> None:
    assert at(9.9, VACANT, not_before=10) == Wait(10)
    assert at(10, VACANT, not_before=10) == Spawn()


def test_a_vacant_slot_that_is_not_wanted_stays_vacant() -> None:
    assert at(10, VACANT, wanted=False) == FOREVER


@pytest.mark.parametrize("change", [{"wanted": False}])
def test_an_unwanted_process_is_asked_to_stop_once(change: dict[str, bool]) -> None:
    assert at(10, IDLE, **change) == AskToStop()
    assert at(11, IDLE, **change, asked_to_stop=10, stop_by=inf) == FOREVER
    assert at(11, IDLE, **change, asked_to_stop=10, stop_by=35) == Wait(35)


def test_a_process_that_hangs_is_killed_unless_it_is_to_stop_anyhow() -> None:
    assert at(10, IDLE, hangs=True) == Kill(Reason.HUNG)
    assert at(10, IDLE, hangs=True, killed=True) == FOREVER
    assert at(10, IDLE, hangs=True, asked_to_stop=9, stop_by=11) == Wait(11)


@pytest.mark.parametrize("reason", [Reason.DRAINED, Reason.STOPPED])
def test_a_process_that_does_not_stop_in_time_is_killed(reason: Reason) -> None:
    asked = replace(BUSY, wanted=False, asked_to_stop=10, stop_by=35, stop_reason=reason)
    assert at(34.9, asked) == Wait(35)
    assert at(35, asked) == Kill(reason)
    assert at(36, asked, killed=True) == FOREVER


def test_a_process_that_hangs_in_boot_is_killed() -> None:
    assert at(129.9, BOOTING) == Wait(130)
    assert at(130, BOOTING) == Kill(Reason.BOOT)


def test_a_process_may_wait_for_the_database_for_ever() -> None:
    assert at(1e9, BOOTING, state=SlotState.CONNECTING) == FOREVER


def test_a_job_out_of_time_is_cancelled_then_killed() -> None:
    assert at(159.9, BUSY) == Wait(160)
    assert at(160, BUSY) == RaiseCancel()
    told = replace(BUSY, cancelled=True, cancelled_at=160)
    assert at(164.9, told) == Wait(165)
    assert at(165, told) == Kill(Reason.EXPIRED)


def test_a_cancelled_job_that_does_not_stop_is_killed() -> None:
    told = replace(BUSY, cancelled=True, cancelled_at=120)
    assert at(124.9, told) == Wait(125)
    assert at(125, told) == Kill(Reason.CANCELLED)


def test_a_job_cancelled_before_its_deadline_is_not_expired_by_a_late_kill() -> None:
    assert at(200, BUSY, cancelled=True, cancelled_at=159) == Kill(Reason.CANCELLED)


def test_a_draining_job_is_still_held_to_its_time_limit() -> None:
    drained = replace(BUSY, state=SlotState.DRAINING, wanted=False, asked_to_stop=150, stop_by=175)
    assert at(155, drained) == Wait(160)
    assert at(160, drained) == RaiseCancel()
    assert at(175, drained, cancelled=True, cancelled_at=172) == Kill(Reason.DRAINED)


moments = st.floats(min_value=0, max_value=1e6)
views = st.builds(
    SlotView,
    state=st.sampled_from(SlotState),
    since=moments,
    busy=st.booleans(),
    deadline=moments,
    cancelled=st.booleans(),
    cancelled_at=moments,
    wanted=st.booleans(),
    hangs=st.booleans(),
    not_before=moments,
    asked_to_stop=st.none() | moments,
    stop_by=st.just(inf) | moments,
    stop_reason=st.sampled_from([Reason.DRAINED, Reason.STOPPED]),
    killed=st.booleans(),
)


@given(views, moments)
def test_only_a_vacant_wanted_slot_is_filled(slot: SlotView, now: float) -> None:
    if isinstance(next_action(slot, LIMITS, now), Spawn):
        assert slot.state is SlotState.VACANT
        assert slot.wanted
        assert now >= slot.not_before


@given(views, moments)
def test_only_a_living_process_is_signalled(slot: SlotView, now: float) -> None:
    if isinstance(next_action(slot, LIMITS, now), Kill | AskToStop | RaiseCancel):
        assert slot.state is not SlotState.VACANT
        assert not slot.killed


@given(views, moments)
def test_only_a_busy_process_is_cancelled_and_never_twice(slot: SlotView, now: float) -> None:
    if next_action(slot, LIMITS, now) == RaiseCancel():
        assert slot.busy
        assert not slot.cancelled


@given(views, moments)
def test_nobody_who_may_live_is_killed(slot: SlotView, now: float) -> None:
    action = next_action(slot, LIMITS, now)
    if isinstance(action, Kill):
        late = {
            Reason.HUNG: slot.hangs and slot.stop_by == inf,
            Reason.BOOT: slot.state is SlotState.BOOTING and now >= slot.since + 30,
            Reason.EXPIRED: slot.cancelled and now >= slot.deadline + 5,
            Reason.CANCELLED: slot.cancelled and now >= slot.cancelled_at + 5,
            slot.stop_reason: slot.asked_to_stop is not None and now >= slot.stop_by,
        }
        assert late[action.reason]


@given(views, moments, st.floats(min_value=0, max_value=1, exclude_max=True))
def test_a_wait_ends_exactly_when_something_is_to_be_done(
    slot: SlotView, now: float, share: float
) -> None:
    action = next_action(slot, LIMITS, now)
    if isinstance(action, Wait):
        assert action.until > now, "the loop would spin"
        if action.until == inf:
            assert next_action(slot, LIMITS, 1e9) == FOREVER
        else:
            meanwhile = now + (action.until - now) * share
            if meanwhile < action.until:
                assert next_action(slot, LIMITS, meanwhile) == action
            assert not isinstance(next_action(slot, LIMITS, action.until), Wait)


@pytest.mark.parametrize(
    ("deaths", "seconds"),
    [(0, 0), (1, 0), (2, 0.1), (3, 0.2), (4, 0.4), (9, 12.8), (10, 25.6), (11, 30), (500, 30)],
)
def test_back_off_doubles_after_the_first_early_death(deaths: int, seconds: float) -> None:
    assert backoff(deaths, jitter=0.5) == pytest.approx(seconds)


@given(st.integers(0, 10_000), st.floats(0, 1, exclude_max=True))
def test_jitter_is_a_fifth_either_way(deaths: int, jitter: float) -> None:
    middle = backoff(deaths, 0.5)
    assert 0.8 * middle <= backoff(deaths, jitter) <= 1.2 * middle
    assert backoff(deaths, jitter) <= backoff(deaths + 1, jitter) <= 36


def test_the_loop_sleeps_longest_while_nothing_happens() -> None:
    assert longest_sleep(awaited=True, resting=False) == 0.02
    assert longest_sleep(awaited=True, resting=True) == 0.02
    assert longest_sleep(awaited=False, resting=False) == 0.25
    assert longest_sleep(awaited=False, resting=True) == 1.0
