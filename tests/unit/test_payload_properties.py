from __future__ import annotations

import dataclasses
import datetime
import decimal
import json
import uuid
from typing import Any, NotRequired, TypedDict

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs_runtime.payload import Codec, untyped

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=20,
)


@dataclasses.dataclass
class Person:
    name: str
    born: datetime.date | None
    emails: list[str]
    scores: dict[int, float]


class Point(msgspec.Struct, frozen=True):
    x: float
    y: float


class Shape(msgspec.Struct):
    points: list[Point]
    key: uuid.UUID
    price: decimal.Decimal
    raw: bytes
    tags: set[str]
    size: tuple[int, int]


class Search(TypedDict):
    words: list[str]
    limit: NotRequired[int]


FINITE = st.floats(allow_nan=False, allow_infinity=False)
PEOPLE = st.builds(
    Person,
    TEXT,
    st.none() | st.dates(),
    st.lists(TEXT, max_size=3),
    st.dictionaries(st.integers(), FINITE, max_size=3),
)
SHAPES = st.builds(
    Shape,
    st.lists(st.builds(Point, FINITE, FINITE), max_size=3),
    st.uuids(),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.binary(),
    st.sets(TEXT, max_size=3),
    st.tuples(st.integers(), st.integers()),
)
SEARCHES = st.fixed_dictionaries(
    {"words": st.lists(TEXT, max_size=3)}, optional={"limit": st.integers()}
)


def trips(codec: Codec[Any], value: object) -> list[object]:
    """The value, by the way of an argument and by the way of a result."""
    text = codec.encode(value)
    by_json = None if text is None else msgspec.json.decode(text)
    return [codec.decode(text), codec.convert(by_json)]


@given(JSON)
def test_whatever_json_can_say_comes_back(value: Any) -> None:
    assert trips(untyped("it"), value) == [value, value]


@given(JSON)
def test_what_is_stored_is_what_any_reader_of_json_reads(value: Any) -> None:
    text = untyped("it").encode(value)
    assert value is None if text is None else json.loads(text) == value


@pytest.mark.parametrize(
    ("declared", "values"), [(Person, PEOPLE), (Shape, SHAPES), (Search, SEARCHES)]
)
@given(data=st.data())
def test_typed_values_come_back(
    declared: type[Any], values: st.SearchStrategy[Any], data: st.DataObject
) -> None:
    value = data.draw(values)
    codec = Codec(declared, "it")
    assert trips(codec, value) == [value, value]
    assert all(type(back) is type(value) for back in trips(codec, value))


@given(st.lists(PEOPLE, max_size=3))
def test_typed_values_in_a_list_come_back(people: list[Person]) -> None:
    assert trips(Codec(list[Person], "it"), people) == [people, people]


@given(st.text())
def test_text_with_lone_surrogates_is_refused_and_no_other(value: str) -> None:
    lone = any("\ud800" <= letter <= "\udfff" for letter in value)
    try:
        untyped("it").encode(value)
    except ValueError:
        assert lone
    else:
        assert not lone
