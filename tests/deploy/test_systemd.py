"""The unit, read by systemd's own tools and held to what the supervisor does."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs_supervisor.cli import cli
from jobs_supervisor.settings import DEFAULTS
from tests.deploy.units import ENVIRONMENT, OLDER, SYSTEMD, UNIT, environment, setting, settings
from tests.support.pool import Pool

MOST_EXPOSURE = 3.0

LATER = {"notify-reload": 253, "RestartSteps": 254, "RestartMaxDelaySec": 254}
"""What the unit uses that an older systemd warns of, and since when it is known."""

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = ["systemd-analyze", "--no-pager", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def version() -> int:
    found = re.search(r"systemd (\d+)", analyze("--version").stdout)
    assert found
    return int(found[1])


def known_to_be_later(line: str, running: int) -> bool:
    return any(word in line and running < since for word, since in LATER.items())


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The unit as it would be installed on this machine: with a program that exists."""
    program = shutil.which("true")
    assert program
    text = UNIT.read_text().replace("/srv/app/.venv/bin/jobs-supervisor", program)
    path = tmp_path / UNIT.name
    path.write_text(text)
    return path


@needs_systemd
def test_systemd_reads_the_unit_without_a_complaint(installed: Path) -> None:
    done = analyze("verify", "--man=no", "--recursive-errors=no", installed)
    complaints = [line for line in done.stderr.splitlines() if str(installed) in line]
    assert not [line for line in complaints if not known_to_be_later(line, version())]
    assert done.returncode == 0 or complaints, done.stderr


@needs_systemd
def test_an_older_systemd_gets_the_same_from_the_drop_in(installed: Path) -> None:
    drop_ins = installed.parent / f"{installed.name}.d"
    drop_ins.mkdir()
    shutil.copy(OLDER, drop_ins)
    done = analyze("verify", "--man=no", "--recursive-errors=no", installed)
    assert OLDER.name not in done.stderr
    assert setting(OLDER, "Type") == "notify"
    assert setting(OLDER, "ExecReload") == "/bin/kill -HUP $MAINPID"


@needs_systemd
def test_the_service_is_little_exposed() -> None:
    done = analyze("security", "--offline=true", f"--threshold={MOST_EXPOSURE * 10:.0f}", UNIT)
    assert done.returncode == 0, done.stdout + done.stderr
    found = re.search(r"Overall exposure level .*: ([\d.]+)", done.stdout)
    assert found
    assert float(found[1]) <= MOST_EXPOSURE


def test_systemd_waits_longer_than_the_drain() -> None:
    drain = float(environment()["JOBS_DRAIN"])
    assert drain == DEFAULTS["drain"]
    assert float(setting(UNIT, "TimeoutStopSec")) > drain + 10


def test_systemd_waits_longer_than_a_start() -> None:
    assert float(setting(UNIT, "TimeoutStartSec")) > DEFAULTS["startup_timeout"] + 10


def test_one_job_out_of_memory_does_not_end_the_service() -> None:
    assert setting(UNIT, "OOMPolicy") == "continue"
    assert setting(UNIT, "KillMode") == "mixed"


def test_wrong_usage_is_not_tried_again() -> None:
    assert setting(UNIT, "RestartPreventExitStatus") == "2"
    assert setting(UNIT, "SuccessExitStatus") == "3"


def test_the_environment_file_has_only_what_the_supervisor_reads() -> None:
    known = {f"JOBS_{parameter.name}".upper() for parameter in cli.params if parameter.name}
    assert environment().keys() <= known | {"DATABASE_URL"}
    assert str(ENVIRONMENT.name) in setting(UNIT, "EnvironmentFile")


def test_every_file_is_used() -> None:
    assert {path.name for path in SYSTEMD.iterdir()} == {
        UNIT.name,
        OLDER.name,
        ENVIRONMENT.name,
    }


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    """The socket on which systemd listens to its services."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(20)
        yield listener


def wait_for(listener: socket.socket, *messages: str) -> None:
    """Read on until the service has said everything, in whatever order; it fails after 20 s."""
    ends = time.monotonic() + 20
    wanted = set(messages)
    while wanted:
        assert time.monotonic() < ends, f"never said: {wanted}"
        said = listener.recv(4096).decode()
        wanted = {message for message in wanted if message not in said}


def test_a_service_tells_its_whole_life(dsn: str, systemd: socket.socket) -> None:
    assert settings(UNIT)["Type"] == ["notify-reload"]
    seconds = int(setting(UNIT, "WatchdogSec"))
    pool = Pool(dsn)
    try:
        running = pool.start(
            app="tests.apps.basic",
            workers=1,
            wait=False,
            NOTIFY_SOCKET=str(systemd.getsockname()),
            WATCHDOG_USEC=str(seconds * 1_000_000),
        )
        wait_for(systemd, "WATCHDOG=1", "READY=1")
        running.send(signal.SIGHUP)
        wait_for(systemd, "RELOADING=1\nMONOTONIC_USEC=")
        wait_for(systemd, "READY=1")
        running.send(signal.SIGTERM)
        wait_for(systemd, "STOPPING=1")
        assert running.wait_exit(20) == 0
    finally:
        pool.stop_all()
