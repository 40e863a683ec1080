"""RQ's jobs and producer."""

from __future__ import annotations

import os

from redis import Redis
from rq import Queue, Retry

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


def _options(job: str) -> dict:
    # Without it the job of a worker that dies is not performed again.
    return {**KEPT, "retry": Retry(max=3)} if job == "work" else KEPT


def submit(job: str, args: dict, priority: int) -> None:
    queue.enqueue_call(JOBS[job], (args,), **_options(job))


def submit_many(job: str, many: list[dict]) -> None:
    options = _options(job)
    queue.enqueue_many([Queue.prepare_data(JOBS[job], (args,), **options) for args in many])
