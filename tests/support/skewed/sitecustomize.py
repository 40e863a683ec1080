"""Run by Python itself under a skewed clock: libfaketime 0.9 spoils what its `sleep` calls."""

import select
import time


def sleep(seconds: float) -> None:
    select.select([], [], [], seconds)


time.sleep = sleep
