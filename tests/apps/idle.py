"""One job, and nothing that fires by itself."""

from __future__ import annotations

from jobs_runtime import Jobs
from tests.apps import hosts

jobs = Jobs()
jobs.job(name="work")(hosts.work.perform)
