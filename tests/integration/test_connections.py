from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from contextlib import closing, suppress

import psycopg
import pytest
from psycopg import conninfo

from jobs_runtime import (
    ConfigurationError,
    DatabaseUnavailable,
    SchemaError,
    SchemaMissing,
    SchemaOutdated,
    database,
)
from jobs_runtime.database import Connection, connect
from tests.integration.databases import imposed
from tests.integration.shop import Shop, waiting
from tests.support.pool import ROOT, eventually

FORKING = """
import os, sys
from tests.integration.shop import Shop, ids

def submit(shop, first):
    submitted = [shop.double.submit(first), *shop.double.submit_many([first + 1, first + 2])]
    print(*ids(submitted), flush=True)

shop = Shop(sys.argv[1])
submit(shop, 0)
child = os.fork()
if child == 0:
    submit(shop, 10)
    shop.jobs.close()
    os._exit(0)
_, status = os.waitpid(child, 0)
submit(shop, 20)
shop.jobs.close()
sys.exit(os.waitstatus_to_exitcode(status))
"""

OTHERS = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
  AND application_name <> 'emptier'
"""


def others(connection: Connection) -> list[int]:
    """The server processes of every other connection to the database."""
    return [row[0] for row in connection.execute(OTHERS)]


def terminate_others(connection: Connection) -> int:
    """End every other connection to the database; gives how many there were."""
    pids = others(connection)
    for pid in pids:
        connection.execute("SELECT pg_terminate_backend(%s)", [pid])
    eventually(lambda: not set(pids) & set(others(connection)), 10, "backends have ended")
    return len(pids)


class TestRecovery:
    def test_the_next_submit_after_close_opens_again(
        self, shop: Shop, connection: Connection
    ) -> None:
        shop.double.submit(1)
        shop.jobs.close()
        shop.jobs.close()
        shop.double.submit(2)
        assert waiting(connection) == 2

    def test_the_next_submit_after_a_terminated_backend_succeeds(
        self, shop: Shop, connection: Connection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(database, "POOL_TIMEOUT", 5.0)
        shop.double.submit(1)
        assert terminate_others(connection) == 1
        shop.double.submit(2)
        assert terminate_others(connection) >= 1
        shop.double.submit_many([3, 4])
        assert waiting(connection) == 4

    def test_the_next_asubmit_after_a_terminated_backend_succeeds(
        self, shop: Shop, connection: Connection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(database, "POOL_TIMEOUT", 5.0)

        async def submit() -> int:
            await shop.double.asubmit(1)
            ended = terminate_others(connection)
            try:
                await shop.double.asubmit(2)
            finally:
                await shop.jobs.aclose()
            return ended

        assert asyncio.run(submit()) == 1
        assert waiting(connection) == 2

    def test_one_connection_serves_submits_one_after_another(
        self, shop: Shop, connection: Connection
    ) -> None:
        for arg in range(20):
            shop.double.submit(arg)
        assert len(others(connection)) == 1

    def test_parent_and_child_of_a_fork_both_submit(self, dsn: str, connection: Connection) -> None:
        environment = {**os.environ, "PYTHONWARNINGS": "ignore::DeprecationWarning"}
        forked = subprocess.run(
            [sys.executable, "-c", FORKING, dsn],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert (forked.returncode, forked.stderr) == (0, "")
        printed = sorted(map(int, forked.stdout.split()))
        rows = connection.execute("SELECT id, args::text::int FROM jobs.job ORDER BY id").fetchall()
        assert [row[0] for row in rows] == printed
        assert sorted(row[1] for row in rows) == [0, 1, 2, 10, 11, 12, 20, 21, 22]


class TestErrors:
    def test_without_a_dsn(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("DATABASE_URL", raising=False)
        with pytest.raises(ConfigurationError, match="set DATABASE_URL=postgresql://") as caught:
            Shop(None).double.submit(1)
        assert "\n" not in str(caught.value)

    def test_the_environment_is_read_at_first_use(
        self, dsn: str, connection: Connection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shop = Shop(None)
        monkeypatch.setenv("DATABASE_URL", dsn)
        shop.double.submit(1)
        shop.jobs.close()
        assert waiting(connection) == 1

    @pytest.mark.parametrize("wrong", ["postgresql://u:secret@host:port:5/x?y=1", "host=a bogus=1"])
    def test_a_dsn_that_does_not_parse_is_shown_without_its_password(self, wrong: str) -> None:
        with pytest.raises(ConfigurationError, match="does not parse") as caught:
            Shop(wrong).double.submit(1)
        assert "\n" not in str(caught.value)
        assert "secret" not in str(caught.value)

    @pytest.mark.parametrize("many", [False, True])
    def test_an_unreachable_database(self, many: bool, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(database, "POOL_TIMEOUT", 0.3)
        shop = Shop("postgresql://127.0.0.1:1/nowhere")
        began = time.monotonic()
        with pytest.raises(DatabaseUnavailable, match=r"in 0.3 s: .* port 1 failed") as caught:
            shop.double.submit_many([1]) if many else shop.double.submit(1)
        assert 0.3 <= time.monotonic() - began < 3
        assert "\n" not in str(caught.value)
        shop.jobs.close()

    def test_an_unreachable_database_from_a_coroutine(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(database, "POOL_TIMEOUT", 0.3)
        shop = Shop("postgresql://127.0.0.1:1/nowhere")

        async def submit() -> None:
            try:
                await shop.double.asubmit(1)
            finally:
                await shop.jobs.aclose()

        with pytest.raises(DatabaseUnavailable, match=r"in 0.3 s: .* port 1 failed"):
            asyncio.run(submit())

    def test_a_database_that_does_not_exist(
        self, dsn: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(database, "POOL_TIMEOUT", 0.3)
        shop = Shop(conninfo.make_conninfo(dsn, dbname="no_such_database"))
        with pytest.raises(DatabaseUnavailable, match='"no_such_database" does not exist'):
            shop.double.submit(1)
        shop.jobs.close()

    @pytest.mark.parametrize("many", [False, True])
    def test_a_server_that_was_demoted_is_left(
        self, dsn: str, connection: Connection, many: bool
    ) -> None:
        shop = Shop(dsn)
        with (
            imposed(connection, default_transaction_read_only="on"),
            pytest.raises(DatabaseUnavailable, match="read-only"),
        ):
            shop.double.submit_many([1]) if many else shop.double.submit(1)
        with suppress(DatabaseUnavailable):  # the pool may have replaced the connection before
            shop.double.submit(1)
        shop.double.submit(1)
        shop.jobs.close()

    def test_a_pool_that_is_all_in_use(self, dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(database, "POOL_TIMEOUT", 0.3)
        monkeypatch.setattr(database, "POOL_SIZE", 1)
        shop = Shop(dsn)
        with (
            shop.jobs.database.connection(),
            pytest.raises(DatabaseUnavailable, match="all 1 of this process are in use"),
        ):
            shop.double.submit(1)
        shop.jobs.close()

    @pytest.mark.parametrize("many", [False, True])
    def test_a_database_without_the_schema(self, empty_dsn: str, many: bool) -> None:
        shop = Shop(empty_dsn)
        with pytest.raises(SchemaError, match="jobs-supervisor migrate"):
            shop.double.submit_many([1]) if many else shop.double.submit(1)
        shop.jobs.close()

    @pytest.mark.parametrize("many", [False, True])
    def test_a_callers_connection_to_a_database_without_the_schema(
        self, empty_dsn: str, many: bool
    ) -> None:
        job = Shop(empty_dsn).double

        async def submit() -> None:
            async with await psycopg.AsyncConnection.connect(empty_dsn) as own:
                await (
                    job.asubmit_many([1], connection=own)
                    if many
                    else job.asubmit(1, connection=own)
                )

        with pytest.raises(SchemaMissing, match="jobs-supervisor migrate"):
            asyncio.run(submit())
        own = psycopg.connect(empty_dsn)
        with closing(own), pytest.raises(SchemaMissing, match="jobs-supervisor migrate"):
            job.submit_many([1], connection=own) if many else job.submit(1, connection=own)

    def test_a_database_with_an_older_schema(self, empty_dsn: str) -> None:
        shop = Shop(empty_dsn)
        with connect(empty_dsn, "older") as connection:
            connection.execute("CREATE SCHEMA jobs")
            connection.execute("CREATE TABLE jobs.job (id bigint)")
        for own in (None, psycopg.connect(empty_dsn)):
            with pytest.raises(SchemaOutdated, match="older than this code; run"):
                shop.double.submit(1, connection=own)
            if own:
                own.close()
        shop.jobs.close()

    def test_one_connection_to_an_unreachable_database_fails_in_time(self) -> None:
        began = time.monotonic()
        with pytest.raises(psycopg.OperationalError):
            connect("postgresql://127.0.0.1:1/nowhere", "tests", timeout=1)
        assert time.monotonic() - began < 3


def test_the_server_compiles_nothing_for_a_connection_held_for_long(dsn: str) -> None:
    with connect(dsn, "tests") as held:
        assert held.execute("SHOW jit").fetchone() == ("off",)


def test_a_statement_that_the_server_ended_is_not_called_an_outage(
    dsn: str, connection: Connection
) -> None:
    impatient = conninfo.make_conninfo(dsn, options="-c statement_timeout=200ms")
    shop = Shop(impatient)
    with closing(shop.jobs), connection.transaction():
        connection.execute("LOCK TABLE jobs.job")
        with pytest.raises(DatabaseUnavailable, match=r"refused it: .* statement timeout"):
            shop.double.submit(1)
