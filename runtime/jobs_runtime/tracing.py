"""Spans of OpenTelemetry, if the application makes some: one a submit, one an attempt, linked.

Nothing of it is imported for an application that has not imported it: that has no provider either.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from jobs_runtime.model import Claim, JobState, Outcome

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer, TracerProvider

    from jobs_runtime.submitted import SubmittedJob

SYSTEM = {"messaging.system": "jobs_runtime"}


class SubmitSpan(NamedTuple):
    """The span of a submit under way.

    Attributes:
        span: None while nobody traces.
        trace: what goes with the jobs, so that their attempts can be linked to it.
    """

    span: Span | None = None
    trace: Mapping[str, str] | None = None

    def stored(self, jobs: Sequence[SubmittedJob[Any]]) -> None:
        """Say what became of the submissions."""
        if self.span is None:
            return
        if len(jobs) == 1:
            self.span.set_attribute("messaging.message.id", jobs[0].job_id)
            self.span.set_attribute("jobs.duplicate", jobs[0].duplicate)
        else:
            self.span.set_attribute("messaging.batch.message_count", len(jobs))


UNTRACED = nullcontext(SubmitSpan())
"""Around a submit while nobody traces."""


class SpanIds(NamedTuple):
    """The span in force, as hexadecimal digits."""

    trace_id: str
    span_id: str


class _Failure(msgspec.Struct):
    """What an attempt without a result leaves."""

    name: str
    message: str
    stack: str = ""


def current_tracer() -> Tracer | None:
    """What makes spans; None while the application has configured nothing that takes them."""
    if "opentelemetry.trace" not in sys.modules:
        return None
    from opentelemetry import trace

    provider = trace.get_tracer_provider()
    if isinstance(provider, trace.ProxyTracerProvider | trace.NoOpTracerProvider):
        return None
    return _tracer_of(provider)


@lru_cache(maxsize=1)
def _tracer_of(provider: TracerProvider) -> Tracer:
    return provider.get_tracer("jobs_runtime", version("jobs-runtime"))


def submitting(name: str, queue: str) -> AbstractContextManager[SubmitSpan]:
    """A span around one submit, of one job or many of one name."""
    tracer = current_tracer()
    if tracer is None:
        return UNTRACED
    told = {"messaging.destination.name": queue, "jobs.name": name}
    return _submitting(tracer, f"submit {name}", told)


def submitting_mixed() -> AbstractContextManager[SubmitSpan]:
    """A span around one submit of jobs of several names."""
    tracer = current_tracer()
    return UNTRACED if tracer is None else _submitting(tracer, "submit", {})


@contextmanager
def _submitting(tracer: Tracer, title: str, told: Mapping[str, str]) -> Generator[SubmitSpan]:
    from opentelemetry import propagate
    from opentelemetry.trace import SpanKind

    attributes = {
        **SYSTEM,
        "messaging.operation.name": "submit",
        "messaging.operation.type": "send",
        **told,
    }
    with tracer.start_as_current_span(title, kind=SpanKind.PRODUCER, attributes=attributes) as span:
        carrier: dict[str, str] = {}
        propagate.inject(carrier)
        yield SubmitSpan(span, carrier or None)


def traced(
    tracer: Tracer | None, queue: str, claim: Claim, attempt: Callable[[], Outcome]
) -> Outcome:
    """Make an attempt in a span of its own, linked to that of its submit.

    It is no child of it: a job may run days later, and again, and a trace should have an end. The
    baggage of the submit is in force meanwhile.
    """
    if tracer is None:
        return attempt()
    from opentelemetry import context as contexts
    from opentelemetry import propagate, trace

    submitted = propagate.extract(claim.trace or {}, contexts.Context())
    origin = trace.get_current_span(submitted).get_span_context()
    token = contexts.attach(trace.set_span_in_context(trace.INVALID_SPAN, submitted))
    attributes = {
        **SYSTEM,
        "messaging.operation.name": "perform",
        "messaging.operation.type": "process",
        "messaging.destination.name": queue,
        "messaging.message.id": claim.known_as,
        "jobs.name": claim.name,
        "jobs.attempt": claim.attempt,
    }
    try:
        with tracer.start_as_current_span(
            f"perform {claim.name}",
            kind=trace.SpanKind.CONSUMER,
            attributes=attributes,
            links=[trace.Link(origin)] if origin.is_valid else [],
        ) as span:
            outcome = attempt()
            _describe(span, outcome)
            return outcome
    finally:
        contexts.detach(token)


def _describe(span: Span, outcome: Outcome) -> None:
    span.set_attribute("jobs.outcome", "snoozed" if outcome.refund else outcome.state.value)
    if outcome.state is JobState.COMPLETED or outcome.output is None:
        return
    from opentelemetry.trace import StatusCode

    failure = msgspec.json.decode(outcome.output, type=_Failure)
    span.set_attribute("error.type", failure.name)
    span.set_status(StatusCode.ERROR, failure.message)
    event = {
        "exception.type": failure.name,
        "exception.message": failure.message,
        "exception.stacktrace": failure.stack,
    }
    span.add_event("exception", event)


def current_ids() -> SpanIds | None:
    """The span in force; None if there is none."""
    if "opentelemetry.trace" not in sys.modules:
        return None
    from opentelemetry import trace

    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return None
    return SpanIds(trace.format_trace_id(context.trace_id), trace.format_span_id(context.span_id))


def flush(seconds: float) -> None:
    """Have the spans that wait in this process sent, within so many seconds; then they are lost."""
    if current_tracer() is None:
        return
    from opentelemetry import trace

    send = getattr(trace.get_tracer_provider(), "force_flush", None)
    if send is not None:
        sender = threading.Thread(target=send, name="flush spans", daemon=True)
        sender.start()
        sender.join(seconds)
