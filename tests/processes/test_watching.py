"""`jobs-supervisor status --watch` on a terminal."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs_supervisor.slot_state import SlotState
from tests.apps import basic
from tests.processes.test_bad_input import COMMAND
from tests.processes.test_deaths import slot_on
from tests.support.pool import ROOT, Pool, eventually

ENTERS, LEAVES = "\x1b[?1049h", "\x1b[?1049l"
"""What a terminal is sent before and after a program has the whole screen."""

STYLE = re.compile(r"\x1b\[[\d;]*m")


class Watching:
    """The command on a terminal of its own.

    Attributes:
        process: the command.
        screen: what it has written so far, without colours.
    """

    def __init__(self, run_dir: Path) -> None:
        self._terminal, inside = pty.openpty()
        self._written = ""
        self.process = subprocess.Popen(
            [*COMMAND, "status", "--watch"],
            cwd=ROOT,
            env={
                **os.environ,
                "JOBS_RUN_DIR": str(run_dir),
                "TERM": "xterm",
                "COLUMNS": "100",
                "LINES": "40",
            },
            stdin=inside,
            stdout=inside,
            stderr=inside,
        )
        os.close(inside)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    @property
    def screen(self) -> str:
        return STYLE.sub("", self._written)

    def _read(self) -> None:
        """Until nobody is left who could write."""
        while True:
            try:
                self._written += os.read(self._terminal, 1 << 16).decode(errors="replace")
            except OSError:
                return

    def close(self) -> None:
        """Have it ended, and everything read that it wrote."""
        self.process.kill()
        self.process.wait(5)
        self._reader.join()
        os.close(self._terminal)


@pytest.fixture
def watching(pool: Pool) -> Iterator[Watching]:
    watching = Watching(pool.directory)
    yield watching
    watching.close()


def test_it_shows_what_changes_until_it_is_interrupted(pool: Pool, watching: Watching) -> None:
    eventually(lambda: "no supervisor" in watching.screen, 10, "it watches")
    assert watching.screen.count(ENTERS) == 1
    running = pool.start(app="tests.apps.basic", workers=1)
    eventually(lambda: "1 worker" in watching.screen, 10, "the supervisor is shown")
    submitted = basic.nap.submit(30)
    slot = slot_on(running, submitted.job_id)
    shown = f"nap #{submitted.job_id}"
    eventually(lambda: shown in watching.screen, 10, "its job is shown")
    assert submitted.cancel()
    eventually(lambda: slot.state is SlotState.IDLE, 10, "the job has ended")
    before = len(watching.screen)
    eventually(lambda: "1 idle" in watching.screen[before:], 10, "its end is shown")
    assert watching.process.poll() is None

    watching.process.send_signal(signal.SIGINT)
    assert watching.process.wait(10) == 0
    eventually(lambda: LEAVES in watching.screen, 5, "the screen is given back")
    assert "Traceback" not in watching.screen
