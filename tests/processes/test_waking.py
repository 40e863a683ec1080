from __future__ import annotations

from jobs_runtime.database import connect
from tests.apps import basic
from tests.integration.test_waking import TAKE_THE_WAKING
from tests.support.pool import Pool


def test_work_that_nobody_woke_a_worker_for_is_found(pool: Pool, dsn: str) -> None:
    pool.start(app="tests.apps.basic")
    with connect(dsn, "other") as other, other.transaction():
        other.execute(TAKE_THE_WAKING)
        submitted = [basic.double.submit(number) for number in range(20)]
        assert [each.result(5) for each in submitted] == list(range(0, 40, 2))
