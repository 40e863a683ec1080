from __future__ import annotations

import contextlib
import os
import re
import signal
from pathlib import Path

import msgspec

from jobs_supervisor.slot_state import SlotState
from tests.apps import basic, observed
from tests.support.pool import Pool, eventually


def test_a_pool_logs_json_to_a_file(pool: Pool) -> None:
    running = pool.start(app="tests.apps.observed", workers=1, JOBS_LOG_FORMAT="auto")
    submitted = observed.tell.submit("a line\nand another")
    submitted.wait(10)

    def told() -> bool:
        return "a line" in running.log

    eventually(told, 5, "the job's line")
    lines = [msgspec.json.decode(line) for line in running.log.splitlines()]
    (line,) = [line for line in lines if line["message"] == "a line\nand another"]
    assert (line["job_name"], line["job_id"]) == ("tell", submitted.job_id)
    assert (line["attempt"], line["process"]) == (1, "worker 1")


def test_a_log_that_nobody_reads_holds_up_no_pool(pool: Pool, tmp_path: Path) -> None:
    path = tmp_path / "log"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    writer = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, b"x" * 512)

    redirected = ("sh", "-c", f'exec "$@" 2> {path}', "sh")
    running = pool.start(app="tests.apps.basic", workers=1, prefix=redirected, wait=False)
    record = pool.directory / "jobs-supervisor" / f"{running.process.pid}.json"
    eventually(lambda: record.exists() and record.stat().st_size > 0, 15, "it has begun")
    slot = running.slots.workers[0]
    for restarts in range(3):
        eventually(lambda: slot.state is SlotState.IDLE, 10, "the worker is ready")
        os.kill(slot.pid, signal.SIGKILL)
        eventually(lambda n=restarts: slot.restarts == n + 1, 5, "it is missed")
    assert basic.double.submit(21).result(10) == 42

    text = b""

    def told() -> bool:
        nonlocal text
        running.send(signal.SIGUSR1)
        with contextlib.suppress(BlockingIOError):
            text += os.read(reader, 1 << 16)
        return b"SIGUSR1" in text

    eventually(told, 10, "there is a reader")
    assert re.search(rb"\d+ lines were left out: nobody read the log", text)
    assert running.stop() == 0
    os.close(reader)
    os.close(writer)
