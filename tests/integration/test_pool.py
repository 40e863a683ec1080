"""The pool of a web server's process: opened when needed, its own after a fork, closed at exit."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import subprocess
import sys
from typing import Any

import pytest

from jobs_runtime.database import Connection
from tests.integration.shop import Shop, waiting
from tests.integration.test_connections import others
from tests.support.pool import ROOT, eventually

PREFORKING = """
import json, os, sys, threading
from tests.integration.shop import Shop

shop = Shop(sys.argv[1])

def connection_of_the_pool():
    with shop.jobs.database.connection() as connection:
        return connection.info.backend_pid

if sys.argv[2] == "used":
    shop.double.submit(0)
    of_parent = connection_of_the_pool()
else:
    of_parent = None
reader, writer = os.pipe()
children = []
for number in (1, 2):
    child = os.fork()
    if child == 0:
        shop.double.submit(number)
        os.write(writer, b"%d\\n" % connection_of_the_pool())
        if number == 1:
            shop.jobs.close()
        os._exit(0)
    children.append(child)
codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
os.close(writer)
of_children = [int(line) for line in os.fdopen(reader)]
shop.double.submit(3)
print(json.dumps({
    "codes": codes,
    "children": of_children,
    "before": of_parent,
    "after": connection_of_the_pool(),
}))
"""

ENDING = """
import asyncio, sys
from tests.integration.shop import Shop

shop = Shop(sys.argv[1])
shop.double.submit(1)

async def submit():
    await shop.double.asubmit(2)
    if sys.argv[2] == "closed":
        await shop.jobs.aclose()

asyncio.run(submit())
shop.double.submit(3)
"""


def run(program: str, *arguments: str) -> str:
    """Run a program to its end, which must be a clean one; gives what it printed."""
    ended = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONWARNINGS": "ignore::DeprecationWarning"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


@pytest.fixture
def before(connection: Connection) -> set[int]:
    """Connections that others have left open."""
    return set(others(connection))


def test_declaring_and_building_open_nothing(
    dsn: str, connection: Connection, before: set[int]
) -> None:
    shop = Shop(dsn)
    shop.double.delay(5)
    assert not set(others(connection)) - before
    shop.double.submit(1)
    assert len(set(others(connection)) - before) == 1
    shop.jobs.close()
    eventually(lambda: not set(others(connection)) - before, 20, "the connection is closed")


@pytest.mark.parametrize("parent", ["used", "unused"])
def test_every_forked_process_has_connections_of_its_own(
    dsn: str, connection: Connection, parent: str
) -> None:
    found: dict[str, Any] = json.loads(run(PREFORKING, dsn, parent))
    assert found["codes"] == [0, 0]
    assert len({*found["children"], found["after"]}) == 3
    if parent == "used":
        assert found["before"] == found["after"]
    assert waiting(connection) == (4 if parent == "used" else 3)


@pytest.mark.parametrize("closing", ["closed", "open"])
def test_a_process_ends_in_silence_and_leaves_no_connection(
    dsn: str, connection: Connection, before: set[int], closing: str
) -> None:
    assert run(ENDING, dsn, closing) == ""
    assert waiting(connection) == 3
    eventually(lambda: not set(others(connection)) - before, 20, "its connections are closed")


def test_event_loops_that_are_over_leave_few_connections(
    shop: Shop, connection: Connection
) -> None:
    for number in range(30):
        asyncio.run(_submit(shop, number))
    gc.collect()
    assert waiting(connection) == 30
    eventually(lambda: len(others(connection)) <= 3, 5, "their connections are closed")
    asyncio.run(_close(shop))


async def _submit(shop: Shop, number: int) -> None:
    await shop.double.asubmit(number)


async def _close(shop: Shop) -> None:
    await shop.double.asubmit(0)  # has the pools of loops that are over forgotten
    await shop.jobs.aclose()
    gc.collect()
