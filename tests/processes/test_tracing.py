"""Spans of a real pool: made in the workers, linked to the submits, sent before a worker ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from tests.apps import traced
from tests.support.pool import Pool


@pytest.fixture(autouse=True)
def submitting(dsn: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Submits of this process have spans, and lead to the test's database."""
    provider = TracerProvider(shutdown_on_exit=False)
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    traced.jobs.database.given_dsn = dsn
    yield
    traced.jobs.close()


def objects(text: str) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in text.splitlines()]


def numbers(context: dict[str, str]) -> tuple[int, int]:
    return int(context["trace_id"], 16), int(context["span_id"], 16)


def test_attempts_are_linked_to_their_submit_and_to_the_log(pool: Pool, tmp_path: Path) -> None:
    path = tmp_path / "spans"
    running = pool.start(
        app="tests.apps.traced", workers=2, JOBS_LOG_FORMAT="json", SPANS=str(path)
    )
    with trace.get_tracer_provider().get_tracer("tests").start_as_current_span("request") as span:
        request = span.get_span_context()
        told = traced.tell.submit("one")
        submitted = [told, traced.atell.submit("two")]
    assert [each.wait(10).state for each in submitted] == ["completed", "failed"]
    assert "import tests.apps.traced starts threads" not in running.log
    assert running.stop() == 0
    spans = objects(path.read_text())
    names = sorted((each["name"], each["attributes"]["jobs.attempt"]) for each in spans)
    assert names == [("perform atell", 1), ("perform atell", 2), ("perform tell", 1)]
    lines = [line for line in objects(running.log) if line["logger"] == "shop"]
    for each in spans:
        (link,) = each["links"]
        trace_id, _ = numbers(link["context"])
        assert trace_id == request.trace_id
        assert each["parent_id"] is None
        found = each["attributes"]
        (line,) = [
            line
            for line in lines
            if line["job_id"] == found["messaging.message.id"]
            and line["attempt"] == found["jobs.attempt"]
        ]
        assert numbers(line) == numbers(each["context"])
    (one,) = [each for each in spans if each["name"] == "perform tell"]
    assert one["attributes"]["messaging.message.id"] == told.job_id
