"""PgQueuer's entrypoints and producer."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import asyncpg
from pgqueuer import AsyncpgDriver, PgQueuer, Queries
from pgqueuer.models import Job

from benchmarks.inside import heavy as heavy
from benchmarks.inside import work as inside

queries: Queries | None = None


@asynccontextmanager
async def main() -> AsyncGenerator[PgQueuer]:
    connection = await asyncpg.connect(os.environ["DATABASE_URL"])
    pgq = PgQueuer(AsyncpgDriver(connection))

    @pgq.entrypoint("noop")
    async def noop(job: Job) -> None:
        json.loads(job.payload or b"{}")
        inside.count()

    @pgq.entrypoint("work")
    async def work(job: Job) -> None:
        await inside.aperform(json.loads(job.payload or b"{}"))

    yield pgq
    await connection.close()


async def setup() -> None:
    await (await _queries()).install()


async def _queries() -> Queries:
    global queries
    if queries is None:
        connection = await asyncpg.connect(os.environ["DATABASE_URL"])
        queries = Queries(AsyncpgDriver(connection))
    return queries


async def submit(job: str, args: dict, priority: int) -> None:
    await (await _queries()).enqueue(job, json.dumps(args).encode(), priority)


async def submit_many(job: str, many: list[dict]) -> None:
    payloads = [json.dumps(args).encode() for args in many]
    await (await _queries()).enqueue([job] * len(many), payloads, [0] * len(many))
