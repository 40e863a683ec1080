"""Arguments and results of every kind, from a submit through the database to the function."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any, TypedDict

import attrs
import msgspec
import pydantic
import pytest

from jobs_runtime import JobState, PayloadError
from jobs_runtime.testing import sandbox
from tests.integration.shop import Shop

WHEN = datetime(2030, 1, 31, 9, tzinfo=UTC)


class OfMsgspec(msgspec.Struct):
    number: int
    when: datetime


@dataclasses.dataclass
class OfDataclasses:
    number: int
    when: datetime


class OfTyping(TypedDict):
    number: int
    when: datetime


@attrs.define
class OfAttrs:
    number: int
    when: datetime


class OfPydantic(pydantic.BaseModel):
    number: int = pydantic.Field(alias="invoiceNumber", ge=1)
    when: datetime

    @pydantic.computed_field
    @property
    def label(self) -> str:
        return f"#{self.number}"


class Strict(OfPydantic, extra="forbid", strict=True):
    """Refuses what it does not know, such as a computed field, and text for a time."""

    tags: set[str] = set()


VALUES: list[tuple[Any, Any]] = [
    (OfMsgspec, OfMsgspec(7, WHEN)),
    (OfDataclasses, OfDataclasses(7, WHEN)),
    (OfTyping, OfTyping(number=7, when=WHEN)),
    (OfAttrs, OfAttrs(7, WHEN)),
    (OfPydantic, OfPydantic(invoiceNumber=7, when=WHEN)),
    (Strict, Strict(invoiceNumber=7, when=WHEN, tags={"a"})),
    (list[OfPydantic], [OfPydantic(invoiceNumber=7, when=WHEN)]),
    (OfMsgspec | None, None),
    (Any, {"number": [7, 7.5, "seven", None, True], "empty": {}}),
    (str, "text \x00 and \N{SNOWMAN}"),
]


@pytest.mark.parametrize(("declared", "value"), VALUES, ids=lambda value: str(value)[:40])
def test_a_value_comes_back_as_it_was(shop: Shop, declared: Any, value: Any) -> None:
    seen: list[Any] = []

    def echo(args: Any) -> Any:
        seen.append(args)
        return args

    echo.__annotations__ = {"args": declared, "return": declared}
    job = shop.jobs.job(echo)
    with sandbox(shop.jobs) as submits:
        submitted = job.submit(value)
        (record,) = submits.drain()
        assert record.state is JobState.COMPLETED, record.output
        assert submitted.result(timeout=0) == value
    assert seen == [value]
    assert type(seen[0]) is type(value)


@pytest.mark.parametrize("declared", [OfMsgspec, OfDataclasses, OfTyping, OfAttrs, OfPydantic])
def test_a_wrong_field_is_named_and_nothing_is_stored(shop: Shop, declared: Any) -> None:
    def work(args: Any) -> None: ...

    work.__annotations__ = {"args": declared}
    job = shop.jobs.job(work)
    wrong = {"number": "seven", "invoiceNumber": "seven", "when": WHEN}
    with sandbox(shop.jobs) as submits:
        with pytest.raises(PayloadError, match="umber") as caught:
            job.submit(wrong)
        assert "\n" not in str(caught.value)
        submits.assert_nothing_submitted()


def test_what_a_worker_cannot_decode_fails_without_another_attempt(shop: Shop) -> None:
    """Another version of the code has submitted it."""

    def work(args: Any) -> None:
        raise AssertionError("it is not performed")

    job = shop.jobs.job(retry_limit=5)(work)
    with sandbox(shop.jobs) as submits:
        submitted = job.submit({"numero": 7})
        work.__annotations__ = {"args": OfMsgspec}
        del job.input, job._hints  # pyright: ignore[reportPrivateUsage]
        submits.drain()
        record = submitted.details()
    assert (record.state, record.attempt) == (JobState.FAILED, 1)
    assert "the argument of work does not fit OfMsgspec" in str(record.output)
    assert "missing required field `number`" in str(record.output)
