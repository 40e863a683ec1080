"""What a child runs as it leaves: what libraries and jobs have registered in it for its exit.

As multiprocessing does in its children from Python 3.13 on: executors are shut down, a producer
flushes what it has buffered. What was registered before the fork is the supervisor's to run.
"""

from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
import time
import traceback

logger = logging.getLogger(__name__)

PATIENCE = 2.0
"""Seconds that all of it may take together: a thread that a job forgot would be waited for, too."""


def forget_exit_functions() -> None:
    """Right after a fork: leave the parent's to the parent."""
    atexit._clear()  # pyright: ignore[reportPrivateUsage]
    if (multiprocessing := sys.modules.get("multiprocessing.util")) is not None:
        atexit.register(multiprocessing._exit_function)


def run_exit_functions(code: int) -> None:
    """At the end of a child; it ends with `code` though they take too long.

    Args:
        code: the exit code.
    """
    threading.Thread(target=_lose_patience, args=(code,), name="leaving", daemon=True).start()
    try:
        threading._shutdown()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
        atexit._run_exitfuncs()  # pyright: ignore[reportPrivateUsage]
    except BaseException:
        traceback.print_exc()


def _lose_patience(code: int) -> None:
    time.sleep(PATIENCE)
    logger.warning("what is registered for the exit takes more than %g s: ending", PATIENCE)
    os._exit(code)
