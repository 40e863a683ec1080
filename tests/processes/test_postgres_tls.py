"""Connections to a Postgres that insists on TLS, checked by `sslmode=verify-full`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest
import trustme
from psycopg import conninfo, sql

from benchmarks.server import installed, postgres
from jobs_runtime.database import connect
from jobs_runtime.executors.postgres.migrate import migrate
from tests.apps import basic
from tests.support.pool import Pool

pytestmark = pytest.mark.skipif(
    installed() is None, reason="no Postgres is installed (the embedded one has no TLS)"
)

ONLY_TLS = "hostssl all all 127.0.0.1/32 trust\n"


class Server(NamedTuple):
    """A server that takes TLS alone, and the authority that signed for it."""

    dsn: str
    authority: Path


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    authority = trustme.CA()
    trusted = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(str(trusted))
    with postgres() as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            row = connection.execute("SHOW data_directory").fetchone()
            assert row
            data = Path(row[0])
            pem = data / "server.pem"
            authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(pem))
            pem.chmod(0o600)
            if os.geteuid() == 0:
                shutil.chown(pem, "postgres")
            for name, value in (("ssl_cert_file", pem), ("ssl_key_file", pem), ("ssl", "on")):
                command = sql.SQL("ALTER SYSTEM SET {} = {}")
                connection.execute(command.format(sql.Identifier(name), sql.Literal(str(value))))
            (data / "pg_hba.conf").write_text(ONLY_TLS)
            connection.execute("SELECT pg_reload_conf()")
        yield Server(dsn, trusted)


def verified(server: Server, **options: str) -> str:
    trusted = {"sslmode": "verify-full", "sslrootcert": str(server.authority)}
    return conninfo.make_conninfo(server.dsn, **{**trusted, **options})


def test_a_pool_works_over_verified_tls(server: Server) -> None:
    dsn = verified(server)
    with connect(dsn, "tests") as connection:
        migrate(connection)
        pool = Pool(dsn)
        try:
            pool.start(app="tests.apps.basic", workers=1)
            basic.jobs.database.given_dsn = dsn
            assert basic.double.submit(21).result(10) == 42
            plain = connection.execute(
                "SELECT count(*) FROM pg_stat_activity JOIN pg_stat_ssl USING (pid)"
                " WHERE datname = current_database() AND NOT ssl"
                " AND backend_type = 'client backend'"
            ).fetchone()
            assert plain == (0,)
        finally:
            basic.jobs.close()
            pool.stop_all()


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"sslmode": "disable"}, "no encryption"),
        ({"sslrootcert": "/nowhere/ca.pem"}, "root certificate"),
        ({"host": "localhost"}, "does not match host name"),
    ],
)
def test_what_cannot_be_verified_is_refused(
    server: Server, options: dict[str, str], complaint: str
) -> None:
    with pytest.raises(psycopg.OperationalError, match=complaint):
        connect(verified(server, **options), "tests")


def test_another_authority_is_refused(server: Server, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        connect(verified(server, sslrootcert=str(other)), "tests")
