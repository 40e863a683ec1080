"""What `check` makes of what it measured."""

from __future__ import annotations

import pytest

from jobs_supervisor.checks import budget, clock, grace, keepalives
from jobs_supervisor.checks.clock import Skew
from jobs_supervisor.checks.grace import Grace
from jobs_supervisor.checks.keepalives import Keepalives
from jobs_supervisor.connections import Connections
from jobs_supervisor.finding import Level
from jobs_supervisor.supervisor import LAST_STAGE


@pytest.mark.parametrize(
    ("skew", "level", "says"),
    [
        (Skew(0.004, 0.001), Level.OK, "agree to 0.004 s"),
        (Skew(-0.9, 0.001), Level.OK, "agree"),
        (Skew(1.5, 0.6), Level.OK, "agree"),
        (Skew(-3.0, 0.2), Level.WARNING, "3.0 s behind the database's"),
        (Skew(90.0, 0.2), Level.WARNING, "1 min 30 s ahead of the database's"),
    ],
)
def test_clocks_may_differ_by_a_second_and_the_doubt(skew: Skew, level: Level, says: str) -> None:
    found = clock.judge(skew)
    assert found.level is level
    assert says in found.text


@pytest.mark.parametrize(
    ("session", "level", "says"),
    [
        (Keepalives(True, 0, 0, 0, 0.0), Level.OK, "a Unix socket"),
        (Keepalives(False, 5, 2, 3, 10.0), Level.OK, "within 11 s"),
        (Keepalives(False, 5, 2, 3, 0.0), Level.WARNING, "about 15 minutes after it sent"),
        (Keepalives(False, 5, 2, 3, 90.0), Level.WARNING, "only 90 s after it sent something if"),
        (Keepalives(False, 7200, 75, 9, 10.0), Level.WARNING, "only after 7,875 s"),
        (Keepalives(False, 0, 0, 0, 0.0), Level.WARNING, "when its system does"),
    ],
)
def test_the_server_must_notice_a_vanished_client(
    session: Keepalives, level: Level, says: str
) -> None:
    found = keepalives.judge(session)
    assert found.level is level
    assert says in found.text


@pytest.mark.parametrize(
    ("allowed", "level", "says"),
    [
        (Grace(35.0, "x"), Level.OK, "x is 35 s; a stop takes 27 s at most"),
        (Grace(27.0, "x"), Level.OK, "27 s"),
        (Grace(26.0, "x"), Level.WARNING, "but a stop takes up to 27 s (--drain 25 and 2)"),
        (Grace(10.0, "x", extended=True), Level.OK, "asks by itself"),
        (Grace(float("inf"), "x"), Level.OK, "x is inf s"),
    ],
)
def test_whoever_stops_it_must_wait_for_the_drain(allowed: Grace, level: Level, says: str) -> None:
    assert LAST_STAGE == 2
    (found,) = grace.judge(25.0, [allowed])
    assert found.level is level
    assert says in found.text


def test_jobs_longer_than_the_drain_are_named() -> None:
    found = grace.judge_jobs(25.0, [("a", 10.0), ("b", 600.0), ("c", 60.0)])
    assert "b (expire_in 600 s) and 1 more job may run for longer than --drain 25 s" in found.text
    assert "within --drain 25 s" in grace.judge_jobs(25.0, [("a", 10.0)]).text


@pytest.mark.parametrize(
    ("workers", "direct", "level"),
    [(7, True, Level.OK), (8, True, Level.WARNING), (800, False, Level.OK)],
)
def test_a_pool_needs_room_at_the_server(workers: int, direct: bool, level: Level) -> None:
    assert budget.judge(workers, Connections(97, 87, 0, True), direct=direct).level is level


def test_what_systemd_says_of_a_unit() -> None:
    unit = "jobs-supervisor.service"
    assert grace.unit_of(f"0::/system.slice/{unit}\n") == (unit, False)
    assert grace.unit_of(f"1:cpu:/system.slice/{unit}\n0::/system.slice/{unit}\n") == (unit, False)
    own = f"/user.slice/user-1000.slice/user@1000.service/app.slice/{unit}"
    assert grace.unit_of(f"0::{own}\n") == (unit, True)
    assert grace.unit_of("0::/user.slice/user-0.slice/session-1.scope\n") == ("", False)
    found = grace.read_properties("a.service", "TimeoutStopUSec=1min 30s\nType=notify-reload\n")
    assert found == Grace(90.0, "TimeoutStopSec of a.service", extended=True)
    endless = grace.read_properties("a.service", "Type=exec\nTimeoutStopUSec=infinity\n")
    assert endless == Grace(float("inf"), "TimeoutStopSec of a.service")
    assert grace.read_properties("a.service", "") is None
    unknown = "LoadState=not-found\nTimeoutStopUSec=1min 30s\nType=simple\n"
    assert grace.read_properties("a.service", unknown) is None
