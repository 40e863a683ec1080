"""What a supervisor hands to the one that replaces it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import httpx
import msgspec
import pytest

from jobs_supervisor import metrics
from jobs_supervisor.exporter.server import bind
from jobs_supervisor.shared_state import Handover, SharedState

JOBS = ["render", "sweep"]


@pytest.fixture
def state() -> Iterator[SharedState]:
    """One on whose account three jobs are quarantined."""
    state = SharedState.create(1, JOBS, None)
    state.counters.row(0).add(metrics.QUARANTINED, "render", amount=3)
    yield state
    for descriptor in state.descriptors:
        os.close(descriptor)


def quarantined(state: SharedState, job: str) -> float:
    return state.counters.total(state.counters.layout.series[metrics.QUARANTINED.name, job])[0]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_metrics_have_an_address_that_can_be_opened(host: str) -> None:
    address = f"[{host}]" if ":" in host else host
    state = SharedState.create(1, JOBS, bind(f"{address}:0"))
    assert state.listener is not None
    port = state.listener.getsockname()[1]
    assert httpx.URL(f"http://{state.metrics_address}/metrics").host == host
    assert state.metrics_address == f"{address}:{port}"
    descriptors = state.descriptors
    state.listener.detach()
    for descriptor in descriptors:
        os.close(descriptor)


def test_counters_are_inherited(state: SharedState) -> None:
    heir = SharedState.inherit(state.hand_over(), JOBS)
    assert quarantined(heir, "render") == 3
    assert heir.generation == 1
    assert heir.descriptors == state.descriptors


def test_counters_of_jobs_that_stay_are_inherited() -> None:
    state = SharedState.create(1, JOBS, None)
    state.counters.row(0).add(metrics.QUARANTINED, "render", amount=3)
    heir = SharedState.inherit(state.hand_over(), ["another", "render"])
    assert (quarantined(heir, "render"), quarantined(heir, "another")) == (3, 0)
    for descriptor in heir.descriptors:
        os.close(descriptor)


@pytest.mark.parametrize("layout", ["", "of another version"])
def test_counters_that_another_version_laid_out_begin_anew(layout: str) -> None:
    state = SharedState.create(1, JOBS, None)
    state.counters.row(0).add(metrics.QUARANTINED, "render", amount=3)
    handover = msgspec.json.decode(state.hand_over(), type=Handover)
    text = msgspec.json.encode(msgspec.structs.replace(handover, layout=layout)).decode()
    heir = SharedState.inherit(text, JOBS)
    assert quarantined(heir, "render") == 0
    heir.counters.row(0).add(metrics.QUARANTINED, "sweep")
    assert quarantined(heir, "sweep") == 1
    for descriptor in heir.descriptors:
        os.close(descriptor)
