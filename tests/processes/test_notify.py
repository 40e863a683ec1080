"""What systemd is told, by a socket that stands in for it."""

from __future__ import annotations

import contextlib
import itertools
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs_supervisor.slot_state import SlotState
from tests.apps import basic, unruly
from tests.processes.test_deaths import slot_on
from tests.support.pool import Pool, Running

WATCHDOG = 0.4
"""Seconds within which the stand-in wants to hear of progress."""


class Listener:
    """Reads what `sd_notify` says: (seconds, message)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.heard: list[tuple[float, str]] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))

    def until(self, beginning: str, within: float = 15) -> str:
        """Listen until a message begins so; gives it."""
        ends = time.monotonic() + within
        while (left := ends - time.monotonic()) > 0:
            self._socket.settimeout(left)
            message = self._socket.recv(4096).decode()
            self.heard.append((time.monotonic(), message))
            if message.startswith(beginning):
                return message
        raise AssertionError(f"{beginning} was not heard within {within} s")

    def listen(self, seconds: float) -> list[float]:
        """Listen for so long; gives the times of the watchdog's messages."""
        first = len(self.heard)
        with contextlib.suppress(TimeoutError, AssertionError):
            self.until("never", seconds)
        return [at for at, message in self.heard[first:] if message == "WATCHDOG=1"]

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[Listener]:
    listener = Listener(tmp_path / "notify")
    yield listener
    listener.close()


def start(pool: Pool, listener: Listener, app: str, *arguments: str) -> Running:
    env = {"NOTIFY_SOCKET": str(listener.path), "WATCHDOG_USEC": str(int(WATCHDOG * 1e6))}
    return pool.start(*arguments, app=app, workers=2, wait=False, **env)


def start_busy(pool: Pool, listener: Listener, seconds: float) -> Running:
    """Start one that is ready, and performs a job of so many seconds."""
    running = start(pool, listener, "tests.apps.basic")
    listener.until("READY=1")
    slot_on(running, basic.deep_sleep.submit(seconds).job_id)
    return running


def test_ready_when_all_workers_are(pool: Pool, listener: Listener) -> None:
    running = start(pool, listener, "tests.apps.basic")
    listener.until("READY=1")
    states = [slot.state for slot in running.slots.workers if slot.pid]
    assert states == [SlotState.IDLE] * 2
    submitted = basic.nap.submit(0.5)
    listener.until("STATUS=2 workers, 1 busy")
    listener.until("STATUS=2 workers, 0 busy")
    assert submitted.result(5)


@pytest.mark.measures
def test_the_watchdog_is_fed_in_time(pool: Pool, listener: Listener) -> None:
    running = start(pool, listener, "tests.apps.basic")
    listener.until("READY=1")
    times = listener.listen(1.5)
    gaps = [after - before for before, after in itertools.pairwise(times)]
    assert len(times) >= 5
    assert max(gaps) < 2 * WATCHDOG
    running.send(signal.SIGSTOP)
    listener.listen(WATCHDOG)
    assert listener.listen(3 * WATCHDOG) == []
    running.send(signal.SIGCONT)


def test_a_reload_is_announced(pool: Pool, listener: Listener) -> None:
    running = start(pool, listener, "tests.apps.basic")
    listener.until("READY=1")
    before = time.monotonic()
    running.send(signal.SIGHUP)
    message = listener.until("RELOADING=1")
    stamp = int(message.split("MONOTONIC_USEC=")[1]) / 1e6
    assert before <= stamp <= time.monotonic()
    # The trial may take 30 s, and so may what replaces this process, which is fed by nobody then.
    longer = listener.until("WATCHDOG_USEC=")
    assert int(longer.split("=")[1]) == (WATCHDOG + 30) * 1e6
    listener.until("WATCHDOG=1", 1)
    listener.until("READY=1")
    assert int(listener.until("WATCHDOG_USEC=", 1).split("=")[1]) == WATCHDOG * 1e6


def test_a_reload_waits_for_a_long_job(pool: Pool, listener: Listener) -> None:
    running = start_busy(pool, listener, 2.0)
    running.send(signal.SIGHUP)
    listener.until("RELOADING=1")
    listener.until("EXTEND_TIMEOUT_USEC=")
    listener.until("READY=1")


def test_a_drain_asks_for_the_time_it_needs(pool: Pool, listener: Listener) -> None:
    running = start_busy(pool, listener, 1.2)
    running.send(signal.SIGTERM)
    listener.until("STOPPING=1")
    first = listener.until("EXTEND_TIMEOUT_USEC=")
    assert int(first.split("=")[1]) > 1_000_000
    listener.until("EXTEND_TIMEOUT_USEC=", 1)
    assert running.wait_exit(10) == 0


def test_children_do_not_speak_for_the_supervisor(pool: Pool, listener: Listener) -> None:
    start(pool, listener, "tests.apps.unruly")
    listener.until("READY=1")
    for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"):
        assert unruly.environment.submit(name).result(5) is None
