"""The demo's own Postgres and its own supervisor, in a directory that is removed afterwards."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from jobs_runtime.database import connect
from jobs_runtime.errors import JobsError
from jobs_runtime.executors.postgres.migrate import migrate
from jobs_supervisor.demo import application
from jobs_supervisor.embedded import EmbeddedDatabase
from jobs_supervisor.rundir import RunRecord
from jobs_supervisor.settings import unset_environment
from jobs_supervisor.slot_state import SlotState
from jobs_supervisor.slotmap import SlotMap
from jobs_supervisor.slots import Slot
from jobs_supervisor.status import open_slots

ENTRY = "from jobs_supervisor.cli import main; main()"
STARTUP = 30.0
"""Seconds that the pool has to get ready."""

ENDING = 40.0
"""Seconds that it has to end."""


class DemoFailed(JobsError):
    """The demo did not go as it should; the log of the supervisor says more."""


class DemoPool:
    """A real database and a real supervisor.

    Attributes:
        dsn: of the database.
        log_path: what the supervisor and its children say.
    """

    def __init__(self, workers: int) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="jobs-demo-"))
        # A server that runs as a user of its own must be able to reach its data.
        self.directory.chmod(0o755)
        self.log_path = self.directory / "supervisor.log"
        self.workers = workers
        self._process: subprocess.Popen[bytes] | None = None
        self._slots: SlotMap | None = None
        self._database = EmbeddedDatabase(self.directory / "postgres")
        self.dsn = self._database.dsn
        application.jobs.database.given_dsn = self.dsn
        with connect(self.dsn, "demo") as connection:
            migrate(connection)

    def start(self) -> None:
        """Start the supervisor and wait until its workers are ready.

        Raises:
            DemoFailed: it ended, or took too long.
        """
        options = ["--app", application.__name__, "--workers", str(self.workers)]
        with self.log_path.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", ENTRY, *options, "--metrics-address", "127.0.0.1:0"],
                cwd=self.directory,  # what a pyproject.toml sets is not for the demo
                env={
                    **unset_environment(),
                    "DATABASE_URL": self.dsn,
                    "JOBS_RUN_DIR": str(self.directory),
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C is for the demo, which then stops the supervisor in order.
                start_new_session=True,
            )
        ends = time.monotonic() + STARTUP
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > ends:
                raise DemoFailed(f"the pool did not get ready; see {self.log_path}")
            time.sleep(0.02)

    def _ready(self) -> bool:
        try:
            self._slots = open_slots(self.record)
        except (OSError, msgspec.DecodeError):
            return False
        used = self._slots.in_use
        return len(used) > self.workers and all(slot.state >= SlotState.IDLE for slot in used)

    @property
    def pid(self) -> int:
        """The supervisor's process."""
        assert self._process is not None, "started"
        return self._process.pid

    @property
    def record(self) -> RunRecord:
        """What the supervisor left word of."""
        path = self.directory / "jobs-supervisor" / f"{self.pid}.json"
        return msgspec.json.decode(path.read_bytes(), type=RunRecord)

    @property
    def slots(self) -> list[Slot]:
        """The workers' slots that are in use."""
        assert self._slots is not None, "started"
        return [slot for slot in self._slots.workers if slot.in_use]

    def stop(self) -> int:
        """Stop the supervisor as systemd would; gives its exit code."""
        assert self._process is not None, "started"
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        return self._process.wait(ENDING)

    def close(self, *, keep_log: bool = False) -> None:
        """Stop what still runs and remove everything, or everything but the log."""
        application.jobs.close()
        if self._process is not None and self._process.poll() is None:
            self.stop()
        self._database.stop()
        shutil.rmtree(self.directory / "postgres" if keep_log else self.directory)
