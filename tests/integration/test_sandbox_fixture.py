"""A fixture that gives each test of an application a sandbox of its own."""

from __future__ import annotations

import pytest

from jobs_runtime.database import Connection
from tests.integration.shop import Shop, waiting

pytest_plugins = ["pytester"]


def test_a_fixture_gives_each_test_a_sandbox_of_its_own(
    shop: Shop, pytester: pytest.Pytester, connection: Connection, dsn: str
) -> None:
    pytester.makeconftest(f"""
        from jobs_runtime import Jobs
        from jobs_runtime.testing import sandbox_fixture
        jobs = Jobs({dsn!r})
        double = jobs.job(name="double")(lambda number: number * 2)
        submitted = sandbox_fixture(jobs)
    """)
    pytester.makepyfile("""
        import pytest
        from conftest import double

        @pytest.mark.parametrize("number", [1, 2])
        def test_one(submitted, number):
            double.submit(number)
            submitted.assert_submitted(double, number, times=1)
            assert submitted.drain()[0].output == number * 2

        def test_another(submitted):
            double.submit(3)
            submitted.assert_nothing_submitted()
    """)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*expected no submit, but there were:*", "*double(3) is created*"])
    assert waiting(connection) == 0
