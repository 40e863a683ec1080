from __future__ import annotations

import pytest

from jobs_runtime import Jobs
from jobs_runtime.errors import ConfigurationError
from jobs_supervisor.serving import Serving

jobs = Jobs("postgresql://nowhere")


@jobs.job(queue="post")
def write_letter() -> None: ...


@jobs.job(queue="post")
def write_card() -> None: ...


@jobs.job
def render() -> None: ...


def served(only: str | None, excluded: str | None) -> list[str]:
    return list(Serving(only, excluded).of(jobs.declared))


def test_every_job_is_performed_unless_queues_are_chosen() -> None:
    assert served(None, None) == ["write_letter", "write_card", "render"]


@pytest.mark.parametrize(
    ("only", "excluded", "names"),
    [
        ("post", None, ["write_letter", "write_card"]),
        ("render, post", None, ["write_letter", "write_card", "render"]),
        (None, "post", ["render"]),
    ],
)
def test_the_jobs_of_the_queues_chosen(
    only: str | None, excluded: str | None, names: list[str]
) -> None:
    assert served(only, excluded) == names


@pytest.mark.parametrize(
    ("only", "excluded", "says"),
    [
        ("pots", None, r"--only-queues: no declared job waits in 'pots'; did you mean 'post'\?"),
        (None, "rendr", r"--exclude-queues: .* 'rendr'; did you mean 'render'\?"),
        ("", None, "--only-queues takes queues with commas between, not ''"),
        ("post,", None, "--only-queues takes queues with commas between, not 'post,'"),
        ("post", "render", "give --only-queues or --exclude-queues, not both"),
        (None, "post,render", "--exclude-queues leaves no queue"),
    ],
)
def test_a_choice_that_cannot_be_meant(only: str | None, excluded: str | None, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        served(only, excluded)
