"""`submit(args, connection=...)`: the job is part of the caller's transaction."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any

import psycopg
import pytest
from psycopg.pq import TransactionStatus
from sqlalchemy import create_engine, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from jobs_runtime import ConfigurationError, SubmittedJob
from jobs_runtime.database import Connection
from tests.integration.callers import CALLERS, Caller, Undo, async_engine, engine
from tests.integration.listener import Listener, listening
from tests.integration.shop import Shop, Worker, ids, waiting
from tests.support.django_shop import on_database

OF_SQLALCHEMY = "sqlalchemy.engine.base.Connection"
SESSION = "sqlalchemy.orm.session.Session"

callers = pytest.mark.parametrize("caller", CALLERS, ids=lambda caller: caller.__name__)


@pytest.fixture
def listener(dsn: str, connection: Connection) -> Iterator[Listener]:
    with listening(dsn, connection) as listener:
        yield listener


@callers
class TestTransaction:
    def test_a_commit_shows_the_jobs_and_wakes_workers(
        self, shop: Shop, dsn: str, connection: Connection, listener: Listener, caller: Caller
    ) -> None:
        with caller(dsn) as given:
            one = shop.double.submit(1, connection=given)
            many = shop.double.submit_many([2, 3], connection=given)
            unique = shop.noop.submit(singleton_key="a", connection=given)
            assert waiting(connection) == 0
            assert listener.heard() == []
        assert listener.heard() == ["wake 1 double", "wake 2 double", "wake 1 noop"]
        assert [each.details().args for each in (one, *many, unique)] == [1, 2, 3, None]

    def test_a_rollback_leaves_nothing(
        self, shop: Shop, dsn: str, connection: Connection, listener: Listener, caller: Caller
    ) -> None:
        submitted: list[SubmittedJob[int]] = []
        with suppress(Undo), caller(dsn) as given:
            assert shop.double.submit_many([2, 3], connection=given)
            submitted.append(shop.double.submit(1, connection=given))
            assert shop.double.delay(60).submit(4, singleton_key="a", connection=given)
            raise Undo
        assert waiting(connection) == 0
        assert listener.heard() == []
        assert shop.jobs.get(submitted[0].job_id) is None

    def test_a_duplicate_does_not_abort_it(
        self, shop: Shop, dsn: str, connection: Connection, caller: Caller
    ) -> None:
        taken = shop.double.submit(0, singleton_key="taken")
        throttled = shop.double.submit(0, singleton_seconds=3600)
        with caller(dsn) as given:
            first = shop.double.submit(1, singleton_key="new", connection=given)
            again = [
                shop.double.submit(2, singleton_key="new", connection=given),
                shop.double.submit(3, singleton_key="taken", connection=given),
                shop.double.submit(4, singleton_seconds=3600, connection=given),
                *shop.double.submit_many([5, 6], singleton_key="taken", connection=given),
            ]
            last = shop.double.submit(7, connection=given)
        assert first
        assert not any(again)
        assert ids(again) == ids([first, taken, throttled, taken, taken])
        assert last.details().args == 7
        assert waiting(connection) == 4


class TestPsycopg:
    def test_an_autocommit_connection_commits_at_once(
        self, shop: Shop, dsn: str, connection: Connection, listener: Listener
    ) -> None:
        with psycopg.connect(dsn, autocommit=True) as own:
            shop.double.submit(1, connection=own)
            shop.double.submit_many([2, 3], connection=own)
            assert own.info.transaction_status == TransactionStatus.IDLE
            assert waiting(connection) == 3
            assert listener.heard() == ["wake 1 double", "wake 2 double"]

    def test_a_savepoint_takes_its_jobs_back(
        self, shop: Shop, dsn: str, connection: Connection
    ) -> None:
        with psycopg.connect(dsn) as own:
            kept = shop.double.submit(1, connection=own)
            with suppress(Undo), own.transaction():
                shop.double.submit_many([2, 3], connection=own)
                raise Undo
        assert waiting(connection) == 1
        assert kept.details().args == 1

    @pytest.mark.parametrize("begun", [False, True], ids=["not begun", "begun"])
    @pytest.mark.parametrize("good", [1, 2500])
    def test_one_bad_argument_stores_none_and_does_not_abort_it(
        self, shop: Shop, dsn: str, connection: Connection, good: int, begun: bool
    ) -> None:
        with psycopg.connect(dsn) as own:
            if begun:
                shop.double.submit(0, connection=own)
            with pytest.raises(ValueError, match=f"at index {good}: the argument of double"):
                shop.double.submit_many([*range(good), "bad"], connection=own)  # pyright: ignore[reportArgumentType]
            shop.double.submit(2, connection=own)
            assert own.info.transaction_status == TransactionStatus.INTRANS
            assert waiting(connection) == 0
        assert waiting(connection) == 1 + begun

    def test_the_callers_rows_and_its_jobs_are_one(
        self, shop: Shop, dsn: str, worker: Worker
    ) -> None:
        with psycopg.connect(dsn) as own:
            own.execute("CREATE TABLE IF NOT EXISTS pair (id integer)")
            submitted = shop.double.submit(1, connection=own)
            assert worker.claim() == []
            own.rollback()
            assert own.execute("SELECT to_regclass('pair')").fetchone() == (None,)
            again = shop.double.submit(2, connection=own)
            own.commit()
        assert [claim.job_id for claim in worker.claim()] == ids([again]) != ids([submitted])


class TestSqlAlchemy:
    def test_an_autocommit_connection_commits_at_once(
        self, shop: Shop, dsn: str, connection: Connection
    ) -> None:
        with engine(dsn) as made, made.connect() as opened:
            own = opened.execution_options(isolation_level="AUTOCOMMIT")
            shop.double.submit(1, connection=own)
            shop.double.submit_many([2, 3], connection=own)
            assert waiting(connection) == 3

    def test_a_connection_goes_on_with_the_callers_own_statements(
        self, shop: Shop, dsn: str, connection: Connection
    ) -> None:
        with engine(dsn) as made, made.connect() as own:
            shop.double.submit(1, connection=own)
            assert own.execute(text("SELECT count(*) FROM jobs.job")).scalar_one() == 1
            with own.begin_nested():
                shop.double.submit(2, connection=own)
            own.commit()
            assert waiting(connection) == 2
            shop.double.submit(3, connection=own)
            own.rollback()
            own.commit()
        assert waiting(connection) == 2


class TestDjango:
    def test_outside_of_atomic_it_commits_at_once(
        self, shop: Shop, dsn: str, connection: Connection
    ) -> None:
        with on_database(dsn) as db:
            shop.double.submit(1, connection=db.connection)
            assert waiting(connection) == 1

    def test_an_inner_block_takes_its_jobs_back(
        self, shop: Shop, dsn: str, connection: Connection
    ) -> None:
        with on_database(dsn) as db, db.transaction.atomic():
            shop.double.submit(1, connection=db.connection)
            with suppress(Undo), db.transaction.atomic():
                shop.double.submit_many([2, 3], connection=db.connection)
                raise Undo
            with db.connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM jobs.job")
                assert cursor.fetchone() == (1,)
        assert waiting(connection) == 1


class TestRefusals:
    @pytest.mark.parametrize("given", ["postgresql://host/name", 7, object()])
    def test_what_is_no_connection(self, shop: Shop, connection: Connection, given: object) -> None:
        kind = type(given).__qualname__
        assert_refused(shop, connection, given, f"builtins.{kind}")

    def test_another_database(self, shop: Shop, connection: Connection) -> None:
        with closing(sqlite3.connect(":memory:")) as raw:
            assert_refused(shop, connection, raw, "sqlite3.Connection")
            made = create_engine("sqlite://", creator=lambda: raw, poolclass=StaticPool)
            assert_refused(shop, connection, made, "sqlalchemy.engine.base.Engine")
            with made.connect() as opened, Session(made) as session:
                assert_refused(shop, connection, opened, f"{OF_SQLALCHEMY} on sqlite3.Connection")
                assert_refused(shop, connection, session, f"{SESSION} on sqlite3.Connection")
                assert not opened.in_transaction()

    def test_psycopg_2(self, shop: Shop, connection: Connection, dsn: str) -> None:
        psycopg2: Any = __import__("psycopg2")
        driver = "psycopg2.extensions.connection"
        with closing(psycopg2.connect(dsn)) as raw:
            assert_refused(shop, connection, raw, driver)
        with engine(dsn, "psycopg2") as made, made.connect() as opened, Session(made) as session:
            assert_refused(shop, connection, opened, f"{OF_SQLALCHEMY} on {driver}")
            assert_refused(shop, connection, session, f"{SESSION} on {driver}")

    def test_a_pipeline(self, shop: Shop, connection: Connection, dsn: str) -> None:
        with psycopg.connect(dsn) as own:
            with own.pipeline():
                with pytest.raises(ConfigurationError, match="in pipeline mode, in which no job"):
                    shop.double.submit(1, connection=own)
                with pytest.raises(ConfigurationError, match="in pipeline mode, in which no job"):
                    shop.double.submit_many([1], connection=own)
                own.execute("SELECT 1")
            own.commit()
            assert waiting(connection) == 0
            shop.double.submit(1, connection=own)
        assert waiting(connection) == 1

    def test_async_ones_are_for_asubmit(self, shop: Shop, connection: Connection, dsn: str) -> None:
        async def refused() -> None:
            hint = "; `await asubmit(...)` takes it"
            async with await psycopg.AsyncConnection.connect(dsn) as raw:
                assert_refused(shop, connection, raw, f"psycopg.AsyncConnection{hint}")
            async with async_engine(dsn) as made, made.connect() as opened:
                async with AsyncSession(made) as session:
                    name = "sqlalchemy.ext.asyncio.session.AsyncSession"
                    assert_refused(shop, connection, session, name + hint)
                name = "sqlalchemy.ext.asyncio.engine.AsyncConnection"
                assert_refused(shop, connection, opened, name + hint)

        asyncio.run(refused())


def assert_refused(shop: Shop, connection: Connection, given: object, named: str) -> None:
    for submit in (
        lambda: shop.double.submit(1, connection=given),
        lambda: shop.double.submit_many([1], connection=given),
    ):
        with pytest.raises(ConfigurationError) as caught:
            submit()
        assert str(caught.value) == (
            "connection= takes a psycopg 3 connection, or one of SQLAlchemy"
            f" (postgresql+psycopg://) or Django that uses it, not {named}"
        )
    assert waiting(connection) == 0
