"""`asubmit(args, connection=...)`: the job is part of the caller's transaction."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress

import psycopg
import pytest
from psycopg.pq import TransactionStatus
from sqlalchemy import text
from sqlalchemy.orm import Session

from jobs_runtime import ConfigurationError, SubmittedJob
from jobs_runtime.database import Connection
from tests.integration.callers import (
    ASYNC_CALLERS,
    AsyncCaller,
    Undo,
    async_engine,
    engine,
)
from tests.integration.listener import Listener, listening
from tests.integration.shop import Shop, ids, waiting

callers = pytest.mark.parametrize("caller", ASYNC_CALLERS, ids=lambda caller: caller.__name__)


@pytest.fixture
def listener(dsn: str, connection: Connection) -> Iterator[Listener]:
    with listening(dsn, connection) as listener:
        yield listener


@callers
class TestTransaction:
    def test_a_commit_shows_the_jobs_and_wakes_workers(
        self, shop: Shop, dsn: str, connection: Connection, listener: Listener, caller: AsyncCaller
    ) -> None:
        async def submit() -> list[SubmittedJob[int]]:
            async with caller(dsn) as given:
                one = await shop.double.asubmit(1, connection=given)
                many = await shop.double.asubmit_many([2, 3], connection=given)
                assert waiting(connection) == 0
                assert listener.heard() == []
            return [one, *many]

        submitted = asyncio.run(submit())
        assert listener.heard() == ["wake 1 double", "wake 2 double"]
        assert [each.details().args for each in submitted] == [1, 2, 3]

    def test_a_rollback_leaves_nothing(
        self, shop: Shop, dsn: str, connection: Connection, listener: Listener, caller: AsyncCaller
    ) -> None:
        async def submit() -> None:
            async with caller(dsn) as given:
                assert await shop.double.asubmit_many([2, 3], connection=given)
                assert await shop.double.asubmit(1, connection=given)
                raise Undo

        with suppress(Undo):
            asyncio.run(submit())
        assert waiting(connection) == 0
        assert listener.heard() == []

    def test_a_duplicate_does_not_abort_it(
        self, shop: Shop, dsn: str, connection: Connection, caller: AsyncCaller
    ) -> None:
        taken = shop.double.submit(0, singleton_key="taken")

        async def submit() -> list[SubmittedJob[int]]:
            async with caller(dsn) as given:
                return [
                    await shop.double.asubmit(1, singleton_key="new", connection=given),
                    await shop.double.asubmit(2, singleton_key="new", connection=given),
                    await shop.double.asubmit(3, singleton_key="taken", connection=given),
                    *await shop.double.asubmit_many([4], singleton_key="taken", connection=given),
                    await shop.double.asubmit(5, connection=given),
                ]

        first, *again, last = asyncio.run(submit())
        assert first
        assert not any(again)
        assert ids(again) == ids([first, taken, taken])
        assert last.details().args == 5
        assert waiting(connection) == 3


def test_an_autocommit_connection_commits_at_once(
    shop: Shop, dsn: str, connection: Connection, listener: Listener
) -> None:
    async def submit() -> None:
        opening = psycopg.AsyncConnection.connect(dsn, autocommit=True)
        async with await opening as own:
            await shop.double.asubmit(1, connection=own)
            await shop.double.asubmit_many([2, 3], connection=own)
            assert own.info.transaction_status == TransactionStatus.IDLE
            assert waiting(connection) == 3
            assert listener.heard() == ["wake 1 double", "wake 2 double"]
        async with async_engine(dsn) as made, made.connect() as opened:
            committing = await opened.execution_options(isolation_level="AUTOCOMMIT")
            await shop.double.asubmit(4, connection=committing)
            assert waiting(connection) == 4

    asyncio.run(submit())


@pytest.mark.parametrize("good", [1, 2500])
def test_one_bad_argument_stores_none_and_does_not_abort_the_transaction(
    shop: Shop, dsn: str, connection: Connection, good: int
) -> None:
    async def submit() -> None:
        async with await psycopg.AsyncConnection.connect(dsn) as own:
            with pytest.raises(ValueError, match=f"at index {good}: the argument of double"):
                await shop.double.asubmit_many([*range(good), "bad"], connection=own)  # pyright: ignore[reportArgumentType]
            await shop.double.asubmit(2, connection=own)
            assert waiting(connection) == 0

    asyncio.run(submit())
    assert waiting(connection) == 1


def test_a_connection_of_sqlalchemy_goes_on_with_the_callers_own_statements(
    shop: Shop, dsn: str, connection: Connection
) -> None:
    async def submit() -> None:
        async with async_engine(dsn) as made, made.connect() as own:
            await shop.double.asubmit(1, connection=own)
            counted = await own.execute(text("SELECT count(*) FROM jobs.job"))
            assert counted.scalar_one() == 1
            await own.commit()
            assert waiting(connection) == 1
            await shop.double.asubmit(2, connection=own)
            await own.rollback()
            await own.commit()

    asyncio.run(submit())
    assert waiting(connection) == 1


def test_what_is_no_async_connection_of_psycopg_3_is_refused(
    shop: Shop, connection: Connection, dsn: str
) -> None:
    async def refused(given: object, named: str) -> None:
        for submit in (
            shop.double.asubmit(1, connection=given),
            shop.double.asubmit_many([1], connection=given),
        ):
            with pytest.raises(ConfigurationError) as caught:
                await submit
            assert str(caught.value) == (
                "connection= takes an async psycopg 3 connection, or one of SQLAlchemy"
                f" (postgresql+psycopg://) that uses it, not {named}"
            )
        assert waiting(connection) == 0

    async def submit() -> None:
        await refused("postgresql://host/name", "builtins.str")
        with closing(sqlite3.connect(":memory:")) as raw:
            await refused(raw, "sqlite3.Connection")
        await refused(connection, "jobs_runtime.executors.direct.DirectConnection")
        with engine(dsn) as made, Session(made) as session:
            await refused(session, "sqlalchemy.orm.session.Session")
            with made.connect() as opened:
                await refused(opened, "sqlalchemy.engine.base.Connection")
        async with async_engine(dsn) as made:
            await refused(made, "sqlalchemy.ext.asyncio.engine.AsyncEngine")

    asyncio.run(submit())


def test_a_pipeline_is_refused(shop: Shop, connection: Connection, dsn: str) -> None:
    async def submit() -> None:
        async with await psycopg.AsyncConnection.connect(dsn) as own:
            async with own.pipeline():
                with pytest.raises(ConfigurationError, match="in pipeline mode, in which no job"):
                    await shop.double.asubmit(1, connection=own)
                with pytest.raises(ConfigurationError, match="in pipeline mode, in which no job"):
                    await shop.double.asubmit_many([1], connection=own)
                await own.execute("SELECT 1")
            await own.commit()
            assert waiting(connection) == 0
            await shop.double.asubmit(1, connection=own)
        assert waiting(connection) == 1

    asyncio.run(submit())
