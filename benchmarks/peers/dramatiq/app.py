"""Dramatiq's actors and producer."""

from __future__ import annotations

import os
import threading

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from benchmarks.inside import heavy as heavy
from benchmarks.inside import work as inside

dramatiq.set_broker(RedisBroker(url=os.environ["REDIS_URL"]))
counting = threading.Lock()


@dramatiq.actor
def noop(args: dict) -> None:
    with counting:
        inside.count()


@dramatiq.actor
def work(args: dict) -> None:
    inside.perform(args)


# An actor's priority is fixed: the lower the number, the sooner.
ACTORS = {
    "noop": noop,
    "work": work,
    "work-1": dramatiq.actor(work.fn, actor_name="work_1", priority=-1),
    "work-2": dramatiq.actor(work.fn, actor_name="work_2", priority=-2),
}


def setup() -> None:
    """Redis needs none."""


def submit(job: str, args: dict, priority: int) -> None:
    ACTORS[f"{job}-{priority}" if priority else job].send(args)


def submit_many(job: str, many: list[dict]) -> None:
    for args in many:
        ACTORS[job].send(args)
