"""W7: how many jobs a second can be submitted, one by one and in bulk; nobody performs them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from benchmarks.submitting import Producer, Span
from benchmarks.workloads import Figures, Open

CLIENTS = (1, 4, 16)
SINGLE = 8_000
"""Jobs submitted one by one, by all clients together."""
BULK = 50_000
BULK_CHUNK = 10_000


def measure(open_session: Open, scale: float) -> Figures:
    """Each client is a process of its own; every submit announces its job."""
    figures: Figures = {}
    for clients in CLIENTS:
        with open_session() as session:
            if session.peer.idle is not None:
                session.execute(session.peer.idle)
            producers = [session.another_producer() for _ in range(clients)]
            figures[name(clients)] = one_by_one(producers, scale)
    with open_session() as session:
        session.producer.submit("noop")  # connected, as those who submit one by one
        chunk = min(BULK_CHUNK, int(BULK * scale))
        seconds, submitted = 0.0, 0
        while submitted < int(BULK * scale):
            seconds += session.producer.submit_many("noop", count=chunk).seconds
            submitted += chunk
        figures["bulk, jobs/s"] = submitted / seconds
    return figures


def name(clients: int) -> str:
    """What the figure for so many clients is called."""
    return f"{clients} client{'s' * (clients > 1)}, jobs/s"


def rate(spans: Sequence[Span], jobs: int) -> float:
    """Jobs a second from the first client's start to the last one's end."""
    return jobs / (max(span.ended for span in spans) - min(span.began for span in spans))


def one_by_one(producers: Sequence[Producer], scale: float) -> float:
    """Jobs a second from all clients together, connected and warm before."""
    for producer in producers:
        producer.submit("noop")
    each = max(1, int(SINGLE * scale) // len(producers))
    return rate(_together(producers, each), each * len(producers))


def _together(producers: Sequence[Producer], count: int) -> list[Span]:
    def submit(producer: Producer) -> Span:
        return producer.submit("noop", count=count)

    with ThreadPoolExecutor(len(producers)) as threads:
        return list(threads.map(submit, producers))
