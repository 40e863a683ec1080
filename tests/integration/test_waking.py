"""Who wakes idle workers when several submit at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from jobs_runtime.database import Connection, connect
from tests.integration.listener import Listener, listening
from tests.integration.shop import Shop

TAKE_THE_WAKING = """
    SELECT pg_try_advisory_xact_lock(hashtext('jobs-runtime wake'), hashtext('double'))
"""


@pytest.fixture
def listener(dsn: str, connection: Connection) -> Iterator[Listener]:
    with listening(dsn, connection) as listener:
        yield listener


@pytest.fixture
def other(dsn: str) -> Iterator[Connection]:
    """Submits at the same time: it has taken the waking, and not committed yet."""
    with connect(dsn, "other") as other:
        other.execute("BEGIN")
        row = other.execute(TAKE_THE_WAKING).fetchone()
        assert row == (True,)
        yield other


def test_a_submit_wakes_a_worker(shop: Shop, listener: Listener) -> None:
    shop.double.submit(1)
    shop.double.submit(2)
    assert listener.heard() == ["wake 1 double"] * 2


def test_of_those_who_submit_at_once_one_wakes(
    shop: Shop, listener: Listener, other: Connection
) -> None:
    shop.double.submit(1)
    assert listener.heard() == []


def test_nobody_leaves_another_queue_to_it(
    shop: Shop, listener: Listener, other: Connection
) -> None:
    shop.noop.submit()
    assert listener.heard() == ["wake 1 noop"]


def test_after_its_rollback_the_next_one_wakes(
    shop: Shop, listener: Listener, other: Connection
) -> None:
    shop.double.submit(1)
    other.execute("ROLLBACK")
    shop.double.submit(2)
    assert listener.heard() == ["wake 1 double"]


def test_a_callers_transaction_leaves_it_to_nobody_and_holds_nobody_up(
    dsn: str, shop: Shop, listener: Listener, other: Connection
) -> None:
    with connect(dsn, "caller") as caller, caller.transaction():
        shop.double.submit(1, connection=caller)
        other.execute("ROLLBACK")
        shop.double.submit(2)
        assert listener.heard() == ["wake 1 double"]
    assert listener.heard() == ["wake 1 double"]


async def _submit(shop: Shop) -> None:
    await shop.double.asubmit(1)
    await shop.jobs.aclose()


def test_from_a_coroutine(shop: Shop, listener: Listener, other: Connection) -> None:
    asyncio.run(_submit(shop))
    assert listener.heard() == []
    other.execute("ROLLBACK")
    asyncio.run(_submit(shop))
    assert listener.heard() == ["wake 1 double"]
