"""The exporter's HTTP server."""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import FrameType

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from jobs_runtime.errors import ConfigurationError
from jobs_supervisor import metrics
from jobs_supervisor.counters import Counters
from jobs_supervisor.exporter.cluster import ClusterCollector, ClusterWatch
from jobs_supervisor.exporter.collector import SupervisorCollector
from jobs_supervisor.slotmap import SlotMap
from jobs_supervisor.slots import Slot, SlotState

REQUEST_TIMEOUT = 5.0
"""Seconds that a client has to send its request."""

Answer = tuple[int, str, bytes]


def bind(address: str) -> socket.socket:
    """Open the listening socket, before any fork, so that it outlives the exporter.

    Raises:
        ConfigurationError: not host:port.
        OSError: the address is taken, or not of this host.
    """
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise ConfigurationError(f"--metrics-address takes host:port, not {address!r}")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host.strip("[]"), int(port)))
    except OSError:
        listener.close()
        raise
    listener.listen(64)
    return listener


class Exporter:
    """One exporter process.

    Args:
        listener: the bound socket.
        slots: the slot map.
        counters: what the children count.
        dsn: where the leader's exporter looks at the whole cluster.
    """

    def __init__(
        self, listener: socket.socket, slots: SlotMap, counters: Counters, dsn: str
    ) -> None:
        self._slots = slots
        self._watch = ClusterWatch(dsn, lambda: counters.sum_of(metrics.LEADER) > 0)
        self._registry = CollectorRegistry()
        self._registry.register(SupervisorCollector(counters, slots))
        self._registry.register(ClusterCollector(self._watch))
        routes: dict[str, Callable[[], Answer]] = {
            "/metrics": self._metrics,
            "/livez": self._live,
            "/readyz": self._ready,
        }
        self._server = _Server(listener, routes)

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
        reasons = not_ready(self._slots)
        return _json(503 if reasons else 200, {"ready": not reasons, "reasons": reasons})


def not_ready(slots: SlotMap) -> list[str]:
    """Why no work should be expected of this supervisor; empty if it may be."""
    states = [slot.state for slot in slots.workers if slot.in_use]
    working = sum(state in (SlotState.IDLE, SlotState.BUSY) for state in states)
    reasons: list[str] = []
    if working == 0:
        reasons.append("no worker is ready")
    if SlotState.CONNECTING in (*states, slots.one("scheduler").state):
        reasons.append("postgres cannot be reached")
    if states and all(state in (SlotState.DRAINING, SlotState.VACANT) for state in states):
        reasons.append("draining")
    return reasons


def _json(status: int, value: object) -> Answer:
    return status, "application/json", json.dumps(value).encode() + b"\n"


def _exit(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, listener: socket.socket, routes: dict[str, Callable[[], Answer]]) -> None:
        super().__init__(listener.getsockname()[:2], _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.routes = routes


class _Handler(BaseHTTPRequestHandler):
    timeout = REQUEST_TIMEOUT
    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        route = self.server.routes.get(self.path.split("?")[0])
        known = ", ".join(self.server.routes)
        answer = route() if route else (404, "text/plain", f"known are {known}\n".encode())
        status, content_type, body = answer
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Probes and scrapes come every few seconds; they are not news."""
