"""W8: a saturated pool of 64, jobs of nothing, 20 ms and 2 s mixed, in three priorities.

The jobs sleep: with as many as that on a few cores, burning would measure the cores. With fewer
workers than 64 all of them would often be in a job of 2 s, and nothing could be quick. With 64 they
still are at times, more often in a quicker pool: so the wait is also given without those spells.
"""

from __future__ import annotations

import random
import time

import psutil

from benchmarks.figures import percentile
from benchmarks.full import full_spells, wait_beyond
from benchmarks.session import SETTLING, Session
from benchmarks.workloads import Figures, Open

BACKLOG = 90_000
"""Jobs of the lowest priority that wait from the start: more than the pool can perform."""
CHUNK = 2_000
"""How many of them are submitted at once."""
URGENT = 600
"""Jobs of the higher priorities, half of each."""
GAP = 0.04
"""Seconds between two of them."""
LOOK = 5
"""After how many of them is looked for jobs that are held up behind another."""
PATIENCE = 60.0
LOW, MIDDLE, HIGH = 0, 1, 2
PLACES = 64
"""Jobs that the pool performs at once."""
LONG = 2.0
"""Seconds of the longest jobs."""


def duration(chance: random.Random) -> float:
    """Seconds of one job: 90 % nothing, 9 % 20 ms, 1 % 2 s."""
    drawn = chance.random()
    return LONG if drawn < 0.01 else 0.02 if drawn < 0.1 else 0.0


def tagged(priority: int, seconds: float, number: object = "") -> dict[str, object]:
    """Arguments of one job; its tag says its priority, its number, and whether it is a long one."""
    return {"tag": f"{priority}-{number}{'-long' if seconds == LONG else ''}", "sleep": seconds}


def measure(open_session: Open, scale: float) -> Figures:
    """How long the higher priorities wait while the pool is saturated by the lowest."""
    chance = random.Random(1)
    count = max(20, int(URGENT * scale))
    with open_session() as session:
        _fill(session, max(CHUNK, int(BACKLOG * scale)), chance)
        with session.workers("mixed") as workers:
            session.warm_up(workers)
            sent, held = _submit_urgent(session, workers, count, chance)
            time.sleep(SETTLING)
            session.wait(lambda: sent.keys() <= _started(session).keys(), workers, "all", PATIENCE)
        started = _started(session)
    full = full_spells(_long(session, "start"), _long(session, "end"), PLACES)
    spans = {
        priority: [
            (when, started[tag]) for tag, when in sent.items() if tag.startswith(f"{priority}-")
        ]
        for priority in (HIGH, MIDDLE)
    }
    waits = {key: [1000 * (end - begin) for begin, end in each] for key, each in spans.items()}
    beyond = [1000 * wait_beyond(full, *span) for span in spans[HIGH]]
    figures = {
        "high p50, ms": percentile(waits[HIGH], 50),
        "high p99, ms": percentile(waits[HIGH], 99),
        "high p99 while a place was free, ms": percentile(beyond, 99),
        "middle p50, ms": percentile(waits[MIDDLE], 50),
        "middle p99, ms": percentile(waits[MIDDLE], 99),
        "all jobs, jobs/s": _rate(session),
    }
    return {**figures, "held behind another, ms": max(held)} if held else figures


def _fill(session: Session, count: int, chance: random.Random) -> None:
    args = [tagged(LOW, duration(chance)) for _ in range(CHUNK)]
    for _ in range(count // CHUNK):
        session.producer.submit_many("work", args, count=CHUNK)
    session.settle()


def _submit_urgent(
    session: Session, workers: list[psutil.Process], count: int, chance: random.Random
) -> tuple[dict[str, float], list[float]]:
    sent, held = dict[str, float](), list[float]()
    for number in range(count):
        priority = HIGH if number % 2 else MIDDLE
        args = tagged(priority, duration(chance), number)
        sent[str(args["tag"])] = session.producer.submit("work", args, priority=priority).ended
        session.check(workers)
        if session.peer.held is not None and number % LOOK == 0:
            held.append(float(str(session.ask(session.peer.held))))
        time.sleep(GAP)
    return sent, held


def _started(session: Session) -> dict[str, float]:
    return {moment.tag: moment.when for moment in session.performed.moments("start")}


def _long(session: Session, what: str) -> list[float]:
    return [each.when for each in session.performed.moments(what) if each.tag.endswith("-long")]


def _rate(session: Session) -> float:
    starts = session.performed.moments("start")
    return len(starts) / (starts[-1].when - starts[0].when)
