"""A submit on the pool's own connection, which takes a shorter way than a cursor's."""

from __future__ import annotations

import pytest

from jobs_runtime.database import Connection
from jobs_runtime.executors import direct
from jobs_runtime.executors.direct import BLOCKING, DirectConnection
from tests.integration.shop import Shop, waiting


def _greet(name: str) -> None:
    """Nothing."""


def test_the_way_is_taken(shop: Shop) -> None:
    assert BLOCKING
    shop.double.submit(1)
    with shop.jobs.database.connection() as connection:
        assert isinstance(connection, DirectConnection)
        assert len(connection.prepared) == 1


def test_all_that_is_given_arrives(shop: Shop) -> None:
    greet = shop.jobs.job(name="greet", queue="double")(_greet)
    record = greet.submit("naïve ☃ %s", priority=-3, keep_for=60).details()
    assert (record.args, record.queue, record.priority) == ("naïve ☃ %s", "double", -3)
    assert record.options.keep_for == 60


def test_it_stores_once_when_the_server_has_forgotten_what_was_prepared(
    shop: Shop, connection: Connection
) -> None:
    shop.double.submit(1)
    for expected in (2, 3):
        with shop.jobs.database.connection() as own:
            own.execute("DEALLOCATE ALL")
        assert shop.double.submit(2)
        assert waiting(connection) == expected


def test_behind_a_pooler_nothing_is_prepared(shop: Shop, connection: Connection) -> None:
    with shop.jobs.database.connection() as own:
        own.prepare_threshold = None
    assert shop.double.submit(21).details().args == 21
    rows = connection.execute("SELECT count(*) FROM jobs.job").fetchall()
    assert rows == [(1,)]
    with shop.jobs.database.connection() as own:
        assert isinstance(own, DirectConnection)
        assert own.prepared == set()


def test_where_a_library_waits_for_us_a_cursor_is_used(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(direct, "BLOCKING", False)
    assert shop.double.submit(21).details().args == 21
    with shop.jobs.database.connection() as own:
        assert isinstance(own, DirectConnection)
        assert own.prepared == set()
