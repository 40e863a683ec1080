"""What the exporter says: metrics, and whether the supervisor lives and is ready."""

from __future__ import annotations

import json
import signal
import socket
import time
from types import FrameType

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from jobs_supervisor import metrics
from jobs_supervisor.counters import Counters
from jobs_supervisor.exporter.access import Access
from jobs_supervisor.exporter.cluster import ClusterCollector, ClusterWatch
from jobs_supervisor.exporter.collector import SupervisorCollector
from jobs_supervisor.exporter.server import Answer, Route, Server
from jobs_supervisor.pulse import Pulse
from jobs_supervisor.slot_state import SlotState
from jobs_supervisor.slotmap import SlotMap
from jobs_supervisor.slots import Slot

UNREACHABLE_AFTER = 2.0
"""Seconds that a child may be connecting, as each does once, before Postgres is called away."""


class Exporter:
    """One exporter process.

    Args:
        listener: the bound socket.
        slots: the slot map.
        pulse: whether the scheduler's heartbeats arrive.
        counters: what the children count.
        dsn: where the leader's exporter looks at the whole cluster.
        access: who may ask, and how.
        pg_boss_schema: where the application's jobs of a pg-boss are; None for nowhere.
    """

    def __init__(
        self,
        listener: socket.socket,
        slots: SlotMap,
        pulse: Pulse,
        counters: Counters,
        dsn: str,
        access: Access,
        pg_boss_schema: str | None,
    ) -> None:
        self._slots = slots
        self._pulse = pulse
        self._watch = ClusterWatch(dsn, lambda: counters.sum_of(metrics.LEADER) > 0, pg_boss_schema)
        self._registry = CollectorRegistry()
        self._registry.register(SupervisorCollector(counters, slots))
        self._registry.register(ClusterCollector(self._watch))
        routes = {
            "/metrics": Route(self._metrics, guarded=True),
            "/livez": Route(self._live),
            "/readyz": Route(self._ready),
        }
        self._server = Server(listener, routes, access)

    def run(self, slot: Slot) -> int:
        """Serve until told to stop; gives the exit code."""
        signal.signal(signal.SIGTERM, _exit)
        self._watch.start()
        slot.enter(SlotState.IDLE)
        self._server.serve_forever()
        return 0

    def _metrics(self) -> Answer:
        return 200, CONTENT_TYPE_LATEST, generate_latest(self._registry)

    def _live(self) -> Answer:
        # Neither draining nor a database that is away is cured by a restart.
        return _json(200, {"status": "ok"})

    def _ready(self) -> Answer:
        reasons = not_ready(self._slots, self._pulse, time.monotonic())
        return _json(503 if reasons else 200, {"ready": not reasons, "reasons": reasons})


def not_ready(slots: SlotMap, pulse: Pulse, now: float) -> list[str]:
    """Why no work should be expected of this supervisor; empty if it may be.

    Args:
        slots: the slot map.
        pulse: whether the scheduler's heartbeats arrive: it says anew with every try to connect.
        now: monotonic seconds.
    """
    workers = [slot for slot in slots.workers if slot.in_use]
    states = [slot.state for slot in workers]
    working = sum(state in (SlotState.IDLE, SlotState.BUSY) for state in states)
    reasons: list[str] = []
    if working == 0:
        reasons.append("no worker is ready")
    waiting = [slot for slot in workers if slot.state is SlotState.CONNECTING]
    away = any(now - slot.since > UNREACHABLE_AFTER for slot in waiting)
    scheduler = slots.one("scheduler")
    if scheduler.state is SlotState.CONNECTING:
        away = away or pulse.is_silent(now, scheduler.spawned, UNREACHABLE_AFTER)
    if away:
        reasons.append("postgres cannot be reached")
    if workers and not any(slot.wanted for slot in workers):
        reasons.append("draining")
    return reasons


def _json(status: int, value: object) -> Answer:
    return status, "application/json", json.dumps(value).encode() + b"\n"


def _exit(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)
