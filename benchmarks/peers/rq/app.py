"""RQ's jobs and producer."""

from __future__ import annotations

import os

from redis import Redis
from rq import Queue

from benchmarks.inside import heavy as heavy
from benchmarks.inside import work as inside

queue = Queue("default", connection=Redis.from_url(os.environ["REDIS_URL"]))


def noop(args: dict) -> None:
    inside.count()


def work(args: dict) -> None:
    inside.perform(args)


JOBS = {"noop": noop, "work": work}
KEPT = {"result_ttl": 0, "failure_ttl": 0}


def setup() -> None:
    """Redis needs none."""


def submit(job: str, args: dict, priority: int) -> None:
    queue.enqueue_call(JOBS[job], (args,), **KEPT)


def submit_many(job: str, many: list[dict]) -> None:
    queue.enqueue_many([Queue.prepare_data(JOBS[job], (args,), **KEPT) for args in many])
