from __future__ import annotations

import pytest

from jobs_runtime.errors import OptionError
from jobs_runtime.executors.pgboss.send_options import from_node, key_from_node, to_node
from jobs_runtime.options import merge


class TestFromNode:
    def test_each_has_a_name_here(self) -> None:
        assert from_node(
            {
                "priority": 3,
                "retryLimit": 2,
                "retryDelay": 5,
                "retryBackoff": True,
                "expireInMinutes": 2,
                "retentionDays": 1,
                "startAfter": "2030-01-01T00:00:00Z",
                "singletonKey": "k",
                "useSingletonQueue": True,
                "onComplete": True,
                "tz": "Europe/Amsterdam",
            }
        ) == {
            "priority": 3,
            "retry_limit": 2,
            "retry_delay": 5,
            "retry_backoff": True,
            "expire_in": 120.0,
            "keep_for": 86400.0,
            "start_after": "2030-01-01T00:00:00Z",
            "singleton_key": "k",
            "singleton_queue": True,
            "on_complete": True,
        }

    def test_of_several_units_the_largest_counts(self) -> None:
        assert from_node({"expireInSeconds": 30, "expireInHours": 1}) == {"expire_in": 3600.0}

    @pytest.mark.parametrize(
        "ignored",
        [
            {"useSingletonQueue": True},
            {"singletonNextSlot": True},
            {"startAfter": 0},
            {"startAfter": -5},
            {"singletonSeconds": 0},
            {"priority": None},
            {"unheard": "of"},
        ],
    )
    def test_what_pg_boss_ignores_is_ignored(self, ignored: dict[str, object]) -> None:
        assert from_node(ignored) == {}

    def test_a_length_that_is_none_is_refused(self) -> None:
        with pytest.raises(OptionError, match="expireInSeconds takes a number, not 'soon'"):
            from_node({"expireInSeconds": "soon"})


def test_there_and_back() -> None:
    ours: dict[str, object] = {
        "priority": 1,
        "retry_limit": 4,
        "retry_delay": 2,
        "expire_in": 60,
        "keep_for": 3600,
        "singleton_key": "k",
        "singleton_queue": True,
        "on_complete": True,
    }
    assert merge(from_node(to_node(merge(ours)))) == merge(ours)
    assert to_node(merge()) == {"retryLimit": 0, "expireInSeconds": 900}


def test_what_is_built_in_holds_against_defaults_of_a_constructor() -> None:
    theirs: dict[str, object] = {"retry_limit": 5, "expire_in": 60}
    ours = merge({"retry_limit": 0, "expire_in": 900})
    assert merge(theirs, from_node(to_node(ours))) == ours


def test_no_retries_are_none_though_they_had_a_delay() -> None:
    none: dict[str, object] = {"retry_limit": 0}
    delayed: dict[str, object] = {**none, "retry_delay": 10, "retry_backoff": True}
    assert to_node(merge(delayed)) == to_node(merge(none))


def test_keys_as_they_are_stored() -> None:
    assert key_from_node(None) == {}
    assert key_from_node("k") == {"singleton_key": "k"}
    queued = {"singleton_key": "k", "singleton_queue": True}
    assert key_from_node("__pgboss__singleton_queuek") == queued
    assert key_from_node("__pgboss__singleton_queue") == {
        "singleton_key": "__pgboss__singleton_queue",
        "singleton_queue": True,
    }
