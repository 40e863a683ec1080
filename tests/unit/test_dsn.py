"""A password is never shown, however wrong the DSN is that it stands in."""

from __future__ import annotations

import pytest

from jobs_runtime import ConfigurationError
from jobs_runtime.dsn import redact, resolve_dsn

SHOWN = [
    ("postgresql://ada:secret@host:5432/shop", "postgresql://ada:***@host:5432/shop"),
    ("postgresql://ada:se/c@r?e#t@host/shop", "postgresql://ada:***@host/shop"),
    (
        "postgresql://ada@host/shop?password=secret&port=1",
        "postgresql://ada@host/shop?password=***&port=1",
    ),
    ("host=host password=secret dbname=shop", "host=host password=*** dbname=shop"),
    (r"host=host password = 'se\' cret' dbname=shop", "host=host password = *** dbname=shop"),
    ("host=host sslpassword=secret", "host=host sslpassword=***"),
    ("postgresql://host:5432/shop", "postgresql://host:5432/shop"),
    ("dbname=shop passfile=/etc/pgpass", "dbname=shop passfile=/etc/pgpass"),
]


@pytest.mark.parametrize(("dsn", "shown"), SHOWN)
def test_it_is_shown_without_its_password(dsn: str, shown: str) -> None:
    assert redact(dsn) == shown


@pytest.mark.parametrize(
    "wrong",
    [
        "postgresql+psycopg://ada:secret@host/shop",
        "postgresql://ada:secret%zz@host/shop",
        "postgresql://ada:secret@host:port:5/shop?y=1",
        "mysql://ada:secret@host/shop",
        "host=host password='secret",
        "host=host password=secret bogus=1",
        "ada:secret@host",
    ],
)
def test_what_is_wrong_with_it_is_said_without_its_password(wrong: str) -> None:
    with pytest.raises(ConfigurationError, match="does not parse: ") as caught:
        resolve_dsn(wrong)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_url_of_another_library_is_corrected() -> None:
    with pytest.raises(ConfigurationError) as caught:
        resolve_dsn("postgresql+psycopg://ada:secret@host/shop")
    assert str(caught.value) == (
        "the DSN postgresql+psycopg://ada:***@host/shop does not parse:"
        " it begins with postgresql+psycopg://; write postgresql://"
    )
