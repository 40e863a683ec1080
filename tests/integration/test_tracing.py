"""A span a submit and a span an attempt, taken by OpenTelemetry's own SDK."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from opentelemetry import baggage, context, trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from jobs_runtime import Job, PayloadError
from jobs_runtime.database import Connection
from jobs_runtime.executors.operation import Operation, nothing
from jobs_runtime.executors.postgres import upkeep
from jobs_runtime.pgboss import Insertion
from jobs_runtime.testing import sandbox
from jobs_runtime.tracing import current_ids
from jobs_supervisor.logs import JsonFormatter
from tests.integration.pgboss import tables
from tests.integration.shop import Shop
from tests.support.spans import attributes, linked, place, traceparent

PAST_KEEPING = Operation(
    b"UPDATE jobs.job SET keep_until = now() - interval '1 second'", {}, nothing
)

UNTRACED = """
import sys
sys.modules["opentelemetry"] = None  # importing it raises ImportError
from jobs_runtime import Jobs
from jobs_runtime.testing import sandbox
jobs = Jobs(dsn=sys.argv[1])

@jobs.job
def double(number: int) -> int:
    return 2 * number

with sandbox(jobs) as box:
    double.submit(21)
    print(box.drain()[0].output)
"""


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    """What is exported while the test runs; a process has one provider for ever otherwise."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    yield exporter
    provider.shutdown()


@pytest.fixture
def failing(shop: Shop) -> Job[None, None]:
    @shop.jobs.job(retry_limit=1)
    def failing() -> None:
        raise LookupError("not there")

    return failing


def named(spans: InMemorySpanExporter, *names: str) -> Sequence[ReadableSpan]:
    return [span for span in spans.get_finished_spans() if span.name in names]


def options(connection: Connection) -> list[str | None]:
    rows = connection.execute("SELECT options::text FROM jobs.job ORDER BY id").fetchall()
    return [row[0] for row in rows]


def submit_twice(shop: Shop, is_async: bool) -> None:
    """One job, and two together."""
    if not is_async:
        shop.double.submit(1, priority=3, expire_in=60)
        shop.double.submit_many([2, 3])
        return

    async def submit() -> None:
        await shop.double.asubmit(1, priority=3, expire_in=60)
        await shop.double.asubmit_many([2, 3])
        await shop.jobs.aclose()

    asyncio.run(submit())


@pytest.mark.parametrize("is_async", [False, True])
def test_a_submit_has_a_span_that_goes_with_the_jobs(
    shop: Shop, spans: InMemorySpanExporter, connection: Connection, is_async: bool
) -> None:
    submit_twice(shop, is_async)
    one, many = named(spans, "submit double")
    assert (one.kind, one.status.status_code) == (SpanKind.PRODUCER, StatusCode.UNSET)
    (first, *_) = [str(row[0]) for row in connection.execute("SELECT id FROM jobs.job ORDER BY 1")]
    assert attributes(one) == {
        "messaging.system": "jobs_runtime",
        "messaging.operation.name": "submit",
        "messaging.operation.type": "send",
        "messaging.destination.name": "double",
        "messaging.message.id": first,
        "jobs.name": "double",
        "jobs.duplicate": False,
    }
    assert attributes(many)["messaging.batch.message_count"] == 2
    alone, *together = options(connection)
    parents = [traceparent(span) for span in (one, many)]
    assert alone == f'{{"expire_in":60.0,"trace":{{"traceparent":"{parents[0]}"}}}}'
    assert together == [f'{{"trace":{{"traceparent":"{parents[1]}"}}}}'] * 2


def send_insert_and_publish(shop: Shop, is_async: bool) -> list[str]:
    """One job, two of two queues, and an event that two subscribe to; gives the first one's id."""
    boss, two = shop.jobs.pg_boss, [Insertion(name="mail"), Insertion(name="sms")]
    if not is_async:
        sent = boss.send("mail", {"n": 1}, singleton_key="one")
        boss.insert(two)
        return [each.job_id for each in (sent, *boss.publish("ordered"))]

    async def submit() -> list[str]:
        sent = await boss.asend("mail", {"n": 1}, singleton_key="one")
        await boss.ainsert(two)
        published = await boss.apublish("ordered")
        await shop.jobs.aclose()
        return [each.job_id for each in (sent, *published)]

    return asyncio.run(submit())


@pytest.mark.parametrize("is_async", [False, True])
def test_what_is_sent_to_a_pg_boss_has_a_span(
    shop: Shop, spans: InMemorySpanExporter, connection: Connection, is_async: bool
) -> None:
    with tables(connection):
        for queue in ("mail", "sms"):
            shop.jobs.pg_boss.subscribe("ordered", queue)
        ids = send_insert_and_publish(shop, is_async)
        with pytest.raises(PayloadError):
            shop.jobs.pg_boss.send("mail", 7)
    sent, *published, refused = named(spans, "submit mail", "submit sms")
    assert [attributes(each).get("messaging.message.id") for each in (sent, *published)] == ids
    assert attributes(sent) == {
        "messaging.system": "jobs_runtime",
        "messaging.operation.name": "submit",
        "messaging.operation.type": "send",
        "messaging.destination.name": "mail",
        "messaging.message.id": ids[0],
        "jobs.name": "mail",
        "jobs.duplicate": False,
    }
    assert {attributes(each)["jobs.name"] for each in published} == {"mail", "sms"}
    (inserted,) = named(spans, "submit")
    assert attributes(inserted)["messaging.batch.message_count"] == 2
    assert "messaging.destination.name" not in attributes(inserted)
    assert {each.kind for each in (sent, inserted, *published)} == {SpanKind.PRODUCER}
    assert refused.status.status_code is StatusCode.ERROR


