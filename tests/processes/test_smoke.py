from __future__ import annotations

from tests.apps import basic
from tests.support.pool import Pool


def test_a_pool_performs_what_is_submitted_and_stops_cleanly(pool: Pool) -> None:
    running = pool.start(app="tests.apps.basic")
    try:
        assert basic.double.submit(21).result(5) == 42
        assert basic.adouble.submit(21).result(5) == 42
        many = basic.double.submit_many(range(1000))
        assert many[-1].result(10) == 1998
    finally:
        basic.jobs.close()
    assert running.stop() == 0
    assert "no longer leads" in running.log
