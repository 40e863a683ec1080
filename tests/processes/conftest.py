"""Real pools of worker processes, and the applications that they perform."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.apps import basic, observed, unruly
from tests.support.pool import Pool


@pytest.fixture
def pool(dsn: str) -> Iterator[Pool]:
    """Starts `jobs-supervisor` on the test's database, to which the tests' jobs are submitted."""
    pool = Pool(dsn)
    applications = (basic.jobs, observed.jobs, unruly.jobs)
    for jobs in applications:
        jobs.database.given_dsn = dsn
    yield pool
    for jobs in applications:
        jobs.close()
    pool.stop_all()
