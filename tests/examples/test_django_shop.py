from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

from jobs_runtime import Jobs
from jobs_runtime.database import Connection
from jobs_runtime.testing import perform, sandbox
from tests.integration.shop import number, waiting
from tests.support.django_shop import on_database
from tests.support.pool import Pool

JOB_IDS = "SELECT job_id::bigint FROM django_shop_order"

END_UNNAMED = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = '' AND backend_type = 'client backend'
"""


@pytest.fixture
def client(database_url: str) -> Iterator[Any]:
    """Somebody who asks the application."""
    with on_database(database_url):
        import_module("django.core.management").call_command("migrate", verbosity=0)
        yield import_module("django.test").Client()
        application().close()


def shop() -> Any:
    return import_module("examples.django_shop.jobs")


def application() -> Jobs:
    return shop().jobs


def order(client: Any, total: int) -> int:
    return client.post("/orders", {"customer": "Ada", "total": total}).status_code


def test_an_order_has_its_receipt_written(client: Any, pool: Pool, connection: Connection) -> None:
    pool.start(app="examples.django_shop.worker", workers=1)
    assert "none yet" in client.get("/").content.decode()
    assert order(client, 40) == 302
    submitted = application().get(str(number(connection, JOB_IDS)))
    assert submitted is not None
    assert submitted.result(20) == "Received 40 from Ada, with thanks."
    assert "Received 40 from Ada" in client.get("/").content.decode()


def test_a_job_after_the_server_closed_djangos_connection_succeeds_at_once(
    client: Any, pool: Pool, connection: Connection
) -> None:
    pool.start(app="examples.django_shop.worker", workers=1)
    for total in (40, 50):
        assert order(client, total) == 302
        submitted = application().get(str(number(connection, f"{JOB_IDS} WHERE total = %s", total)))
        assert submitted is not None
        submitted.result(20)
        assert submitted.details().attempt == 1
        application().close()
        import_module("django.db").connection.close()
        connection.execute(END_UNNAMED)


def test_the_order_and_its_job_are_one(client: Any, connection: Connection) -> None:
    assert order(client, 1001) == 402
    assert waiting(connection) == number(connection, "SELECT count(*) FROM django_shop_order") == 0
    assert order(client, 1000) == 302
    assert waiting(connection) == number(connection, "SELECT count(*) FROM django_shop_order") == 1


def test_old_orders_are_forgotten_every_night(client: Any, connection: Connection) -> None:
    order(client, 40)
    order(client, 50)
    connection.execute(
        "UPDATE django_shop_order SET placed_at = now() - interval '366 days' WHERE total = 40"
    )
    (schedule,) = shop().forget_old_orders.schedules
    assert schedule.cron == "30 3 * * *"
    assert perform(shop().forget_old_orders) == 1
    assert number(connection, "SELECT total FROM django_shop_order") == 50


@pytest.mark.usefixtures("client")
def test_what_is_submitted_on_our_pool_goes_into_a_sandbox(connection: Connection) -> None:
    placed = shop().Order.objects.create(customer="Ada", total=40)
    with sandbox(application()) as submitted:
        shop().write_receipt.submit(placed.pk)
        submitted.assert_submitted(shop().write_receipt, placed.pk, times=1)
        assert [each.output for each in submitted.drain()] == ["Received 40 from Ada, with thanks."]
    assert waiting(connection) == 0
