"""An errand: something looked at in a process of its own, before there is a pool.

The supervisor holds no connection and no thread; what needs them is done here, and ends with it.
"""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable

from jobs_supervisor.forked import die_with_parent
from jobs_supervisor.signals import HEEDED


def run_errand(errand: Callable[[], str]) -> str | None:
    """Have a child run a function; gives what it returns, or None if it raised or was killed.

    The child says itself what went wrong.
    """
    reader, writer = os.pipe()
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        _run(errand, writer, parent)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(pid, 0)
    return answer.decode() if status == 0 else None


def _run(errand: Callable[[], str], writer: int, parent: int) -> None:
    """The whole life of the child; never returns."""
    code = 1
    try:
        for number in HEEDED:
            signal.signal(number, signal.SIG_DFL)
        die_with_parent(parent)
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(errand().encode())
        code = 0
    except SystemExit:
        code = 1
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)
