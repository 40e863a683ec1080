"""Reading spans."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanContext


def attributes(span: ReadableSpan) -> Mapping[str, Any]:
    assert span.attributes is not None
    return span.attributes


def context(span: ReadableSpan) -> SpanContext:
    assert span.context is not None
    return span.context


def linked(span: ReadableSpan) -> list[tuple[int, int]]:
    """The trace and the span of everything that a span is linked to."""
    return [(link.context.trace_id, link.context.span_id) for link in span.links]


def place(span: ReadableSpan) -> tuple[int, int]:
    """The trace and the span, as `linked` gives them."""
    return context(span).trace_id, context(span).span_id


def traceparent(span: ReadableSpan) -> str:
    """As W3C writes it."""
    flags = context(span).trace_flags
    return "00-{:032x}-{:016x}-{:02x}".format(*place(span), flags)
