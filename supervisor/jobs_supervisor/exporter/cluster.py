"""The figures of the whole cluster, read from the database by the leader's exporter alone.

They are read every few seconds on a connection and in a thread of their own, and served as they
were last read: neither a slow database nor one that is away holds up a scrape.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import psycopg
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from jobs_runtime.database import Connection, connect
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.pgboss import gauges as pgboss_gauges
from jobs_runtime.executors.postgres import PostgresExecutor, gauges
from jobs_runtime.executors.postgres.gauges import ClusterHealth, Depth
from jobs_runtime.model import Pause
from jobs_supervisor import metrics
from jobs_supervisor.exporter.collector import family_of
from jobs_supervisor.queues import MOST_COUNTED, is_paused
from jobs_supervisor.sparing import next_look

logger = logging.getLogger(__name__)

LOOK_EVERY = 0.5
"""Seconds between two looks at who leads and whether it is time."""

READ_EVERY = 10.0
"""Seconds between two readings."""

UNWATCHED_AFTER = 120.0
"""Seconds without a scrape after which nothing is read any more."""

STALE_AFTER = 180.0
"""Seconds after which a reading is not served any more; the dearest look is due within 60."""

STATEMENT_TIMEOUT = "SET statement_timeout = '1s'"

MOST_SERIES = 200
"""Pairs of queue and job that are told apart; the others are summed up as `other`."""

STATES = ("ready", "delayed", "active", "paused")
OTHER = ("other", "other")


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read at one moment.

    Attributes:
        pauses: what of it is not to be claimed at present.
        read_at: monotonic seconds.
    """

    depths: Sequence[Depth]
    health: ClusterHealth
    dead_rows: dict[str, int]
    pauses: Sequence[Pause]
    read_at: float


class ClusterWatch:
    """Reads while this host's scheduler leads and somebody scrapes.

    Args:
        dsn: must reach the server itself, not a pooler in transaction mode.
        leads: whether this host's scheduler leads.
        pg_boss_schema: where the application's jobs of a pg-boss are; None for nowhere.

    Attributes:
        reading: the last one; None while another host leads.
        scraped_at: when somebody last asked, in monotonic seconds.
    """

    def __init__(
        self, dsn: str, leads: Callable[[], bool], pg_boss_schema: str | None = None
    ) -> None:
        self._dsn = dsn
        self._pg_boss_schema = pg_boss_schema
        self._at_pg_boss: list[Depth] = []
        self._trouble = ""
        self._leads = leads
        self._connection: Connection | None = None
        self._due_at = 0.0
        self.reading: Reading | None = None
        self.scraped_at = time.monotonic()

    def start(self) -> None:
        """Go on in a thread until the process ends."""
        threading.Thread(target=self._watch, name="cluster watch", daemon=True).start()

    def look(self, now: float) -> None:
        """Read, if it is time and this host's scheduler leads."""
        if not self._leads():
            self._disconnect()
            self.reading = None
            self._at_pg_boss = []
            self._due_at = 0.0
        elif now >= self._due_at and now - self.scraped_at < UNWATCHED_AFTER:
            self._read(now)
            self._due_at = next_look(now, READ_EVERY)

    def _watch(self) -> None:
        while True:
            self.look(time.monotonic())
            time.sleep(LOOK_EVERY)

    def _read(self, now: float) -> None:
        try:
            if self._connection is None:
                self._connection = connect(self._dsn, "jobs: metrics")
                self._connection.execute(STATEMENT_TIMEOUT, prepare=False)
            connection = self._connection
            depths = run(connection, gauges.queue_depths(MOST_COUNTED))
            depths += self._read_pg_boss(connection)
            health = run(connection, gauges.cluster_health())
            dead_rows = run(connection, gauges.dead_rows())
            self.reading = Reading(depths, health, dead_rows, _pauses(connection), now)
            self._trouble = ""
        except psycopg.errors.QueryCanceled:
            logger.warning("the queues could not be counted within a second")
        except psycopg.Error as error:
            self._disconnect()
            self._say(" ".join(str(error).split()))

    def _say(self, trouble: str) -> None:
        """Once while it lasts: whoever looks every few seconds would fill the log with it."""
        if trouble != self._trouble:
            self._trouble = trouble
            logger.warning("the figures of the cluster cannot be read: %s", trouble)

    def _read_pg_boss(self, connection: Connection) -> list[Depth]:
        """As much as could be counted: its tables hold days of history, and are not ours."""
        schema = self._pg_boss_schema
        try:
            if schema is not None:
                self._at_pg_boss = pgboss_gauges.queue_depths(connection, schema, MOST_COUNTED)
        except psycopg.errors.QueryCanceled:
            logger.warning("the jobs in %s.job could not be counted within a second", schema)
        return self._at_pg_boss

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _pauses(connection: Connection) -> list[Pause]:
    """None for a role that may not look: those of earlier versions did not."""
    try:
        return run(connection, PostgresExecutor().paused())
    except psycopg.errors.InsufficientPrivilege:
        return []


