from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone

import pytest

from jobs_runtime import Jobs
from jobs_runtime.options import DEFAULTS, Follower, Options, OptionValues, merge


class TestBuiltIn:
    def test_the_defaults_are_those_that_are_documented(self) -> None:
        assert (
            merge()
            == DEFAULTS
            == Options(
                priority=0,
                retry_limit=0,
                retry_delay=0.0,
                retry_backoff=False,
                retry_max_delay=None,
                expire_in=900.0,
                start_after=None,
                singleton_key=None,
                singleton_queue=False,
                singleton_seconds=None,
                singleton_next_slot=False,
                keep_for=None,
                keep_finished_for=None,
                on_complete=None,
                dead_letter=None,
            )
        )

    def test_every_documented_option_has_a_default_and_is_accepted(self) -> None:
        keys = OptionValues.__optional_keys__
        assert keys == frozenset(Options.__struct_fields__)
        assert merge({key: getattr(DEFAULTS, key) for key in keys}) == DEFAULTS


class TestOrder:
    def test_the_stronger_layer_wins_key_by_key(self) -> None:
        merged = merge(
            {"priority": 1, "retry_limit": 1, "expire_in": 1},
            {"priority": 2, "retry_limit": 2},
            {"priority": 3},
        )
        assert (merged.priority, merged.retry_limit, merged.expire_in) == (3, 2, 1.0)

    @pytest.mark.parametrize(
        ("strongest", "expected"),
        [("built-in", 0), ("defaults", 1), ("job", 2), ("delay", 3), ("submit", 4)],
    )
    def test_built_in_then_jobs_then_job_then_delay_then_submit(
        self, strongest: str, expected: int
    ) -> None:
        names = ["built-in", "defaults", "job", "delay", "submit"]
        given = names[: names.index(strongest) + 1]
        jobs = Jobs(priority=1) if "defaults" in given else Jobs()
        declare = jobs.job(priority=2) if "job" in given else jobs.job

        def noop() -> None: ...

        submitter = declare(noop)
        layers: list[Mapping[str, object]] = [*submitter.delay(0).layers]
        if "delay" in given:
            layers[-1] = {**layers[-1], "priority": 3}
        if "submit" in given:
            layers.append({"priority": 4})
        assert merge(*layers).priority == expected

    def test_the_delay_of_submit_beats_that_of_delay_beats_that_of_the_job(self) -> None:
        jobs = Jobs(start_after=1)

        @jobs.job(start_after=2)
        def noop() -> None: ...

        assert merge(*noop.layers).start_after == 2.0
        assert merge(*noop.delay(3).layers).start_after == 3.0
        assert merge(*noop.delay(3).delay(4).layers).start_after == 4.0
        assert merge(*noop.delay(3).layers, {"start_after": 5}).start_after == 5.0
        assert merge(*noop.delay(3).layers, {"start_after": None}).start_after is None

    def test_delay_leaves_the_job_as_it_was(self) -> None:
        jobs = Jobs()

        @jobs.job
        def noop() -> None: ...

        noop.delay(10)
        assert merge(*noop.layers) == DEFAULTS


class TestExplicitNothing:
    @pytest.mark.parametrize(
        ("key", "weaker", "nothing", "expected"),
        [
            ("priority", 9, 0, 0),
            ("retry_limit", 9, 0, 0),
            ("retry_delay", 9, 0, 0.0),
            ("retry_backoff", True, False, False),
            ("retry_max_delay", 9, None, None),
            ("retry_max_delay", 9, 0, 0.0),
            ("start_after", 9, None, None),
            ("singleton_key", "a", None, None),
            ("singleton_seconds", 9, None, None),
            ("start_after", 9, 0, 0.0),
        ],
    )
    def test_an_explicit_zero_is_zero_and_not_unset(
        self, key: str, weaker: object, nothing: object, expected: object
    ) -> None:
        assert getattr(merge({key: weaker}, {key: nothing}), key) == expected


class TestImplied:
    @pytest.mark.parametrize(
        ("values", "limit", "delay"),
        [
            ({}, 0, 0.0),
            ({"retry_delay": 5}, 1, 5.0),
            ({"retry_delay": timedelta(minutes=1)}, 1, 60.0),
            ({"retry_backoff": True}, 1, 1.0),
            ({"retry_backoff": True, "retry_delay": 7}, 1, 7.0),
            ({"retry_backoff": True, "retry_delay": 0}, 1, 1.0),
            ({"retry_delay": 0}, 0, 0.0),
            ({"retry_backoff": False}, 0, 0.0),
            ({"retry_max_delay": 5}, 0, 0.0),
            ({"retry_delay": 5, "retry_limit": 0}, 0, 5.0),
            ({"retry_backoff": True, "retry_limit": 0}, 0, 1.0),
            ({"retry_delay": 5, "retry_limit": 4}, 4, 5.0),
        ],
    )
    def test_a_delay_or_backoff_implies_one_retry_unless_a_limit_is_given(
        self, values: dict[str, object], limit: int, delay: float
    ) -> None:
        merged = merge(values)
        assert (merged.retry_limit, merged.retry_delay) == (limit, delay)

    def test_a_limit_given_in_a_weaker_layer_counts_as_given(self) -> None:
        assert merge({"retry_limit": 0}, {"retry_delay": 5}).retry_limit == 0

    def test_a_delay_taken_back_implies_nothing(self) -> None:
        assert merge({"retry_delay": 5}, {"retry_delay": 0}).retry_limit == 0


class TestFollowers:
    def test_a_job_or_its_name_is_kept_as_queue_and_name(self) -> None:
        @Jobs().job(name="tidy", queue="slow")
        def tidy() -> None: ...

        assert merge({"on_complete": tidy}).on_complete == Follower("slow", "tidy")
        assert merge({"dead_letter": "tidy"}).dead_letter == Follower("tidy", "tidy")
        assert merge({"on_complete": tidy}, {"on_complete": None}).on_complete is None


class TestMoments:
    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            (0, 0.0),
            (10, 10.0),
            (0.25, 0.25),
            (timedelta(minutes=2), 120.0),
            (datetime(2030, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)),
            (
                datetime(2030, 1, 1, tzinfo=timezone(timedelta(hours=5, minutes=45))),
                datetime(2029, 12, 31, 18, 15, tzinfo=UTC),
            ),
            ("2030-01-01T00:00:00Z", datetime(2030, 1, 1, tzinfo=UTC)),
            ("2030-01-01T00:00:00+01:00", datetime(2029, 12, 31, 23, tzinfo=UTC)),
            ("2030-01-01T00:00:00-03:30", datetime(2030, 1, 1, 3, 30, tzinfo=UTC)),
            ("20300101T000000+0000", datetime(2030, 1, 1, tzinfo=UTC)),
            ("2030-01-01 00:00:00.5+14:00", datetime(2029, 12, 31, 10, 0, 0, 500_000, tzinfo=UTC)),
        ],
    )
    def test_a_moment_is_seconds_from_now_or_utc(
        self, given: object, expected: float | datetime
    ) -> None:
        assert merge({"start_after": given}).start_after == expected
