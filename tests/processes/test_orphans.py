"""Processes that nobody waits for become the supervisor's, which buries them."""

from __future__ import annotations

import psutil

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
