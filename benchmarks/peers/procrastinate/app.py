"""Procrastinate's tasks and producer."""

from __future__ import annotations

import os

from procrastinate import App, JobContext, PsycopgConnector

from benchmarks.inside import heavy as heavy
from benchmarks.inside import work as inside

app = App(connector=PsycopgConnector(conninfo=os.environ["DATABASE_URL"], min_size=1, max_size=24))


@app.task(name="noop", queue="default")
async def noop(args: dict) -> None:
    inside.count()


@app.task(name="work", queue="default")
async def work(args: dict) -> None:
    await inside.aperform(args)


if os.environ.get("BENCH_STALLED"):

    @app.periodic(cron="*/1 * * * *")
    @app.task(queueing_lock="retry_stalled_jobs", pass_context=True)
    async def retry_stalled_jobs(context: JobContext, timestamp: int) -> None:
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=30):
            await app.job_manager.retry_job(job)


TASKS = {"noop": noop, "work": work}


opened = False


async def open_once() -> None:
    global opened
    if not opened:
        await app.open_async()
        opened = True


async def setup() -> None:
    await open_once()
    await app.schema_manager.apply_schema_async()


async def submit(job: str, args: dict, priority: int) -> None:
    await open_once()
    await TASKS[job].configure(priority=priority).defer_async(args=args)


async def submit_many(job: str, many: list[dict]) -> None:
    await open_once()
    await TASKS[job].batch_defer_async(*({"args": args} for args in many))
