from __future__ import annotations

import pytest

from jobs_runtime.errors import (
    ConfigurationError,
    SchemaError,
    SchemaMissing,
    SchemaOutdated,
    SchemaTooNew,
)
from jobs_runtime.executors.pgboss.schema import Mode, bind, checked, judge
from jobs_runtime.executors.pgboss.schema.fitness import NEEDED

ALL = {
    mode: {(table, column) for table, names in NEEDED[mode].items() for column in names.split()}
    for mode in Mode
}


def refusal(version: int | None, columns: set[tuple[str, str]], error: type[SchemaError]) -> str:
    with pytest.raises(error) as caught:
        judge("pgboss", version, columns)
    assert type(caught.value) is error
    assert "\n" not in str(caught.value)
    return str(caught.value)


class TestJudging:
    def test_twenty_is_used_in_full(self) -> None:
        fitness = judge("pgboss", 20, ALL[Mode.FULL])
        assert (fitness.mode, fitness.warning) == (Mode.FULL, None)

    @pytest.mark.parametrize("version", [25, 37, 46])
    def test_those_of_11_and_12_are_worked_on(self, version: int) -> None:
        fitness = judge("pgboss", version, ALL[Mode.WORKER])
        assert (fitness.mode, fitness.warning) == (Mode.WORKER, None)

    def test_flows_are_left_to_node_where_workers_have_to_know_them(self) -> None:
        assert "12.22 or newer" in (judge("pgboss", 31, ALL[Mode.WORKER]).warning or "")
        assert judge("pgboss", 33, ALL[Mode.WORKER]).warning is None

    def test_newer_ones_are_worked_on_with_a_warning(self) -> None:
        fitness = judge("pgboss", 47, ALL[Mode.WORKER])
        assert fitness.mode is Mode.WORKER
        assert "47, newer than any this code was tried on (46)" in (fitness.warning or "")

    @pytest.mark.parametrize("version", [21, 24])
    def test_those_of_10_are_refused_with_the_reason(self, version: int) -> None:
        message = refusal(version, ALL[Mode.WORKER], SchemaOutdated)
        assert f"version {version}, of pg-boss 10" in message
        assert "leave its jobs to Node" in message

    def test_older_ones_are_refused(self) -> None:
        assert "start a pg-boss 8.4.2" in refusal(19, ALL[Mode.FULL], SchemaOutdated)

    def test_none_is_told_what_to_do(self) -> None:
        assert "run `jobs-supervisor migrate" in refusal(None, set(), SchemaMissing)

    def test_a_missing_column_is_named(self) -> None:
        full, worker = ALL[Mode.FULL], ALL[Mode.WORKER]
        assert "job.expirein" in refusal(20, full - {("job", "expirein")}, SchemaError)
        assert "queue.policy" in refusal(46, worker - {("queue", "policy")}, SchemaError)
        message = refusal(99, worker - {("job", "retry_count")}, SchemaTooNew)
        assert "job.retry_count; upgrade jobs-runtime" in message


class TestNames:
    @pytest.mark.parametrize("name", ["pgboss", "MyBoss_2", "_", "a" * 50])
    def test_usable(self, name: str) -> None:
        assert checked(name) == name
        assert bind(b"SELECT FROM {schema}.job", name) == f"SELECT FROM {name}.job".encode()

    @pytest.mark.parametrize("name", ["", "a" * 51, "my boss", "boss;--", "2nd", "bôss"])
    def test_refused(self, name: str) -> None:
        with pytest.raises(ConfigurationError, match="up to 50 letters"):
            checked(name)
