"""Oban's workers and producer."""

from __future__ import annotations

import os

from oban import Job, Oban, worker
from oban.schema import install

from benchmarks.inside import heavy as heavy
from benchmarks.inside import work as inside

oban: Oban | None = None


@worker(queue="default")
class Noop:
    """Does nothing."""

    async def process(self, job: Job) -> None:
        """Be counted."""
        inside.count()


@worker(queue="default")
class Work:
    """Sleeps and burns."""

    async def process(self, job: Job) -> None:
        """As the arguments say."""
        await inside.aperform(job.args)


WORKERS = {"noop": Noop, "work": Work}


async def setup() -> None:
    pool = await Oban.create_pool(os.environ["DATABASE_URL"])
    await install(pool)
    global oban
    oban = Oban(pool=pool)


async def submit(job: str, args: dict, priority: int) -> None:
    # 0 is the most urgent of 0 to 9.
    await oban.enqueue(WORKERS[job].new(args, priority=9 - 3 * priority))


async def submit_many(job: str, many: list[dict]) -> None:
    await oban.enqueue_many([WORKERS[job].new(args, priority=9) for args in many])
