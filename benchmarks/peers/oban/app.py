"""Oban's workers and producer."""

from __future__ import annotations

import os

from oban import Job, Oban, worker
from oban.schema import install

from benchmarks.inside import heavy as heavy
from benchmarks.inside import work as inside


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


oban: Oban | None = None


async def setup() -> None:
    await install(await Oban.create_pool(os.environ["DATABASE_URL"]))


async def client() -> Oban:
    global oban
    if oban is None:
        oban = Oban(pool=await Oban.create_pool(os.environ["DATABASE_URL"]))
    return oban


async def submit(job: str, args: dict, priority: int) -> None:
    # 0 is the most urgent of 0 to 9.
    await (await client()).enqueue(WORKERS[job].new(args, priority=9 - 3 * priority))


async def submit_many(job: str, many: list[dict]) -> None:
    jobs = [WORKERS[job].new(args, priority=9) for args in many]
    await (await client()).enqueue_many(jobs)