@pytest.mark.parametrize("is_async", [False, True])
def test_an_attempt_is_a_trace_of_its_own_linked_to_the_submit(
    shop: Shop, spans: InMemorySpanExporter, is_async: bool
) -> None:
    seen: list[object] = []

    def look() -> None:
        seen.append(trace.get_current_span().get_span_context().span_id)
        seen.append(baggage.get_baggage("customer"))

    @shop.jobs.job
    def plain() -> None:
        look()

    @shop.jobs.job
    async def coroutine() -> None:
        look()

    job = coroutine if is_async else plain
    with sandbox(shop.jobs) as box:
        token = context.attach(baggage.set_baggage("customer", "7"))
        job.submit()
        context.detach(token)
        box.drain()
    (submit,) = named(spans, f"submit {job.name}")
    (attempt,) = named(spans, f"perform {job.name}")
    assert linked(attempt) == [place(submit)]
    assert attempt.parent is None
    assert place(attempt)[0] != place(submit)[0]
    assert seen == [place(attempt)[1], "7"]
    assert (attempt.kind, attempt.status.status_code) == (SpanKind.CONSUMER, StatusCode.UNSET)
    found = attributes(attempt)
    assert found["messaging.message.id"] == attributes(submit)["messaging.message.id"]
    assert (found["jobs.attempt"], found["jobs.outcome"]) == (1, "completed")
    assert not trace.get_current_span().get_span_context().is_valid


def test_what_a_job_submits_belongs_to_its_attempt(shop: Shop, spans: InMemorySpanExporter) -> None:
    @shop.jobs.job
    def both() -> None:
        shop.double.submit(1)

    with sandbox(shop.jobs) as box:
        both.submit()
        box.drain()
    (attempt,), (submit,) = named(spans, "perform both"), named(spans, "submit double")
    assert submit.parent is not None
    assert (submit.parent.trace_id, submit.parent.span_id) == place(attempt)
    assert linked(*named(spans, "perform double")) == [place(submit)]


@pytest.mark.parametrize("given_up", [False, True])
def test_what_follows_a_job_is_linked_to_its_submit(
    shop: Shop, spans: InMemorySpanExporter, given_up: bool
) -> None:
    @shop.jobs.job(expire_in=30)
    def after(_report: Any) -> None: ...

    with sandbox(shop.jobs) as box:
        shop.double.submit(1, on_complete=after, keep_for=60)
        if given_up:
            shop.jobs.run(PAST_KEEPING)
            assert shop.jobs.run(upkeep.give_up(10)) == 1
        box.drain()
        (follower,) = box.submitted(after)
    assert follower.options.expire_in == 30
    (submit,), (attempt,) = named(spans, "submit double"), named(spans, "perform after")
    assert linked(attempt) == [place(submit)]


def test_every_attempt_that_fails_says_why(
    shop: Shop, failing: Job[None, None], spans: InMemorySpanExporter
) -> None:
    with sandbox(shop.jobs) as box:
        failing.submit()
        box.drain(delayed=True)
    attempts = named(spans, "perform failing")
    assert [attributes(each)["jobs.outcome"] for each in attempts] == ["retry", "failed"]
    assert [attributes(each)["jobs.attempt"] for each in attempts] == [1, 2]
    for each in attempts:
        assert attributes(each)["error.type"] == "LookupError"
        assert each.status.status_code is StatusCode.ERROR
        assert each.status.description == "not there"
        (event,) = each.events
        assert event.attributes is not None
        assert "raise LookupError" in str(event.attributes["exception.stacktrace"])


def test_a_submit_that_fails_says_why(shop: Shop, spans: InMemorySpanExporter) -> None:
    with pytest.raises(PayloadError):
        shop.double.submit("x")  # pyright: ignore[reportArgumentType, reportCallIssue]
    (span,) = named(spans, "submit double")
    assert span.status.status_code is StatusCode.ERROR
    assert [event.name for event in span.events] == ["exception"]


def test_without_a_provider_nothing_is_kept(shop: Shop, connection: Connection) -> None:
    assert "opentelemetry.sdk.trace" in sys.modules
    submit_twice(shop, is_async=False)
    assert options(connection) == ['{"expire_in":60.0}', None, None]
    assert current_ids() is None


def test_without_the_library_everything_works(dsn: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", UNTRACED, dsn], capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.stderr) == ("42\n", "")


@pytest.mark.parametrize("word", ["trace", "tick"])
def test_a_key_may_be_called_as_what_is_kept_beside_it(shop: Shop, word: str) -> None:
    with sandbox(shop.jobs) as box:
        shop.double.submit(1, singleton_key=word)
        assert [record.state for record in box.drain()] == ["completed"]


def test_a_line_of_the_log_names_the_span(spans: InMemorySpanExporter) -> None:
    record = logging.makeLogRecord({"msg": "hello"})
    assert "trace_id" not in JsonFormatter().format(record)
    with trace.get_tracer_provider().get_tracer("tests").start_as_current_span("here"):
        text = JsonFormatter().format(record)
    ((trace_id, span_id),) = map(place, spans.get_finished_spans())
    assert f'"trace_id":"{trace_id:032x}","span_id":"{span_id:016x}"' in text
