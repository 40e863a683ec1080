"""The exporter's HTTP server: one thread a request, on a socket opened before any fork."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from jobs_runtime.errors import ConfigurationError
from jobs_supervisor.exporter.access import Access

REQUEST_TIMEOUT = 5.0
"""Seconds that a client has to shake hands and send its request."""

Answer = tuple[int, str, bytes]


class Route(NamedTuple):
    """What answers a path.

    Attributes:
        guarded: whether only those with the token get an answer.
    """

    answer: Callable[[], Answer]
    guarded: bool = False


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


class Server(ThreadingHTTPServer):
    """Answers GET requests.

    Args:
        listener: the bound socket.
        routes: by path.
        access: who may ask, and how.

    Raises:
        ConfigurationError: the certificate cannot be used.
    """

    daemon_threads = True

    def __init__(
        self, listener: socket.socket, routes: Mapping[str, Route], access: Access
    ) -> None:
        super().__init__(listener.getsockname()[:2], _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.routes = routes
        self.access = access
        self._context = access.context()

    def process_request_thread(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        """Shake hands in the request's own thread: a slow client holds up nobody else."""
        assert isinstance(request, socket.socket)
        request.settimeout(REQUEST_TIMEOUT)
        try:
            if self._context is not None:
                request = self._context.wrap_socket(request, server_side=True)
        except (ssl.SSLError, OSError):
            self.shutdown_request(request)
            return
        super().process_request_thread(request, client_address)

    def handle_error(self, request: object, client_address: object) -> None:
        """Let a client go that went away in the middle of its request."""


class _Handler(BaseHTTPRequestHandler):
    timeout = REQUEST_TIMEOUT
    server: Server  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        route = self.server.routes.get(self.path.split("?")[0])
        status, content_type, body = self._answer(route)
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        if status == 401:
            self.send_header("WWW-Authenticate", "Bearer")
        self.end_headers()
        self.wfile.write(body)

    def _answer(self, route: Route | None) -> Answer:
        if route is None:
            known = ", ".join(self.server.routes)
            return 404, "text/plain", f"known are {known}\n".encode()
        if route.guarded and not self.server.access.allows(self.headers["Authorization"]):
            return 401, "text/plain", b"the bearer token of --metrics-token is wanted\n"
        return route.answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Probes and scrapes come every few seconds; they are not news."""
