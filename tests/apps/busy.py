"""The jobs of a shop on a busy day, some of which go wrong."""

from __future__ import annotations

import os
import random
import signal
import time

from jobs_runtime import Jobs, Schedule

jobs = Jobs()


@jobs.job
def send_mail(seconds: float) -> None:
    time.sleep(seconds)


@jobs.job(retry_limit=2, retry_delay=5)
def render_invoice(seconds: float) -> None:
    time.sleep(seconds)
    if random.random() < 0.15:
        raise OSError("the printer is on fire")


@jobs.job(priority=-1)
def resize_image(seconds: float) -> None:
    time.sleep(seconds)


@jobs.job(expire_in=2)
def fetch_rates(seconds: float) -> None:
    time.sleep(seconds)


@jobs.job
def parse_upload(crashes: bool) -> None:
    if crashes:
        os.kill(os.getpid(), signal.SIGSEGV)


@jobs.job(schedule=Schedule("*/5 * * * * *"))
def sync_stock() -> None:
    time.sleep(0.4)