class ClusterCollector(Collector):
    """Makes metric families of the last reading; a queue that is empty by now shows 0.

    Args:
        watch: what reads.
    """

    def __init__(self, watch: ClusterWatch) -> None:
        self._watch = watch
        self._known: set[tuple[str, str]] = set()

    def collect(self) -> Iterator[Metric]:
        """All families; without samples while another host leads, with their age alone if old."""
        now = self._watch.scraped_at = time.monotonic()
        reading = self._watch.reading
        if reading is None or now - reading.read_at > STALE_AFTER:
            yield from (family_of(each) for each in metrics.CLUSTER if each is not metrics.VIEW_AGE)
            yield _age_of(reading, now)
            return
        yield from self._queues(reading)
        health = reading.health
        for metric, value in (
            (metrics.SUPERVISORS, health.supervisors),
            (metrics.CAPACITY, health.workers),
            (metrics.HORIZON_SECONDS, health.horizon_seconds),
            (metrics.HORIZON_TRANSACTIONS, health.horizon_transactions),
            (metrics.PARTITIONS, health.partitions),
            (metrics.DAYS_AHEAD, health.days_ahead),
        ):
            family = family_of(metric)
            family.add_metric([], value)
            yield family
        dead_rows = family_of(metrics.DEAD_ROWS)
        for table, rows in reading.dead_rows.items():
            dead_rows.add_metric([table], rows)
        yield dead_rows
        yield _age_of(reading, now)

    def _queues(self, reading: Reading) -> Iterator[Metric]:
        jobs: dict[tuple[str, str, str], int] = {}
        waited: dict[tuple[str, str], float] = {}
        unhandled: dict[tuple[str, str], int] = {}
        for depth in reading.depths:
            pair = self._bounded((depth.queue, depth.name))
            paused = depth.state == "ready" and is_paused(depth.queue, depth.name, reading.pauses)
            state = "paused" if paused else depth.state
            jobs[*pair, state] = jobs.get((*pair, state), 0) + depth.jobs
            waited[pair] = max(waited.get(pair, 0.0), 0.0 if paused else depth.waited)
            waits = depth.jobs if depth.state != "active" and not depth.handled else 0
            unhandled[pair] = unhandled.get(pair, 0) + waits
        depths, ages, orphans = map(family_of, (metrics.DEPTH, metrics.OLDEST, metrics.UNHANDLED))
        for pair in sorted(self._known):
            for state in STATES:
                depths.add_metric([*pair, state], jobs.get((*pair, state), 0))
            ages.add_metric(pair, waited.get(pair, 0.0))
            orphans.add_metric(pair, unhandled.get(pair, 0))
        yield from (depths, ages, orphans)

    def _bounded(self, pair: tuple[str, str]) -> tuple[str, str]:
        if pair not in self._known and len(self._known) >= MOST_SERIES:
            pair = OTHER
        self._known.add(pair)
        return pair


def _age_of(reading: Reading | None, now: float) -> Metric:
    family = family_of(metrics.VIEW_AGE)
    if reading is not None:
        family.add_metric([], now - reading.read_at)
    return family
