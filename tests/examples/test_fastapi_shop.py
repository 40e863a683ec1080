from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from httpx import ASGITransport, AsyncClient

from examples.fastapi_shop.app import app
from jobs_runtime.database import Connection
from tests.integration.shop import number, waiting
from tests.support.pool import Pool

pytestmark = pytest.mark.usefixtures("database_url")


@asynccontextmanager
async def serving() -> AsyncGenerator[AsyncClient]:
    """The application, started and stopped, and somebody who asks it."""
    transport = ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=transport, base_url="http://shop") as client,
    ):
        yield client


def test_an_order_has_its_invoice_rendered(pool: Pool) -> None:
    async def scenario() -> None:
        async with serving() as client:
            pool.start(app="examples.fastapi_shop.jobs", workers=1)
            order = {"customer": "Ada", "item": "teapot", "quantity": 2}
            placed = await client.post("/orders", json=order)
            assert placed.status_code == 201
            path = f"/orders/{placed.json()['order_id']}/invoice"
            invoice = await client.get(path, params={"timeout": 20})
            assert invoice.status_code == 200
            assert invoice.text.endswith("for Ada\n2 teapot at 40 = 80\n")
            assert (await client.get(path)).text == invoice.text

    asyncio.run(scenario())


def test_the_order_and_its_job_are_one(connection: Connection) -> None:
    async def scenario() -> None:
        async with serving() as client:
            placed = await client.post("/orders", json={"customer": "Ada", "item": "kettle"})
            assert placed.status_code == 201
            refused = await client.post("/orders", json={"customer": "Bob", "item": "kettle"})
            assert (refused.status_code, refused.json()) == (409, {"detail": "no kettle left"})
            assert waiting(connection) == 1
            job_id = number(connection, 'SELECT job_id::bigint FROM "order"')
            assert job_id == int(placed.json()["job_id"])

    asyncio.run(scenario())


def test_what_is_not_there_and_what_nobody_performs(connection: Connection) -> None:
    async def scenario() -> None:
        async with serving() as client:
            assert (await client.get("/orders/1/invoice")).status_code == 404
            unknown = await client.post("/orders", json={"customer": "Ada", "item": "anvil"})
            assert unknown.status_code == 409
            assert waiting(connection) == 0
            placed = await client.post("/orders", json={"customer": "Ada", "item": "teapot"})
            path = f"/orders/{placed.json()['order_id']}/invoice"
            assert (await client.get(path, params={"timeout": 0.1})).status_code == 202

    asyncio.run(scenario())
