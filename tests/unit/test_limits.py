from __future__ import annotations

import pytest

from jobs_runtime import DeclarationError, Jobs, OptionError, Schedule
from jobs_runtime.limits import Limits, Rate, read_limits


def noop() -> None:
    """Nothing."""


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("100/1m", Rate(100, 60)),
        ("5/s", Rate(5, 1)),
        ("1000/2h", Rate(1000, 7200)),
        ("1/1d", Rate(1, 86400)),
    ],
)
def test_a_rate_is_a_count_and_a_window(text: str, rate: Rate) -> None:
    assert read_limits("name", None, text) == Limits(None, rate)


@pytest.mark.parametrize("text", ["", "5", "5/", "/s", "5/1w", "-1/s", "0.5/s", "5 / s", 5])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(
        DeclarationError, match=r"rate takes a count and a window, such as '100/1m'"
    ):
        read_limits("name", None, text)


@pytest.mark.parametrize("text", ["0/s", "5/0s", "5/2d", "100001/1h"])
def test_a_rate_has_bounds(text: str) -> None:
    with pytest.raises(DeclarationError, match="a rate is 1 to 100,000 in at most a day"):
        read_limits("name", None, text)


@pytest.mark.parametrize("concurrency", [0, -1, 1.5, True, "2"])
def test_concurrency_is_a_count(concurrency: int) -> None:
    with pytest.raises(DeclarationError, match="concurrency takes 1 or more"):
        read_limits("name", concurrency, None)


def test_without_limits_there_are_none() -> None:
    assert read_limits("name", None, None) is None
    assert Jobs().job(noop).limits is None


@pytest.mark.parametrize("limited_first", [True, False])
def test_limits_need_a_queue_of_their_own(limited_first: bool) -> None:
    jobs = Jobs()
    limits = [1, None] if limited_first else [None, 1]
    jobs.job(name="one", queue="shared", concurrency=limits[0])(noop)
    with pytest.raises(DeclarationError, match="has limits and so needs a queue of its own"):
        jobs.job(name="two", queue="shared", concurrency=limits[1])(noop)


def test_a_key_without_limits_is_refused() -> None:
    with pytest.raises(OptionError, match="declare it with concurrency= or rate="):
        Jobs().job(noop).options_for({"limit_key": "a"})


def test_a_key_without_limits_is_refused_where_it_is_declared() -> None:
    scheduled = Schedule("@daily", options={"limit_key": "a"})
    message = "^job noop has no limits for its limit_key: "
    with pytest.raises(OptionError, match=message):
        Jobs().job(limit_key="a")(noop)
    with pytest.raises(OptionError, match=message):
        Jobs().job(schedule=scheduled)(noop)
    by_default = Jobs(limit_key="a")
    with pytest.raises(OptionError, match=message):
        by_default.job(noop)
    free = by_default.job(limit_key=None)(noop)
    limited = by_default.job(name="limited", rate="1/s")(noop)
    assert [job.options_for(*job.layers).limit_key for job in (free, limited)] == [None, "a"]


def test_pg_boss_has_its_own_word_for_a_key() -> None:
    job = Jobs().job(name="work", executor="PgBoss")(noop)
    with pytest.raises(OptionError, match="the executor PgBoss cannot keep limit_key"):
        job.options_for({"limit_key": "a"})


def test_a_job_with_limits_counts_under_a_key() -> None:
    limited = Jobs().job(name="limited", concurrency=1)(noop)
    assert limited.options_for().limit_key == ""
    assert limited.options_for({"limit_key": "a"}).limit_key == "a"
