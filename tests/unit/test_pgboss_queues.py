"""Jobs for queues that have options of their own: what they say, and what they may not."""

from __future__ import annotations

from typing import Any

import pytest

from jobs_runtime import Jobs, Schedule
from jobs_runtime.errors import DeclarationError, OptionError, SchemaError
from jobs_runtime.executors.pgboss.queue_rows import submission_row
from jobs_runtime.executors.pgboss.queue_rules import check_jobs, check_options
from jobs_runtime.model import Submission
from jobs_runtime.options import merge

LEFT_TO_THE_QUEUE = ("keep_for", "expire_in", "retry_limit", "retry_delay", "retry_backoff")


def said(*layers: dict[str, object]) -> dict[str, Any]:
    row = submission_row(Submission("a", "a", None, merge(*layers), layers=layers))
    return {key: row[key] for key in LEFT_TO_THE_QUEUE}


class TestWhatIsSaid:
    def test_nothing_is_left_to_the_queue(self) -> None:
        assert said({}) == dict.fromkeys(LEFT_TO_THE_QUEUE)
        assert said({"retry_delay": 5}) == {**said({}), "retry_delay": 5}

    def test_what_is_built_in_is_said_by_who_writes_it(self) -> None:
        given: dict[str, object] = {"retry_limit": 0, "expire_in": 900, "retry_backoff": False}
        assert said(given, {}) == {**said({}), **given}

    def test_the_strongest_layer_wins(self) -> None:
        assert said({"retry_limit": 3}, {"retry_limit": 0})["retry_limit"] == 0


class TestOptions:
    @pytest.mark.parametrize(
        "fine", [{}, {"singleton_seconds": 60}, {"singleton_seconds": 60, "singleton_key": "k"}]
    )
    def test_fine(self, fine: dict[str, object]) -> None:
        check_options("report", merge(fine))

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ({"on_complete": True}, "no completion jobs"),
            ({"singleton_key": "k"}, "give singleton_seconds, too"),
            ({"singleton_key": "k", "singleton_queue": True}, "suppresses nothing"),
            ({"expire_in": 1.5}, "whole seconds, not 1.5"),
        ],
    )
    def test_refused(self, given: dict[str, object], message: str) -> None:
        with pytest.raises(OptionError, match=message) as caught:
            check_options("report", merge(given))
        assert str(caught.value).startswith("job report: ")
        assert "\n" not in str(caught.value)


class TestDeclarations:
    def look(self, policies: dict[str, str], **declared: Any) -> list[str]:
        jobs = Jobs("postgresql://nowhere.invalid/")
        jobs.job(executor="PgBoss", name="report", **declared)(lambda: None)
        return check_jobs(jobs.pg_boss_jobs, policies, "pgboss")

    def test_a_standard_queue(self) -> None:
        assert self.look({"report": "standard"}) == []

    def test_a_queue_that_is_still_to_be_made(self) -> None:
        (warning,) = self.look({})
        assert "await boss.createQueue('report')" in warning
        assert """pgboss.create_queue('report', '{"policy": "standard"}')""" in warning

    def test_other_policies(self) -> None:
        with pytest.raises(SchemaError, match="'report' of pg-boss has the policy 'singleton'"):
            self.look({"report": "singleton"})

    def test_schedules(self) -> None:
        with pytest.raises(DeclarationError, match=r"boss\.schedule\('report', '0 9 \* \* \*'\)"):
            self.look({"report": "standard"}, schedule=Schedule("0 9 * * *"))
