"""Real `jobs-supervisor` processes, for tests."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path

import msgspec

from jobs_supervisor.rundir import RunRecord
from jobs_supervisor.settings import unset_environment
from jobs_supervisor.slot_state import SlotState
from jobs_supervisor.slotmap import SlotMap
from jobs_supervisor.status import open_slots

ROOT = Path(__file__).parents[2]

CRASHED = "code = main(slot)"
"""What the log has of a child that was ended by an exception: a line of its traceback."""


def eventually(holds: Callable[[], bool], within: float, what: str) -> float:
    """Wait until something holds; gives the seconds it took.

    Raises:
        AssertionError: it did not hold within so many seconds.
    """
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > within:
            raise AssertionError(f"not within {within} s: {what}")
        time.sleep(0.002)
    return time.monotonic() - began


class Running:
    """One running supervisor.

    Attributes:
        process: the supervisor itself.
        log: what it and its children have logged so far.
    """

    def __init__(self, process: subprocess.Popen[bytes], run_dir: Path, log_path: Path) -> None:
        self.process = process
        self._run_dir = run_dir
        self._log_path = log_path

    @property
    def log(self) -> str:
        return self._log_path.read_text()

    @property
    def record(self) -> RunRecord:
        path = self._run_dir / "jobs-supervisor" / f"{self.process.pid}.json"
        return msgspec.json.decode(path.read_bytes(), type=RunRecord)

    @cached_property
    def slots(self) -> SlotMap:
        return open_slots(self.record)

    def wait_ready(self, within: float = 15) -> None:
        """Wait until every worker and the scheduler are ready."""

        def ready() -> bool:
            assert self.process.poll() is None, f"it has ended:\n{self.log}"
            return "ready: " in self.log and self.slots.one("scheduler").state is SlotState.IDLE

        eventually(ready, within, f"ready\n{self.log}")

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait_exit(self, within: float) -> int:
        """Wait for the end; gives the exit code."""
        return self.process.wait(within)

    def stop(self) -> int:
        """Stop in the ordinary way; gives the exit code."""
        if self.process.poll() is None:
            self.send(signal.SIGTERM)
        return self.wait_exit(30)


class Pool:
    """Starts supervisors on one database and stops those that are left."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.directory = Path(tempfile.mkdtemp(prefix="jobs-pool-"))
        self._running: list[Running] = []

    def start(
        self,
        *arguments: str,
        app: str,
        workers: int = 2,
        wait: bool = True,
        prefix: Sequence[str] = (),
        cwd: Path | str = ROOT,
        **env: str,
    ) -> Running:
        """Run `jobs-supervisor --app APP --workers N ...` with /metrics on a free port."""
        log_path = self.directory / f"{len(self._running)}.log"
        command = [*prefix, sys.executable, "-c", "from jobs_supervisor.cli import main; main()"]
        command += ["--app", app, "--workers", str(workers), "--metrics-address", "127.0.0.1:0"]
        with log_path.open("wb") as log:
            process = subprocess.Popen(
                [*command, *arguments],
                cwd=cwd,
                env={
                    **unset_environment(),
                    "DATABASE_URL": self.dsn,
                    "JOBS_RUN_DIR": str(self.directory),
                    "JOBS_LOG_FORMAT": "text",
                    **env,
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        running = Running(process, self.directory, log_path)
        self._running.append(running)
        if wait:
            running.wait_ready()
        return running

    def forgive(self, stopped: Running) -> None:
        """Its children were meant to be ended by exceptions."""
        self._running.remove(stopped)

    def stop_all(self) -> None:
        """Kill what still runs, have every child gone before the database goes, and clean up.

        Raises:
            AssertionError: a child was ended by an exception; another took its place unnoticed.
        """
        for running in self._running:
            if running.process.poll() is None:
                pids = [slot.pid for slot in running.slots] if "ready: " in running.log else []
                running.process.kill()
                running.process.wait(10)
                for pid in filter(None, pids):
                    _kill(pid)
        crashes = [running.log for running in self._running if CRASHED in running.log]
        shutil.rmtree(self.directory, ignore_errors=True)
        assert not crashes, "\n".join(crashes)

    def kill_all(self) -> None:
        """Kill containers, with everything in them, whose records say nothing outside of them."""
        for running in self._running:
            running.process.kill()
            running.process.wait(10)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
