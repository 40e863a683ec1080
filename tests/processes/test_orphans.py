"""Processes that nobody waits for become the supervisor's, which buries them."""

from __future__ import annotations

import signal
import subprocess

import psutil
import pytest

from tests.apps import unruly
from tests.support.pool import Pool, eventually

ORPHANS = 1_000


def test_a_thousand_orphans_leave_no_zombie(pool: Pool) -> None:
    running = pool.start(app="tests.apps.unruly", workers=2)
    supervisor = psutil.Process(running.process.pid)
    own = {child.pid for child in supervisor.children()}
    unruly.leave_orphans.submit(ORPHANS).result(60)
    adopted = {child.pid for child in supervisor.children()} - own
    assert len(adopted) == ORPHANS
    eventually(lambda: {each.pid for each in supervisor.children()} == own, 60, "all are buried")
    assert {slot.restarts for slot in running.slots} == {0}
    assert running.stop() == 0


CONTAINER = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
"""Runs a command as process 1 of its own."""


def may_make_containers() -> bool:
    try:
        return subprocess.run([*CONTAINER, "true"], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not may_make_containers(), reason="needs unshare(1), and to be root")
def test_as_process_1_of_a_container(pool: Pool) -> None:
    running = pool.start(app="tests.apps.unruly", workers=2, wait=False, prefix=CONTAINER)
    eventually(lambda: "ready: " in running.log, 15, "ready")
    (supervisor,) = psutil.Process(running.process.pid).children()
    own = {child.pid for child in supervisor.children()}
    unruly.leave_orphans.submit(ORPHANS // 10).result(60)
    assert len({child.pid for child in supervisor.children()} - own) == ORPHANS // 10
    eventually(lambda: {each.pid for each in supervisor.children()} == own, 60, "all are buried")
    supervisor.send_signal(signal.SIGTERM)
    assert running.wait_exit(5) == 0
