"""Schedules made, paused, run and removed at run time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from jobs_runtime import Schedule, ScheduleError
from jobs_runtime.database import Connection
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.postgres import PostgresExecutor, upkeep
from tests.integration.shop import Shop, Worker

NIGHTLY = Schedule("0 3 * * *", name="nightly", args=7)


def live(connection: Connection) -> list[str]:
    return [each.key for each in run(connection, upkeep.schedules())]


def test_a_schedule_lives_without_a_supervisor_that_declares_it(
    shop: Shop, connection: Connection
) -> None:
    stored = shop.jobs.schedule(shop.double, NIGHTLY)
    assert stored.record.key == "double/nightly"
    assert (stored.record.declared, stored.record.paused_at) == (False, None)
    assert live(connection) == ["double/nightly"]
    stored.remove()
    stored.remove()
    assert live(connection) == shop.jobs.schedules() == []


def test_the_same_name_replaces(shop: Shop) -> None:
    shop.jobs.schedule(shop.double, NIGHTLY)
    shop.jobs.schedule(shop.double, Schedule("0 4 * * *", name="nightly", args=8))
    (stored,) = shop.jobs.schedules()
    assert stored.record.cron == "0 4 * * *"


@pytest.mark.parametrize(("cron", "begins_now"), [("0 3 * * *", False), ("0 4 * * *", True)])
def test_only_other_times_begin_now(
    shop: Shop, connection: Connection, cron: str, begins_now: bool
) -> None:
    shop.jobs.schedule(shop.double, NIGHTLY)
    connection.execute("UPDATE jobs.schedule SET last_tick = now() - interval '10 days'")
    shop.jobs.schedule(shop.double, Schedule(cron, name="nightly", args=8))
    (record,) = run(connection, upkeep.schedules())
    assert (record.now - record.last_tick < timedelta(days=1)) == begins_now


def test_a_paused_one_does_not_fire_and_makes_up_for_nothing(
    shop: Shop, connection: Connection
) -> None:
    stored = shop.jobs.schedule(shop.double, NIGHTLY)
    stored.pause()
    connection.execute("UPDATE jobs.schedule SET last_tick = now() - interval '10 days'")
    assert live(connection) == []
    stored.resume()
    (record,) = run(connection, upkeep.schedules())
    assert (record.now - record.last_tick).total_seconds() < 60
    stored.resume()


def test_run_now_submits_beside_the_ticks(
    shop: Shop, connection: Connection, worker: Worker
) -> None:
    stored = shop.jobs.schedule(shop.double, NIGHTLY)
    submitted = stored.run_now()
    (claim,) = worker.claim()
    assert (str(claim.job_id), claim.args, claim.tick) == (submitted.job_id, "7", None)
    assert submitted.job is shop.double
    stored.remove()
    with pytest.raises(ScheduleError, match="was removed"):
        stored.run_now()


def test_a_singleton_is_not_run_twice(shop: Shop) -> None:
    lonely = Schedule("0 3 * * *", name="lonely", args=1, options={"singleton_key": "one"})
    stored = shop.jobs.schedule(shop.double, lonely)
    stored.run_now()
    with pytest.raises(ScheduleError, match="its singleton key is held"):
        stored.run_now()


def test_what_is_declared_in_code_is_changed_in_code(shop: Shop, connection: Connection) -> None:
    run(connection, PostgresExecutor.timetable.declare(shop.double, NIGHTLY, "here"))
    with pytest.raises(ScheduleError, match="double/nightly is declared in code"):
        shop.jobs.schedule(shop.double, NIGHTLY)
    (stored,) = shop.jobs.schedules()
    with pytest.raises(ScheduleError, match="double/nightly is declared in code"):
        stored.remove()


def test_a_schedule_made_at_run_time_has_a_name(shop: Shop) -> None:
    with pytest.raises(ScheduleError, match="needs a name"):
        shop.jobs.schedule(shop.double, Schedule("0 3 * * *", args=7))


def test_a_change_is_told_to_the_leader(shop: Shop, connection: Connection) -> None:
    connection.execute("LISTEN jobs")
    stored = shop.jobs.schedule(shop.double, NIGHTLY)
    stored.pause()
    stored.resume()
    heard = [each.payload for each in connection.notifies(timeout=5, stop_after=2)]
    assert heard == ["schedules", "schedules"]


def test_a_claim_knows_its_tick(shop: Shop, connection: Connection, worker: Worker) -> None:
    shop.jobs.schedule(shop.double, NIGHTLY)
    tick = datetime(2026, 11, 25, 3, tzinfo=UTC)
    assert run(connection, upkeep.fire("double/nightly", tick))
    (claim,) = worker.claim()
    assert claim.tick == tick
    assert claim.options == shop.double.options_for()


def test_from_a_coroutine(shop: Shop) -> None:
    async def use() -> None:
        stored = await shop.jobs.aschedule(shop.double, NIGHTLY)
        await stored.apause()
        assert (await shop.jobs.aschedules())[0].record.paused_at is not None
        await stored.aresume()
        assert (await stored.arun_now()).job_name == "double"
        await stored.aremove()
        assert await shop.jobs.aschedules() == []
        await shop.jobs.aclose()

    asyncio.run(use())
