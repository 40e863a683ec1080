"""The heavy job of the web server in server.mjs, performed in Python."""

from __future__ import annotations

import time

from jobs_runtime import Jobs

jobs = Jobs()


@jobs.job(name="renderReport", executor="PgBoss")
def render_report(args: dict[str, int]) -> dict[str, bool]:
    ends = time.perf_counter() + args["milliseconds"] / 1000
    while time.perf_counter() < ends:
        pass
    return {"rendered": True}
