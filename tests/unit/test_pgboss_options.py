from __future__ import annotations

import json
from typing import Any

import pytest

from jobs_runtime import ConfigurationError, Jobs, OptionError
from jobs_runtime.executors.pgboss.new_options import NewOptions, parse


def test_without_the_variable_everything_is_as_pg_boss_has_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PG_BOSS_NEW_OPTIONS", raising=False)
    options = Jobs().pg_boss.new_options
    assert options == NewOptions(None, "pgboss", {}, 43_200.0, 43_200.0, 604_800.0)


@pytest.mark.parametrize(
    ("given", "dsn"),
    [
        ({}, None),
        ({"max": 5, "application_name": "pgboss"}, None),
        (
            {"connectionString": "postgresql://a:b@h:6/d"},
            "user=a password=b dbname=d host=h port=6",
        ),
        (
            {"connectionString": "postgres://h/d", "ssl": {"rejectUnauthorized": False}},
            "dbname=d host=h sslmode=require",
        ),
        (
            {"host": "h", "port": 6, "user": "a", "password": "b c", "database": "d", "ssl": True},
            "host=h port=6 user=a password='b c' dbname=d sslmode=require",
        ),
        ({"connectionString": "postgres://h/d", "ssl": False}, "dbname=d host=h sslmode=disable"),
        (
            {"connectionString": "postgres://h/d?sslmode=no-verify"},
            "dbname=d host=h sslmode=require",
        ),
    ],
)
def test_where_the_database_is(given: Any, dsn: str | None) -> None:
    found = parse(json.dumps(given)).dsn
    assert sorted((found or "").split()) == sorted((dsn or "").split())


def test_of_several_units_the_largest_counts() -> None:
    options = parse(
        json.dumps(
            {
                "schema": "boss",
                "expireInSeconds": 30,
                "expireInHours": 2,
                "retentionDays": 3,
                "retryLimit": 2,
                "retryDelay": 5,
                "retryBackoff": True,
                "onComplete": True,
                "archiveCompletedAfterSeconds": 60,
                "deleteAfterHours": 1,
            }
        )
    )
    assert (options.schema, options.archive_after, options.delete_after) == ("boss", 60, 3600)
    assert options.archive_failed_after == 60
    assert options.defaults == {
        "expire_in": 7200,
        "keep_for": 3 * 86400,
        "retry_limit": 2,
        "retry_delay": 5,
        "retry_backoff": True,
        "on_complete": True,
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"schema": "a",}', r"is not JSON: .* at line 1 column 1[56], near"),
        ("[1]", "must be a JSON object"),
        ('{"schema": "a-b"}', "'a-b' cannot be used"),
        ('{"schema": 7}', "schema takes a string, not 7"),
        ('{"expireInSeconds": 0}', "expireInSeconds takes a number of 1 or more, not 0"),
        ('{"retryLimit": "2"}', "retry_limit takes a whole number, not '2'"),
        ('{"host": "h", "ssl": "yes"}', "ssl takes true, false or an object, not 'yes'"),
        ('{"connectionString": "postgres://[h"}', "the connection .* does not parse"),
        ('{"host": "h", "ssl": {"ca": "PEM"}}', "set PGSSLROOTCERT to its path"),
    ],
)
def test_what_cannot_be_used_is_said(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        parse(text)


def test_a_certificate_in_a_file_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSLROOTCERT", "/etc/ca.pem")
    assert parse('{"host": "h", "ssl": {"ca": "PEM"}}').dsn == "host=h sslmode=verify-full"


def test_a_slot_may_be_as_long_as_node_remembers_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PG_BOSS_NEW_OPTIONS", '{"archiveCompletedAfterHours": 1}')
    jobs = Jobs()
    jobs.job(executor="PgBoss", name="short", singleton_seconds=3600)(lambda: None)
    with pytest.raises(OptionError, match="more than 1 hours"):
        jobs.job(executor="PgBoss", name="long", singleton_seconds=7200)(lambda: None)


def test_they_are_weaker_than_what_the_code_says(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"connectionString": "postgres://h/d", "retryLimit": 4, "expireInSeconds": 30}
    monkeypatch.setenv("PG_BOSS_NEW_OPTIONS", json.dumps(given))
    jobs = Jobs(expire_in=60)
    theirs = jobs.job(executor="PgBoss", name="theirs")(lambda: None)
    ours = jobs.job(name="ours")(lambda: None)
    options = theirs.options_for(*theirs.layers)
    assert (options.retry_limit, options.expire_in) == (4, 60)
    assert ours.options_for(*ours.layers).retry_limit == 0
    assert jobs.database.given_dsn == "dbname=d host=h"
    assert theirs.options_for(*theirs.layers, {"retry_limit": 0}).retry_limit == 0


def test_a_dsn_of_the_code_beats_that_of_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PG_BOSS_NEW_OPTIONS", '{"connectionString": "postgres://h/d"}')
    jobs = Jobs("postgresql://mine/shop")
    jobs.job(executor="PgBoss", name="theirs")(lambda: None)
    assert jobs.database.given_dsn == "postgresql://mine/shop"


def test_a_bad_one_is_told_when_a_job_is_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PG_BOSS_NEW_OPTIONS", "{")
    with pytest.raises(ConfigurationError, match="PG_BOSS_NEW_OPTIONS is not JSON"):
        Jobs().job(executor="PgBoss", name="theirs")(lambda: None)
