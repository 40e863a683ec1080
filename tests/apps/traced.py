"""An application whose workers write their spans into a file, when they end or later."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter

from jobs_runtime import Jobs

jobs = Jobs()


def _line(span: ReadableSpan) -> str:
    return (span.to_json(indent=None) or "") + "\n"


def trace_to(path: Path) -> None:
    """Have spans written to a file, every hour and whenever a process ends."""
    provider = TracerProvider(shutdown_on_exit=False)
    exporter = ConsoleSpanExporter(out=path.open("a"), formatter=_line)
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=3_600_000))
    trace.set_tracer_provider(provider)


if "SPANS" in os.environ:
    os.register_at_fork(after_in_child=lambda: trace_to(Path(os.environ["SPANS"])))


@jobs.job
def tell(text: str) -> None:
    logging.getLogger("shop").info(text)


@jobs.job(retry_limit=1)
async def atell(text: str) -> None:
    logging.getLogger("shop").info(text)
    raise LookupError(text)
