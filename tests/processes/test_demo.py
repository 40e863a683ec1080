from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

from tests.support.pool import ROOT, eventually

COMMAND = [sys.executable, "-c", "from jobs_supervisor.cli import main; main()", "demo"]


def demo(*options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, "--workers", "2", *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def test_every_file_has_an_outcome_though_a_worker_is_killed() -> None:
    process = demo("--chaos", "--limit", "300")
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert re.search(r"SIGKILL to worker \d \(pid \d+\), which was on \S+", output)
    assert re.search(r"again after \d+ ms, by another process", output)
    assert re.search(r"files +300 measured, none failed", output)
    assert re.search(r"speed-up +\d\.\d\d with 2 workers", output)
    assert re.search(r"counted 30\d attempts", output)
    assert "the ten most complex functions" in output
    assert "\x1b" not in output


def test_ctrl_c_ends_everything_and_leaves_the_log() -> None:
    process = demo("--keep-running", "--limit", "20")
    assert process.stdout is not None
    lines = iter(process.stdout.readline, "")
    directory = next(line.split("host=")[1] for line in lines if "DATABASE_URL" in line)
    directory = directory.strip("'\n").removesuffix("/postgres")
    assert Path(directory).is_dir()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 0
    eventually(lambda: not Path(directory).exists(), 5, f"{directory} is removed")


def test_an_interrupted_demo_stops_its_pool() -> None:
    process = demo("--limit", "600")
    assert process.stdout is not None
    while "workers measure all" not in process.stdout.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=40)
    assert process.returncode == 130
    assert "Traceback" not in output
