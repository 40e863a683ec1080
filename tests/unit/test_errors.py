"""Errors as other processes and people see them."""

from __future__ import annotations

import pickle

import pytest

from jobs_runtime import JobFailed, RetryAfter, Snooze


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (JobFailed("render 7 failed", "failed", {"name": "ValueError"}), "render 7 failed"),
        (RetryAfter(5), "again after 5 s"),
        (RetryAfter(5, "busy"), "busy"),
        (Snooze(60), "snoozed for 60 s"),
    ],
)
def test_an_error_comes_back_from_another_process_as_it_was(error: Exception, text: str) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error) == text
    assert vars(again) == vars(error)
