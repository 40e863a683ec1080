"""Celery's tasks and producer."""

from __future__ import annotations

import os

from celery import Celery

from benchmarks.inside import heavy as heavy
from benchmarks.inside import work as inside

LATE = bool(os.environ.get("BENCH_LATE"))
LEAST_URGENT = 9
"""Of 0 to 9 on Redis; without one a task is as urgent as 0."""

app = Celery("bench", broker=os.environ["REDIS_URL"])
app.conf.update(
    task_ignore_result=True,
    task_acks_late=LATE,
    task_reject_on_worker_lost=LATE,
    worker_disable_rate_limits=True,
    broker_connection_retry_on_startup=True,
    broker_transport_options={"queue_order_strategy": "priority"},
)


@app.task(name="noop")
def noop(args: dict) -> None:
    inside.count()


@app.task(name="work")
def work(args: dict) -> None:
    inside.perform(args)


TASKS = {"noop": noop, "work": work}


def setup() -> None:
    """Redis needs none."""


def submit(job: str, args: dict, priority: int) -> None:
    TASKS[job].apply_async((args,), priority=LEAST_URGENT - 3 * priority)


def submit_many(job: str, many: list[dict]) -> None:
    with app.producer_pool.acquire(block=True) as producer:
        for args in many:
            TASKS[job].apply_async((args,), producer=producer, priority=LEAST_URGENT)
