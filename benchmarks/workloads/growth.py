"""W9: whether it stays as fast with much waiting, much finished, and many queues."""

from __future__ import annotations

from benchmarks.session import Session
from benchmarks.workloads import Figures, Open
from benchmarks.workloads.throughput import drain, load

WAITING = (10_000, 100_000, 1_000_000)
FINISHED = 10_000_000
AT_ONCE = 1_000_000
"""Finished jobs that one statement makes."""
OTHERWISE = 100_000
"""Jobs that wait where something else than their number is measured."""


def measure(open_session: Open, scale: float) -> Figures:
    """Jobs a second in each case that the contestant can be brought into."""
    figures: Figures = {}
    for waiting in WAITING:
        with open_session() as session:
            count = int(waiting * scale)
            loaded, _ = load(session, count)
            if loaded == count:
                figures[f"{waiting:,} waiting, jobs/s"] = drain(session, count).rate
    with open_session() as session:
        if session.peer.history is not None:
            _finish(session, session.peer.history, int(FINISHED * scale))
            count, _ = load(session, int(OTHERWISE * scale))
            figures[f"{FINISHED:,} finished, jobs/s"] = drain(session, count).rate
    with open_session() as session:
        if session.peer.scatter is not None:
            count, _ = load(session, int(OTHERWISE * scale))
            session.execute(session.peer.scatter)
            session.settle()
            figures["200 queues, jobs/s"] = drain(session, count, "queues").rate
    return figures


def _finish(session: Session, statement: str, count: int) -> None:
    while count > 0:
        session.execute(statement.format(count=min(count, AT_ONCE)))
        count -= AT_ONCE
