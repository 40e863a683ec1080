"""Jobs that do to their process what jobs should not do."""

from __future__ import annotations

import io
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import threading
import time

from jobs_runtime import Context, Jobs

jobs = Jobs()

LONG = 60.0
"""Seconds that a stuck job would go on, if nobody ended it."""


@jobs.job(queue="mixed")
def fickle(how: str) -> None:
    """Fine, unless it is told the name of a signal."""
    if how:
        os.kill(os.getpid(), signal.Signals[how])


@jobs.job
def sleep_deeply() -> None:
    time.sleep(LONG)


@jobs.job
def hold_the_gil() -> None:
    """A regular expression that backtracks for longer than anybody lives, in C code."""
    re.match(r"(a+)+$", "a" * 60 + "b")


@jobs.job
def ignore_signals() -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    time.sleep(LONG)


@jobs.job
def freeze() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)
    time.sleep(LONG)


@jobs.job
def leave(how: str) -> None:
    """Tries to end its process, in one of the ways that Python knows."""
    if how == "os._exit":
        os._exit(0)
    if how == "sys.exit":
        sys.exit(0)
    raise {"KeyboardInterrupt": KeyboardInterrupt, "MemoryError": MemoryError}[how]


@jobs.job
def close_stdout() -> None:
    sys.stdout.close()
    os.close(1)


@jobs.job
def leak_a_thread() -> None:
    threading.Thread(target=time.sleep, args=(LONG,)).start()


@jobs.job
def run_a_program(own_session: bool, context: Context) -> None:
    """Waits for a program, whose pid is told as progress; does nothing the second time."""
    if context.attempt == 1:
        program = subprocess.Popen(["sleep", str(LONG)], start_new_session=own_session)
        context.progress(program.pid)
        program.wait()


@jobs.job
def fork_and_come_back(how: str) -> int:
    """Returns, or exits, in the worker and in a copy of it; gives the copy's exit code."""
    pid = os.fork()
    if pid == 0:
        if how == "exit":
            sys.exit(0)
        return 4711
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


@jobs.job
def fork_in_a_transaction(args: None, context: Context) -> int:
    """Completes in the worker and in a copy of it; gives the copy's exit code, which it has too."""
    with context.transaction() as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS public.written AS SELECT 1 AS once")
    pid = os.fork()
    if pid == 0:
        return 4711
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


@jobs.job
def replace_stdout() -> None:
    sys.stdout = Silent()


class Silent(io.TextIOBase):
    """What somebody puts in the place of a stream."""

    def flush(self) -> None:
        raise AttributeError("flush")


@jobs.job
def heed_no_stop() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


@jobs.job
def terminate_a_process() -> int | None:
    """Gives the exit code of one that would go on."""
    process = multiprocessing.get_context("fork").Process(target=time.sleep, args=(LONG,))
    process.start()
    process.terminate()
    process.join()
    return process.exitcode


@jobs.job
def well_behaved() -> int:
    return os.getpid()


@jobs.job
def hoard(megabytes: int) -> int:
    """Keeps so much memory; gives the process that does."""
    hoarded.append(b"x" * (megabytes * 1_000_000))
    return os.getpid()


hoarded: list[bytes] = []


@jobs.job
def leave_orphans(count: int) -> None:
    """Processes whose parent ends before they do, as they do after some seconds."""
    # The first must not end before the last is begun.
    seconds = 1 + count / 300
    script = f"for i in $(seq {count}); do sleep {seconds:.1f} & done"
    subprocess.run(["sh", "-c", script], check=True)


@jobs.job
def environment(name: str) -> str | None:
    return os.environ.get(name)
