"""What a supervisor hands to the one that replaces it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import httpx
import msgspec
import pytest

from jobs_supervisor import metrics
from jobs_supervisor.estate import Estate, Handover
from jobs_supervisor.exporter.server import bind

JOBS = ["render", "sweep"]


@pytest.fixture
def estate() -> Iterator[Estate]:
    """One on whose account three jobs are quarantined."""
    estate = Estate.create(1, JOBS, None)
    estate.counters.row(0).add(metrics.QUARANTINED, "render", amount=3)
    yield estate
    for descriptor in estate.descriptors:
        os.close(descriptor)


def quarantined(estate: Estate, job: str) -> float:
    return estate.counters.total(estate.counters.layout.series[metrics.QUARANTINED.name, job])[0]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_metrics_have_an_address_that_can_be_opened(host: str) -> None:
    address = f"[{host}]" if ":" in host else host
    estate = Estate.create(1, JOBS, bind(f"{address}:0"))
    assert estate.listener is not None
    port = estate.listener.getsockname()[1]
    assert httpx.URL(f"http://{estate.metrics_address}/metrics").host == host
    assert estate.metrics_address == f"{address}:{port}"
    descriptors = estate.descriptors
    estate.listener.detach()
    for descriptor in descriptors:
        os.close(descriptor)


def test_counters_are_inherited(estate: Estate) -> None:
    heir = Estate.inherit(estate.hand_over(), JOBS)
    assert quarantined(heir, "render") == 3
    assert heir.generation == 1
    assert heir.descriptors == estate.descriptors


def test_counters_of_jobs_that_stay_are_inherited() -> None:
    estate = Estate.create(1, JOBS, None)
    estate.counters.row(0).add(metrics.QUARANTINED, "render", amount=3)
    heir = Estate.inherit(estate.hand_over(), ["another", "render"])
    assert (quarantined(heir, "render"), quarantined(heir, "another")) == (3, 0)
    for descriptor in heir.descriptors:
        os.close(descriptor)


@pytest.mark.parametrize("layout", ["", "of another version"])
def test_counters_that_another_version_laid_out_begin_anew(layout: str) -> None:
    estate = Estate.create(1, JOBS, None)
    estate.counters.row(0).add(metrics.QUARANTINED, "render", amount=3)
    handover = msgspec.json.decode(estate.hand_over(), type=Handover)
    text = msgspec.json.encode(msgspec.structs.replace(handover, layout=layout)).decode()
    heir = Estate.inherit(text, JOBS)
    assert quarantined(heir, "render") == 0
    heir.counters.row(0).add(metrics.QUARANTINED, "sweep")
    assert quarantined(heir, "sweep") == 1
    for descriptor in heir.descriptors:
        os.close(descriptor)
