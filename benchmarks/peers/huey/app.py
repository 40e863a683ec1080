"""Huey's tasks and producer."""

from __future__ import annotations

import os

from huey import RedisHuey

from benchmarks.inside import heavy as heavy
from benchmarks.inside import work as inside

huey = RedisHuey("bench", results=False, url=os.environ["REDIS_URL"])


@huey.task()
def noop(args: dict) -> None:
    inside.count()


@huey.task()
def work(args: dict) -> None:
    inside.perform(args)


TASKS = {"noop": noop, "work": work}


def setup() -> None:
    """Redis needs none."""


def submit(job: str, args: dict, priority: int) -> None:
    TASKS[job](args)


def submit_many(job: str, many: list[dict]) -> None:
    for args in many:
        TASKS[job](args)
