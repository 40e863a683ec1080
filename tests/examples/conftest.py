"""The examples, on a database of their own, with a real pool of workers where one is asked for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import URL

from tests.support.pool import Pool


@pytest.fixture
def database_url(dsn: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the examples read from their environment."""
    parts = {key: str(value) for key, value in conninfo_to_dict(dsn).items()}
    name, user, password = (parts.pop(key, None) for key in ("dbname", "user", "password"))
    url = URL.create("postgresql", user, password, database=name, query=parts)
    text = url.render_as_string(hide_password=False)
    monkeypatch.setenv("DATABASE_URL", text)
    return text


@pytest.fixture
def pool(database_url: str) -> Iterator[Pool]:
    """Starts `jobs-supervisor` on the test's database."""
    pool = Pool(database_url)
    yield pool
    pool.stop_all()
