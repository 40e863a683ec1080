"""Chancy's jobs, producer and worker."""

from __future__ import annotations

import asyncio
import logging
import os
import sys

from chancy import Chancy, Job, Queue, Worker, job

from benchmarks.inside import heavy as heavy
from benchmarks.inside import work as inside

# A process executor runs plain functions, an async executor coroutines.
EXECUTORS = {
    "AsyncExecutor": "chancy.executors.asyncex.AsyncExecutor",
    "ProcessExecutor": "chancy.executors.process.ProcessExecutor",
}
HERE = "benchmarks.peers.chancy.app"

chancy = Chancy(os.environ["DATABASE_URL"], log=logging.getLogger("chancy"))


@job()
async def noop(args: dict) -> None:
    inside.count()


if os.environ.get("BENCH_EXECUTOR") == "ProcessExecutor":

    @job()
    def work(args: dict) -> None:
        inside.perform(args)

else:

    @job()
    async def work(args: dict) -> None:
        await inside.aperform(args)


async def start(concurrency: int) -> None:
    executor = os.environ["BENCH_EXECUTOR"]
    queue = Queue(
        "default", concurrency=concurrency, executor=EXECUTORS[executor], eager_polling=True
    )
    async with chancy:
        await chancy.declare(queue, upsert=True)
        async with Worker(chancy) as worker:
            await worker.wait_for_shutdown()


async def setup() -> None:
    await chancy.pool.open()
    await chancy.migrate()


async def submit(name: str, args: dict, priority: int) -> None:
    await chancy.push(_job(name, args, priority))


async def submit_many(name: str, many: list[dict]) -> None:
    async for _ in chancy.push_many([_job(name, args, 0) for args in many]):
        pass


def _job(name: str, args: dict, priority: int) -> Job:
    # Three attempts, so that the job of a dead worker is performed again.
    func = f"{HERE}.{name}"
    return Job(func=func, kwargs={"args": args}, priority=priority, max_attempts=3)


if __name__ == "__main__":
    asyncio.run(start(int(sys.argv[1])))
