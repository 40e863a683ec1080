"""Arrays come out of the server as they went in."""

from __future__ import annotations

import psycopg
from hypothesis import given
from hypothesis import strategies as st

from jobs_runtime.executors import arrays

TEXTS = st.lists(
    st.none() | st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"))
)


def test_numbers() -> None:
    assert arrays.numbers([1, -2, 0.5]) == "{1,-2,0.5}"
    assert arrays.numbers([]) == "{}"


def test_texts() -> None:
    assert arrays.texts(["a", None, 'say "\\"', "NULL", ""]) == r'{"a",NULL,"say \"\\\"","NULL",""}'


def test_the_server_reads_them(dsn: str) -> None:
    with psycopg.connect(dsn) as connection:

        @given(TEXTS)
        def come_back(texts: list[str | None]) -> None:
            row = connection.execute("SELECT %s::text[]", [arrays.texts(texts)]).fetchone()
            assert row == (texts,)

        come_back()
