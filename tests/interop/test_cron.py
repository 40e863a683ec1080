"""One schedule table, several masters, one job a minute."""

from __future__ import annotations

import shutil
import time

import pytest

from jobs_runtime.database import Connection
from tests.interop.conftest import StartNode
from tests.support.pool import Pool, eventually

pytestmark = [pytest.mark.interop, pytest.mark.long, pytest.mark.timeout(300)]

MINUTES = 3
SENT = """
SELECT date_trunc('minute', createdon), count(*) FROM pgboss.job WHERE name = 'digest' GROUP BY 1
"""
FAKETIME = shutil.which("faketime")
CLOCKS = [[None, None], ["-8s"], ["+58s", "-300s"]]
"""By how much the clocks of the Nodes are off."""


def minutes(connection: Connection) -> dict[object, int]:
    return dict(connection.execute(SENT).fetchall())


@pytest.mark.parametrize("clocks", CLOCKS, ids=str)
def test_each_minute_is_sent_once(
    clocks: list[str | None], boss: Connection, pool: Pool, dsn: str, start_node: StartNode
) -> None:
    if any(clocks) and FAKETIME is None:
        pytest.skip("faketime is not installed")
    pool.start(app="tests.interop.app", workers=1)
    pool.start(app="tests.interop.app", workers=1)
    for clock in clocks:
        prefix = [str(FAKETIME), "-f", clock] if clock else []
        node = start_node("pg-boss-8", dsn, prefix=prefix, noSupervisor=True)
    node.call("schedule", "digest", "* * * * *", {"n": 1})  # pyright: ignore[reportPossiblyUnboundVariable]
    eventually(lambda: len(minutes(boss)) > MINUTES, 60 * MINUTES + 90, f"{minutes(boss)}")
    time.sleep(8)  # in which a Node would send the last one again
    counts = list(minutes(boss).values())
    assert counts == [1] * (MINUTES + 1)


def test_what_everybody_missed_is_sent_when_we_are_back(
    boss: Connection, pool: Pool, dsn: str, start_node: StartNode
) -> None:
    node = start_node("pg-boss-8", dsn, noSupervisor=True)
    first = pool.start(app="tests.interop.app", workers=1)
    node.call("schedule", "shared", "0 3 * * *", {"n": 1})
    known = "SELECT count(*) FROM jobs.pgboss_schedule"
    eventually(lambda: boss.execute(known).fetchone() == (1,), 10, "it is known")
    assert first.stop() == 0
    boss.execute("UPDATE jobs.pgboss_schedule SET last_tick = now() - interval '25 hours'")
    pool.start(app="tests.interop.app", workers=1)
    performed = "SELECT count(*) FROM pgboss.job WHERE name = 'shared' AND state = 'completed'"
    eventually(lambda: boss.execute(performed).fetchone() == (1,), 15, "it is made up for")
