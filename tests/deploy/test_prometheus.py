"""A real Prometheus scrapes a pool with faults: panels have data, alerts see the faults."""

from __future__ import annotations

import re
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import psycopg
import pytest

from grafana import overview
from grafana.picture import Source, picture
from jobs_runtime.database import Connection
from tests.apps import observed
from tests.deploy.prometheus import Prometheus
from tests.deploy.test_dashboards import DASHBOARDS, rules
from tests.support.pool import Pool, Running, eventually

pytestmark = pytest.mark.skipif(
    shutil.which("prometheus") is None, reason="prometheus is not installed"
)

CHOSEN = {
    '="$job_name"': '="work"',
    "$cluster": "t",
    "$queue": ".*",
    "$job_name": ".*",
    "$__rate_interval": "30s",
}
"""What is chosen at the top of the dashboards: everything, and one job on the page of one."""

SEEN = (
    "JobsQuarantined", "JobsFailing", "JobsProcessesDie", "JobsUnhandled", "JobsWaitTooLong",
    "JobsHistoryUnprepared",
)  # fmt: skip
"""Alerts whose fault the test causes; the others' expressions are held to give figures."""

OLD_JOB = """
INSERT INTO jobs.job (queue, name, created_at)
VALUES ('forgotten', 'forgotten', now() - interval '1 hour')
"""

PREPARED = """
SELECT inhrelid::regclass::text FROM pg_inherits
WHERE inhparent = 'jobs.finished'::regclass AND inhrelid <> 'jobs.finished_default'::regclass
ORDER BY 1 DESC LIMIT 7
"""

ALERTS = {rule["alert"]: rule["expr"] for rule in rules()}


@pytest.fixture
def observed_pool(pool: Pool, connection: Connection) -> Running:
    connection.execute(OLD_JOB)
    observed.work.submit(0.0, start_after=3600.0)
    return pool.start(app="tests.apps.observed", workers=2)


@pytest.fixture
def prometheus(observed_pool: Running, tmp_path: Path) -> Iterator[Prometheus]:
    prometheus = Prometheus(tmp_path, [observed_pool])
    yield prometheus
    prometheus.stop()


def asked(expression: str) -> str:
    """As Grafana fills it in."""
    for name, value in CHOSEN.items():
        expression = expression.replace(name, value)
    return expression


def measured(expression: str) -> list[str]:
    """What an alert compares: the sides of its `and`, without the comparisons."""
    parts = re.split(r"\band on \([^)]*\)", expression)
    return [re.sub(r"(==|[<>]) *[\d.]+\s*$", "", part.strip()) for part in parts]


def drop_partitions(connection: Connection) -> None:
    for (partition,) in connection.execute(PREPARED).fetchall():
        connection.execute(f"DROP TABLE {partition}".encode())


def test_panels_have_data_and_alerts_see_faults(
    observed_pool: Running, prometheus: Prometheus, connection: Connection, dsn: str
) -> None:
    drop_partitions(connection)
    # What happens before the first scrape is no increase.
    eventually(lambda: bool(prometheus.query("jobs_attempts_total")), 20, "the first scrape")
    with psycopg.connect(dsn) as holder:
        holder.execute("SELECT count(*) FROM jobs.job")
        observed.die.submit_many([None] * 2)
        for name in SEEN:

            def fires(expression: str = ALERTS[name]) -> bool:
                observed.fail.submit()
                observed.work.submit(0.001)
                time.sleep(0.1)
                return bool(prometheus.query(expression))

            eventually(fires, 40, f"{name} sees its fault")
    for dashboard in DASHBOARDS:
        for panel in dashboard.panels:
            for query in panel.queries:
                assert prometheus.query(asked(query.expression)), (panel.title, query.expression)
    drawn = picture(overview.DASHBOARD, Source(prometheus.address, time.time(), 15, 10))
    assert ElementTree.fromstring(drawn).tag.endswith("svg")
    for panel in overview.DASHBOARD.panels:
        assert f">{panel.title}<" in drawn
    for name, expression in ALERTS.items():
        if "absent" not in expression:
            for part in measured(expression):
                assert prometheus.query(part), (name, part)
    observed_pool.send(signal.SIGTERM)
    assert observed_pool.wait_exit(20) == 0
    missed = ALERTS["JobsNoSupervisor"]
    eventually(lambda: bool(prometheus.query(missed)), 20, "the pool is missed")
