"""The plan of a measurement: every contestant at every workload, round by round, interleaved."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial

import psycopg

from benchmarks import bare
from benchmarks.peer import Peer
from benchmarks.session import Servers, Session, session
from benchmarks.workloads import (
    Figures,
    Open,
    cpu,
    crash,
    enqueue,
    growth,
    latency,
    memory,
    mixed,
    sustained,
    throughput,
)

BARE = "bare"
"""No queue: processes that run our statements, or the jobs' functions, and nothing else."""

Turn = tuple[str, Callable[[], Figures]]
"""A contestant, and its run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """One thing that is measured.

    Attributes:
        shown: the figure that is plotted.
        pool: the pool of workers that it needs.
        bare: the same without a queue, if that says something.
    """

    title: str
    measure: Callable[[Open, float], Figures]
    shown: str
    pool: str = "throughput"
    bare: Callable[[str, float], Figures] | None = None


WORKLOADS = {
    "w1": Workload(
        title="no-op throughput, 100,000 waiting, 2 workers",
        measure=throughput.measure,
        shown="performed, jobs/s",
        bare=bare.throughput,
    ),
    "w1b": Workload(
        title="no-op throughput, 500,000 waiting, 2 workers",
        measure=throughput.measure_more,
        shown="performed, jobs/s",
    ),
    "w2": Workload(
        title="pickup latency on an idle system",
        measure=latency.measure,
        shown="p50, ms",
        pool="latency",
    ),
    "w3": Workload(
        title="400 jobs of 20 ms CPU, 2 workers",
        measure=cpu.measure,
        shown="efficiency",
        pool="cpu",
        bare=bare.cpu,
    ),
    "w4": Workload(
        title="SIGKILL of a busy worker -> performed again",
        measure=crash.measure,
        shown="median, ms",
        pool="crash",
    ),
    "w5": Workload(
        title="memory of 8 workers after a 200 MB import",
        measure=memory.measure,
        shown="PSS of the tree, MB",
        pool="memory",
    ),
    "w6": Workload(
        title="producers and workers together for 3 minutes",
        measure=sustained.measure,
        shown="performed, jobs/s",
    ),
    "w6b": Workload(
        title="the same beside an open snapshot",
        measure=sustained.measure_snapshot,
        shown="performed, jobs/s",
    ),
    "w7": Workload(
        title="enqueue, one by one and in bulk",
        measure=enqueue.measure,
        shown=enqueue.name(16),
        bare=bare.enqueue,
    ),
    "w8": Workload(
        title="saturated pool of 64, jobs of 0, 20 ms and 2 s, three priorities",
        measure=mixed.measure,
        shown="high p99, ms",
        pool="mixed",
    ),
    "w9": Workload(
        title="growth: waiting, finished, queues",
        measure=growth.measure,
        shown="1,000,000 waiting, jobs/s",
    ),
}


@dataclass(slots=True)
class Results:
    """What came out.

    Attributes:
        runs: figures of every run, by workload and contestant.
        skipped: why something is not measured, by contestant or `contestant workload`.
        failed: why something was begun and has no or not all figures, by `contestant workload`.
    """

    runs: dict[str, dict[str, list[Figures]]] = field(
        default_factory=dict[str, dict[str, list[Figures]]]
    )
    skipped: dict[str, str] = field(default_factory=dict[str, str])
    failed: dict[str, str] = field(default_factory=dict[str, str])


class ServerGone(Exception):
    """The server that everything is measured on does not answer any more."""


def lacking(peer: Peer, name: str) -> str | None:
    """Why a contestant cannot be measured at a workload."""
    if name in peer.lacks:
        return peer.lacks[name]
    try:
        peer.pool(WORKLOADS[name].pool)
    except KeyError:
        return f"no pool of workers for {name}"
    return None


def measure(
    results: Results,
    peers: Sequence[Peer],
    names: Sequence[str],
    rounds: int,
    scale: float,
    servers: Mapping[str, Servers],
    say: Callable[[str], None],
    keep: Callable[[], None] = lambda: None,
) -> None:
    """Measure everything once in each round; who fails is left out from then on.

    Each round begins with another contestant, since what runs after a pause has a cooler machine.

    Args:
        results: where what comes out is added.
        peers: who is measured.
        names: of the workloads.
        rounds: how often.
        scale: the share of each workload's jobs that is used.
        servers: by the name of the store.
        say: told what is being done.
        keep: called after every workload of a round, so that hours are not lost to an interruption.

    Raises:
        ServerGone: the server failed, not a contestant.
    """
    for number in range(rounds):
        for name in names:
            runs = results.runs.setdefault(name, {})
            for who, run in in_turn(_contestants(results, peers, name, servers, scale), number):
                key = f"{who} {name}"
                if key in results.failed:
                    continue
                say(f"round {number + 1} of {rounds}: {name} {who}")
                try:
                    runs.setdefault(who, []).append(run())
                except Exception as error:  # a peer's failure must not end the others' measurement
                    _see_that_it_lives(servers["postgres"].dsn)
                    results.failed[key] = f"{type(error).__name__}: {error}"
                    say(f"{key} failed: {results.failed[key]}")
            keep()


def _contestants(
    results: Results,
    peers: Sequence[Peer],
    name: str,
    servers: Mapping[str, Servers],
    scale: float,
) -> list[Turn]:
    """Who is measured at a workload, and how."""
    workload = WORKLOADS[name]
    found: list[Turn] = []
    if workload.bare is not None:
        found.append((BARE, partial(workload.bare, servers["postgres"].dsn, scale)))
    for peer in peers:
        reason = lacking(peer, name)
        if reason is None:
            opener = _opener(peer, servers[peer.store])
            found.append((peer.name, partial(workload.measure, opener, scale)))
        else:
            results.skipped[f"{peer.name} {name}"] = reason
    return found


def in_turn(of: Sequence[Turn], number: int) -> Sequence[Turn]:
    """The order of a round: each begins with another."""
    first = number % len(of) if of else 0
    return [*of[first:], *of[:first]]


def _see_that_it_lives(dsn: str) -> None:
    try:
        psycopg.connect(dsn, connect_timeout=5).close()
    except psycopg.OperationalError as error:
        raise ServerGone(f"the server of the benchmarks is gone: {error}") from None


def _opener(peer: Peer, servers: Servers) -> Callable[[], AbstractContextManager[Session]]:
    @contextmanager
    def opened() -> Generator[Session]:
        with session(peer, servers) as fresh:
            yield fresh

    return opened
