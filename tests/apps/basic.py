"""Jobs of all kinds, for tests that run real workers."""

from __future__ import annotations

import asyncio
import os
import signal
import time

from jobs_runtime import Context, Jobs

jobs = Jobs()


@jobs.job
def noop() -> None:
    """Nothing."""


@jobs.job
def double(number: int) -> int:
    return number * 2


@jobs.job
async def adouble(number: int) -> int:
    await asyncio.sleep(0)
    return number * 2


@jobs.job
def nap(seconds: float, context: Context) -> int:
    """Sleeps in Python, and stops when told to; gives the process that performed it."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        context.raise_if_cancelled()
        time.sleep(0.01)
    return os.getpid()


@jobs.job
def deep_sleep(seconds: float) -> int:
    """Sleeps and listens to nobody."""
    time.sleep(seconds)
    return os.getpid()


@jobs.job
async def async_nap(seconds: float) -> None:
    await asyncio.sleep(seconds)


@jobs.job
def count(steps: int, context: Context) -> None:
    """Says at each step how far it has come."""
    for step in range(1, steps + 1):
        context.progress(step, steps, "counting")


@jobs.job
def count_in_a_transaction(steps: int, context: Context) -> None:
    with context.transaction():
        context.progress(steps, steps)


@jobs.job
def chatter(seconds: float, context: Context) -> int:
    """Says so as often as it can; gives how often that was."""
    ends, said = time.monotonic() + seconds, 0
    while time.monotonic() < ends:
        said += 1
        context.progress(said)
        time.sleep(0.001)
    return said


@jobs.job
def fail(message: str) -> None:
    raise ValueError(message)


@jobs.job(retry_limit=2)
def fail_until(attempt: int, context: Context) -> int:
    if context.attempt < attempt:
        raise ValueError(f"attempt {context.attempt}")
    return context.attempt


@jobs.job
def die(how: str) -> None:
    """Takes its process down."""
    if how == "exit":
        os._exit(0)
    os.kill(os.getpid(), signal.Signals[how])
    time.sleep(10)


@jobs.job(concurrency=2)
def two_at_a_time(seconds: float) -> list[float]:
    """Says from when to when it ran, in seconds of the monotonic clock."""
    began = time.monotonic()
    time.sleep(seconds)
    return [began, time.monotonic()]


@jobs.job(rate="5/2s")
def five_in_two_seconds() -> float:
    return time.monotonic()


@jobs.job
def which_tick(_args: None, context: Context) -> str:
    assert context.tick is not None
    return context.tick.isoformat()
