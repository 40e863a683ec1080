"""Tables made by us are as pg-boss makes them, and each pg-boss of their version starts on them."""

from __future__ import annotations

import pytest

from jobs_runtime.database import Connection, connect
from jobs_runtime.errors import SchemaError, SchemaOutdated
from jobs_runtime.executors.pgboss.schema import Mode, check, create
from jobs_runtime.executors.pgboss.tuning import tune, undo
from tests.interop.conftest import StartNode

pytestmark = pytest.mark.interop

CATALOG = """
SELECT 'column', relname || '.' || attnum || ' ' || attname,
       format_type(atttypid, atttypmod) || ' ' || attnotnull || ' '
       || coalesce(pg_get_expr(adbin, adrelid), '')
FROM pg_class
JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE relnamespace = 'pgboss'::regnamespace AND relkind = 'r'
UNION ALL
SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'pgboss'
UNION ALL
SELECT 'constraint', conname, pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = 'pgboss'::regnamespace
UNION ALL
SELECT 'state', enumlabel, enumsortorder::text
FROM pg_enum WHERE enumtypid = 'pgboss.job_state'::regtype
UNION ALL
SELECT 'function', proname, '' FROM pg_proc WHERE pronamespace = 'pgboss'::regnamespace
UNION ALL
SELECT 'version', version::text, '' FROM pgboss.version
ORDER BY 1, 2
"""
EVERY_OBJECT = 90
"""There are more columns, indexes and the rest than this: the comparison is not of nothing."""


def catalog(connection: Connection) -> list[tuple[object, ...]]:
    return connection.execute(CATALOG, prepare=False).fetchall()


@pytest.mark.parametrize("version", ["pg-boss-8", "pg-boss-9"])
def test_ours_are_nodes(
    version: str, dsn: str, empty_dsn: str, boss: Connection, start_node: StartNode
) -> None:
    ours = catalog(boss)
    assert len(ours) > EVERY_OBJECT
    on_ours = start_node(version, dsn)
    start_node(version, empty_dsn)
    with connect(empty_dsn, "tests") as connection:
        assert catalog(connection) == ours
    assert catalog(boss) == ours
    on_ours.work("echo")
    job_id = on_ours.send("echo", {"n": 1})
    assert on_ours.performed.get(timeout=20)["id"] == job_id
    assert on_ours.errors == []


def test_theirs_are_found_and_left_alone(empty_dsn: str, start_node: StartNode) -> None:
    start_node("pg-boss-8", empty_dsn, schema="Wasp")
    with connect(empty_dsn, "tests") as connection:
        assert not create(connection, "Wasp")
        assert check(connection, "Wasp").mode is Mode.FULL


def test_a_tuned_table_serves_node(boss: Connection, dsn: str, start_node: StartNode) -> None:
    before = catalog(boss)
    tune(boss, "pgboss")
    node = start_node("pg-boss-8", dsn)
    node.work("echo")
    job_id = node.send("echo", {"give": 7})
    node.performed.get(timeout=20)
    undo(boss, "pgboss")
    assert catalog(boss) == before
    assert node.errors == []
    assert node.job(job_id) is not None


def test_those_of_12_are_worked_on_and_those_of_10_are_not(
    empty_dsn: str, start_node: StartNode
) -> None:
    start_node("pg-boss-12", empty_dsn)
    with connect(empty_dsn, "tests") as connection:
        fitness = check(connection, "pgboss")
        assert (fitness.version, fitness.mode, fitness.warning) == (46, Mode.WORKER, None)
        assert not create(connection, "pgboss")
        with pytest.raises(SchemaError, match="belongs to pg-boss 11 or 12"):
            tune(connection, "pgboss")
        connection.execute("UPDATE pgboss.version SET version = 24")
        with pytest.raises(SchemaOutdated, match="pg-boss 10"):
            check(connection, "pgboss")
