"""`next_tick` against a scan of ten years, in zones that change their clocks in several ways."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.cron_scan import EXPRESSIONS, ZONES, compare


@pytest.mark.parametrize("zone", ZONES[:5])
def test_ten_years_by_the_hour(zone: str) -> None:
    """All here goes by the hour, or half of it: nothing comes between two steps."""
    step = timedelta(minutes=30 if zone == "Australia/Lord_Howe" else 60)
    expressions = ["0 2 * * *", "0 0 L,15 * SUN", "0 */12 * * 1-5"]
    start, end = datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
    assert compare(zone, expressions, start, end, step) > 9_000


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("zone", ZONES[:5])
def test_ten_years_by_the_minute(zone: str) -> None:
    for year in range(2020, 2030):
        start, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
        assert compare(zone, EXPRESSIONS, start, end) > 40_000
