"""One run of one contestant: an empty store, its producer, its workers, and what they did."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import psutil
import psycopg

from benchmarks import usage
from benchmarks.environments import ROOT, programs
from benchmarks.moments import Performed, wait_until
from benchmarks.peer import Peer
from benchmarks.redis import Redis
from benchmarks.server import fresh_database, process, settle
from benchmarks.submitting import Producer, tail
from jobs_supervisor.settings import unset_environment

STARTUP = 60.0
"""Seconds that workers have until they perform their first job."""
SETTLING = 2.0
"""Seconds from one worker's first job until all are taken to be ready."""
STOPPING = 15.0
"""Seconds that workers have to end by themselves."""


class WorkersEnded(Exception):
    """A contestant's workers ended while they were needed; the message is what they last said."""


@dataclass(frozen=True, slots=True)
class Servers:
    """What the contestants keep their jobs in, and a folder for this run.

    Attributes:
        scratch: removed with everything in it when the suite ends.
    """

    dsn: str
    redis: Redis | None
    scratch: Path


class Session:
    """A contestant with an empty store; made by `session`."""

    def __init__(self, peer: Peer, servers: Servers, dsn: str, directory: Path) -> None:
        self.peer = peer
        self.dsn = dsn
        self.server = servers.redis.process if servers.redis else process(dsn)
        self.performed = Performed(directory)
        self._log = directory / "log"
        self._log.touch()
        self._stack = ExitStack()
        own = programs(peer)
        self._env = {
            **unset_environment(),
            "PATH": f"{own}{os.pathsep}{os.environ.get('PATH', '')}",
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": dsn,
            "REDIS_URL": servers.redis.url if servers.redis else "",
            "BENCH_DIRECTORY": str(directory),
        }
        self.producer = self.another_producer()

    def close(self) -> None:
        """End the producers."""
        self._stack.close()
        self.performed.close()

    def another_producer(self) -> Producer:
        """One more process that submits."""
        if self.peer.runtime == "node":
            command = ["node", str(self.peer.folder / "app.mjs"), "produce"]
        else:
            command = ["python", "-m", "benchmarks.inside.producer", self.peer.module]
        command[0] = str(programs(self.peer) / command[0])
        return self._stack.enter_context(Producer(command, self._env, self._log))

    def settle(self) -> None:
        """Give every measured run the same start."""
        if self.peer.store == "postgres":
            settle(self.dsn)

    def unfinished(self) -> bool:
        """Whether the store still has waiting or running jobs; false where nobody can say."""
        if self.peer.unfinished is None:
            return False
        return bool(self.ask(self.peer.unfinished))

    def ask(self, question: str) -> object:
        """One value out of the contestant's tables."""
        row = self._connection.execute(question.encode()).fetchone()
        assert row is not None
        return row[0]

    def execute(self, statement: str) -> None:
        """Change what is in the contestant's tables."""
        self._connection.execute(statement.encode())

    @cached_property
    def _connection(self) -> psycopg.Connection[tuple[object, ...]]:
        """One for all questions: a new server process for each would take from what is measured."""
        return self._stack.enter_context(psycopg.connect(self.dsn, autocommit=True))

    def usage(self, workers: list[psutil.Process]) -> usage.Usage:
        """What was used so far."""
        wal, commits = usage.totals(self.dsn) if self.peer.store == "postgres" else (0.0, 0.0)
        return usage.Usage(
            usage.cpu_seconds(workers), usage.cpu_seconds([self.server]), wal, commits
        )

    @contextmanager
    def workers(self, pool: str, **env: str) -> Generator[list[psutil.Process]]:
        """Run the contestant's workers until the block ends."""
        described = self.peer.pool(pool)
        command = [_resolve(self.peer, described.command[0]), *described.command[1:]]
        started: list[subprocess.Popen[bytes]] = []
        try:
            while len(started) < described.copies:
                started.append(self._start(command, {**described.env, **env}))
            yield [psutil.Process(each.pid) for each in started]
        finally:
            _stop(started)

    def _start(self, command: list[str], env: Mapping[str, str]) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(
                command,
                env={**self._env, **env},
                cwd=self.peer.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def warm_up(self, workers: list[psutil.Process]) -> None:
        """Wait until the workers perform jobs."""
        self.producer.submit("work", {"tag": "warm-up"})
        self.wait(lambda: bool(self.performed.moments("end")), workers, "the first job")
        time.sleep(SETTLING)

    def wait(
        self,
        condition: Callable[[], bool],
        workers: list[psutil.Process],
        what: str,
        patience: float = STARTUP,
        every: float = 0.002,
    ) -> None:
        """Wait for something that the workers do, looking every so many seconds.

        Raises:
            WorkersEnded: all of them have ended.
            TimeoutError: it did not happen within `patience` seconds.
        """

        def happened() -> bool:
            if condition():
                return True
            self.check(workers)
            return False

        wait_until(happened, patience, what, every)

    def check(self, workers: list[psutil.Process]) -> None:
        """See that some worker lives.

        Raises:
            WorkersEnded: none does.
        """
        if not any(map(is_alive, workers)):
            raise WorkersEnded(tail(self._log))


def is_alive(process: psutil.Process) -> bool:
    """Whether it runs; a zombie does not, however late process 1 reaps it."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _resolve(peer: Peer, program: str) -> str:
    own = programs(peer) / program
    return str(own) if own.exists() else program


def _stop(started: list[subprocess.Popen[bytes]]) -> None:
    for each in started:
        each.terminate()
    ends = time.monotonic() + STOPPING
    for each in started:
        with contextlib.suppress(subprocess.TimeoutExpired):
            each.wait(max(0.1, ends - time.monotonic()))
        # Each leads a process group of its own: nothing of it outlives its run.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(each.pid, signal.SIGKILL)
        each.wait()


@contextmanager
def session(peer: Peer, servers: Servers) -> Generator[Session]:
    """Empty the contestant's store and make its schema."""
    directory = servers.scratch / f"{peer.name}-{time.monotonic_ns()}"
    directory.mkdir()
    if servers.redis is not None:
        servers.redis.empty()
    dsn = fresh_database(servers.dsn, "bench") if peer.store == "postgres" else servers.dsn
    opened = Session(peer, servers, dsn, directory)
    try:
        opened.producer.setup()
        yield opened
    finally:
        opened.close()
