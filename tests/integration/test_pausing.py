"""Queues and jobs of which nothing is claimed."""

from __future__ import annotations

import asyncio

from jobs_runtime.database import Connection
from jobs_runtime.model import Pause
from tests.integration.shop import Shop, Worker, ids


def test_nothing_of_a_paused_job_is_claimed(shop: Shop, worker: Worker) -> None:
    paused, other = ids([shop.double.submit(1), shop.mixed.submit(2)])
    shop.double.pause()
    shop.double.pause()
    assert [each.job_id for each in worker.claim(names=["double", "mixed"])] == [other]
    assert shop.jobs.paused() == [Pause("job", "double")]
    assert shop.double.resume()
    assert not shop.double.resume()
    assert [each.job_id for each in worker.claim(names=["double", "mixed"])] == [paused]


def test_nothing_of_a_paused_queue_is_claimed(shop: Shop, worker: Worker) -> None:
    waiting = ids([shop.double.submit(1), shop.mixed.submit(2)])
    queue = shop.jobs.queue("double")
    queue.pause()
    assert worker.claim(names=["double", "mixed"]) == []
    assert queue.resume()
    assert sorted(each.job_id for each in worker.claim(names=["double", "mixed"])) == waiting


def test_a_resume_wakes_who_waits(shop: Shop, connection: Connection) -> None:
    connection.execute("LISTEN jobs")
    shop.mixed.pause()
    assert shop.mixed.resume()
    (notification,) = connection.notifies(timeout=5, stop_after=1)
    assert notification.payload == "wake 1000 double"


def test_from_a_coroutine(shop: Shop) -> None:
    async def use() -> list[Pause]:
        await shop.double.apause()
        await shop.jobs.queue("reports").apause()
        paused = await shop.jobs.apaused()
        assert await shop.double.aresume()
        assert await shop.jobs.queue("reports").aresume()
        await shop.jobs.aclose()
        return paused

    assert asyncio.run(use()) == [Pause("job", "double"), Pause("queue", "reports")]
