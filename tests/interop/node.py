"""Real Node processes with a real pg-boss, driven from a test."""

from __future__ import annotations

import itertools
import json
import queue
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from psycopg import conninfo

from benchmarks.environments import CannotInstall, has_packages, node_programs

PACKAGES = Path(__file__).parent / "packages"
DRIVER = Path(__file__).parent / "driver.mjs"

ANSWER_WITHIN = 30.0
"""Seconds."""


def missing(version: str) -> str | None:
    """Why this pg-boss cannot be run here; None if it can."""
    try:
        node_programs()
    except CannotInstall as error:
        return str(error)
    if not has_packages(PACKAGES / version):
        return f"{version} is not installed: make test-interop"
    return None


class NodeError(Exception):
    """pg-boss refused a call."""


class Node:
    """One Node process with one pg-boss, started.

    Args:
        version: a folder of `PACKAGES`.
        dsn: where its tables are, or will be.
        prefix: a command to run it with, such as faketime.
        options: more of the constructor's.
    """

    def __init__(
        self, version: str, dsn: str, prefix: Sequence[str] = (), **options: object
    ) -> None:
        command = [*prefix, str(node_programs() / "node"), str(DRIVER), str(PACKAGES / version)]
        self.process = subprocess.Popen(
            [*command, json.dumps({**connection_options(dsn), **options})],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self.errors: list[str] = []
        self.performed: queue.Queue[dict[str, Any]] = queue.Queue()
        self.completed: queue.Queue[dict[str, Any]] = queue.Queue()
        self._numbers = itertools.count(1)
        self._answers: dict[int, dict[str, Any]] = {}
        self._changed = threading.Condition()
        self._started = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._wait(lambda: self._started, "pg-boss has not started")

    def call(self, method: str, *arguments: object) -> Any:
        """Call a method of pg-boss (or of the driver) and wait for its result.

        Raises:
            NodeError: it threw.
        """
        return self.answer(self.begin(method, *arguments))

    def begin(self, method: str, *arguments: object) -> int:
        """Call a method without waiting for it; gives what to ask `answer` for."""
        number = next(self._numbers)
        assert self.process.stdin is not None
        message = {"id": number, "call": method, "args": arguments}
        self.process.stdin.write(json.dumps(message) + "\n")
        return number

    def answer(self, number: int) -> Any:
        """Wait for the result of a call."""
        self._wait(lambda: number in self._answers, f"no answer to call {number}")
        answer = self._answers.pop(number)
        if "error" in answer:
            raise NodeError(answer["error"])
        return answer["result"]

    def send(self, name: str, data: object = None, options: object = None) -> Any:
        return self.call("send", name, data, options or {})

    def work(self, name: str, **options: object) -> None:
        self.call("work", name, options)

    def job(self, job_id: str) -> dict[str, Any]:
        """A job as `getJobById` gives it."""
        return self.call("getJobById", job_id)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def close(self) -> None:
        if self.process.poll() is None:
            self.kill()
        self._reader.join(10)
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._take(json.loads(line))
        with self._changed:
            self._changed.notify_all()

    def _take(self, message: dict[str, Any]) -> None:
        match message.get("event"):
            case "performed":
                self.performed.put(message)
            case "completed":
                self.completed.put(message)
            case "error":
                self.errors.append(message["message"])
            case "started":
                self._started = True
            case _:
                self._answers[message["id"]] = message
        with self._changed:
            self._changed.notify_all()

    def _wait(self, holds: Any, what: str) -> None:
        ends = time.monotonic() + ANSWER_WITHIN
        with self._changed:
            while not holds():
                left = ends - time.monotonic()
                ended = self.process.poll() is not None and not self._reader.is_alive()
                assert left > 0, f"{what}; errors: {self.errors}"
                assert not ended, f"Node has ended; errors: {self.errors}"
                self._changed.wait(min(left, 0.5))


def connection_options(dsn: str) -> dict[str, object]:
    """The constructor's options that lead to a database."""
    parts = conninfo.conninfo_to_dict(dsn)
    names = {"host": "host", "port": "port", "user": "user", "password": "password"}
    found = {key: parts[name] for key, name in names.items() if parts.get(name)}
    return {**found, "database": parts["dbname"]}
