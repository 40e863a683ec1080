"""Several supervisors on one database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.apps import hosts
from tests.support.pool import Pool


@pytest.fixture
def pool(dsn: str) -> Iterator[Pool]:
    """Starts them; the application submits there, too."""
    pool = Pool(dsn)
    hosts.jobs.database.given_dsn = dsn
    yield pool
    hosts.jobs.close()
    pool.stop_all()
