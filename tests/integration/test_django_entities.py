"""Declared entities with Django: the model itself."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

from jobs_runtime import Context, Jobs, JobState
from jobs_runtime.database import Connection
from tests.integration.attempts import Performer, performing
from tests.integration.shop import Worker, number
from tests.support.django_shop import on_database

ORDERS = "SELECT count(*) FROM django_shop_order"


@pytest.fixture
def order_model(dsn: str) -> Iterator[Any]:
    with on_database(dsn) as db:
        model = import_module("examples.django_shop.models").Order
        with db.connection.schema_editor() as editor:
            editor.create_model(model)
        yield model
        with db.connection.schema_editor() as editor:
            editor.delete_model(model)


@pytest.fixture
def performer(dsn: str, worker: Worker) -> Iterator[Performer]:
    with performing(dsn, worker) as performer:
        yield performer


@pytest.fixture
def jobs(dsn: str) -> Iterator[Jobs]:
    jobs = Jobs(dsn)
    yield jobs
    jobs.close()


def test_a_model_is_found_by_its_name_and_used_as_ever(
    jobs: Jobs, order_model: Any, performer: Performer, connection: Connection
) -> None:
    @jobs.job(entities=[order_model])
    def count(customer: str, context: Context) -> int:
        assert context.entities.Order is order_model
        context.entities.Order.objects.create(customer=customer, total=1)
        return context.entities.Order.objects.count()

    submitted = count.submit("Ada")
    assert performer.perform(count).state is JobState.COMPLETED
    assert submitted.result(1) == number(connection, ORDERS) == 1


def test_django_keeps_its_own_transactions(
    jobs: Jobs, order_model: Any, performer: Performer, connection: Connection
) -> None:
    atomic = import_module("django.db").transaction.atomic

    @jobs.job(entities=[order_model])
    def place(total: int, context: Context) -> None:
        with atomic():
            context.entities.Order.objects.create(customer="Ada", total=1)
            context.entities.Order.objects.create(customer="Ada", total=total)

    place.submit(1001)
    assert performer.perform(place).state is JobState.FAILED
    assert number(connection, ORDERS) == 0
    place.submit(1000)
    assert performer.perform(place).state is JobState.COMPLETED
    assert number(connection, ORDERS) == 2
