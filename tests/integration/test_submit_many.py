from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from jobs_runtime import PayloadError
from jobs_runtime.database import Connection
from jobs_runtime.executors.copying import BLOCK
from tests.integration.databases import imposed
from tests.integration.shop import Shop, Worker, ids, number, waiting

MANY = 10_000


def test_ten_thousand_in_the_order_given(shop: Shop, connection: Connection) -> None:
    began = time.monotonic()
    submitted = shop.double.submit_many(range(MANY), priority=2)
    assert time.monotonic() - began < 10
    assert len(submitted) == waiting(connection) == MANY
    assert ids(submitted) == sorted(set(ids(submitted)))
    rows = connection.execute("SELECT id, args::text FROM jobs.job ORDER BY id").fetchall()
    assert rows == [(job_id, str(arg)) for arg, job_id in enumerate(ids(submitted))]
    ready = "SELECT count(*) FROM jobs.job WHERE ready AND rank = -2 AND state = 'created'"
    assert number(connection, ready) == MANY


def test_from_a_coroutine(shop: Shop, connection: Connection) -> None:
    async def submit() -> list[int]:
        submitted = await shop.double.asubmit_many(range(1000))
        await shop.jobs.aclose()
        return ids(submitted)

    job_ids = asyncio.run(submit())
    rows = connection.execute("SELECT id, args::text FROM jobs.job ORDER BY id").fetchall()
    assert rows == [(job_id, str(arg)) for arg, job_id in enumerate(job_ids)]


@pytest.mark.parametrize("place", [0, BLOCK - 1, BLOCK, 2999], ids="{}th".format)
def test_one_bad_argument_stores_none(shop: Shop, connection: Connection, place: int) -> None:
    many: list[object] = list(range(3000))
    many[place] = "bad"
    told = f"at index {place}: the argument of double does not fit int"
    with pytest.raises(PayloadError, match=told):
        shop.double.submit_many(many)  # pyright: ignore[reportArgumentType]

    async def submit() -> None:
        try:
            await shop.double.asubmit_many(many)  # pyright: ignore[reportArgumentType]
        finally:
            await shop.jobs.aclose()

    with pytest.raises(PayloadError, match=told):
        asyncio.run(submit())
    assert waiting(connection) == 0


def test_a_delay_is_as_long_wherever_the_server_is(dsn: str, connection: Connection) -> None:
    """The clocks of the session's time zone go back or forward within it."""
    shop = Shop(dsn)
    with imposed(connection, timezone="Europe/Amsterdam"):
        for days in (100, 200, 300):
            shop.double.delay(timedelta(days=days)).submit(1, keep_for=1e7)
            shop.double.delay(timedelta(days=days)).submit_many([1], keep_for=1e7)
    shop.jobs.close()
    rows = connection.execute("SELECT start_after, keep_until FROM jobs.job ORDER BY id").fetchall()
    for (alone, kept), (among_many, kept_too) in zip(rows[::2], rows[1::2], strict=True):
        assert timedelta() <= among_many - alone < timedelta(seconds=10)
        assert timedelta() <= kept_too - kept < timedelta(seconds=10)


def test_none_stores_none(shop: Shop, connection: Connection) -> None:
    assert shop.double.submit_many([]) == []
    assert shop.double.submit_many([], singleton_key="a") == []
    assert waiting(connection) == 0


@pytest.mark.parametrize("one", ["text", b"bytes", {"a": 1}, 7, None])
def test_one_argument_is_not_many(shop: Shop, connection: Connection, one: Any) -> None:
    kind = type(one).__name__
    with pytest.raises(PayloadError, match=rf"a list, .* of arguments of double, not one {kind}$"):
        shop.double.submit_many(one)
    assert waiting(connection) == 0


def test_an_iterator_is_read_once(shop: Shop, connection: Connection) -> None:
    submitted = shop.double.submit_many(number for number in (7, 8, 9))
    assert [each.details().args for each in submitted] == [7, 8, 9]
    assert waiting(connection) == 3


def test_options_are_kept_as_by_submit(shop: Shop) -> None:
    (many,) = shop.urgent.submit_many([1], expire_in=5)
    one = shop.urgent.submit(1, expire_in=5)
    assert many.details().options == one.details().options
    assert many.details().priority == 5


def test_a_delay_holds_for_all(shop: Shop, connection: Connection, worker: Worker) -> None:
    before = datetime.now(UTC)
    submitted = shop.double.delay(3600).submit_many([1, 2])
    at = shop.double.delay("2190-01-01T00:00:00Z").submit_many([3])[0].details()
    assert at.start_after == datetime(2190, 1, 1, tzinfo=UTC)
    for each in submitted:
        start_after = each.details().start_after
        assert start_after is not None
        assert timedelta(0) <= start_after - before - timedelta(hours=1) < timedelta(seconds=10)
    assert worker.claim() == []
    past = shop.double.delay(datetime(2020, 1, 1, tzinfo=UTC)).submit_many([4])
    assert [claim.job_id for claim in worker.claim()] == ids(past)
    assert number(connection, "SELECT count(*) FROM jobs.job WHERE NOT ready") == 3


def test_single_and_bulk_ids_come_from_one_sequence(shop: Shop) -> None:
    first = shop.double.submit(1)
    many = shop.double.submit_many([2, 3])
    last = shop.double.submit(4)
    found = ids([first, *many, last])
    assert found == sorted(set(found))


def _keep(text: str | None) -> None:
    """Nothing."""


def test_text_that_means_something_to_copy_is_kept(shop: Shop) -> None:
    awkward = ["\\N", "a\\tb", "tab\tnew\nline\rreturn", "\\.", 'quote"', "nul\0", "grüße 🎉", ""]
    keep = shop.jobs.job(name="keep", concurrency=1)(_keep)
    submitted = keep.submit_many([*awkward, None], limit_key="a\\b\tc\n")
    assert [each.details().args for each in submitted] == [*awkward, None]
    assert {each.details().options.limit_key for each in submitted} == {"a\\b\tc\n"}


def _keep_anything(value: object) -> None:
    """Nothing."""


def test_json_that_is_given_as_such_may_have_lines(shop: Shop) -> None:
    keep = shop.jobs.job(name="keep_anything")(_keep_anything)
    submitted = keep.submit_many([msgspec.Raw(b'{"a":\r\n\t[1,\n\t"\\n"]}'), msgspec.Raw(b"7\n")])
    assert [each.details().args for each in submitted] == [{"a": [1, "\n"]}, 7]
