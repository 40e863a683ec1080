"""The shape in which failures are kept, whatever the exception."""

from __future__ import annotations

import json
from typing import NoReturn

from hypothesis import given
from hypothesis import strategies as st

from jobs_runtime.payload import LONGEST_TEXT, encode_error, encode_failure


class Mute(Exception):
    """Cannot say what it is."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


def raised(error: BaseException) -> BaseException:
    def fail() -> NoReturn:
        raise error

    try:
        fail()
    except BaseException as caught:
        return caught


def test_an_error_is_its_name_message_and_stack() -> None:
    failure = json.loads(encode_error(raised(ValueError("no such invoice"))))
    assert failure["name"] == "ValueError"
    assert failure["message"] == "no such invoice"
    assert failure["stack"].startswith("Traceback (most recent call last):\n")
    assert "in fail\n    raise error" in failure["stack"]
    assert failure["stack"].endswith("ValueError: no such invoice\n")


def test_the_stack_tells_of_the_cause() -> None:
    try:
        try:
            raise KeyError("missing")
        except KeyError as error:
            raise ValueError("outer") from error
    except ValueError as error:
        stack = json.loads(encode_error(error))["stack"]
    assert "KeyError: 'missing'" in stack
    assert "direct cause" in stack


def test_an_error_that_cannot_be_shown_is_shown_by_its_name() -> None:
    failure = json.loads(encode_error(raised(Mute())))
    assert failure["name"] == "Mute"
    assert failure["message"] == "<exception str() failed>"
    assert "Mute" in failure["stack"]


def test_a_failure_without_a_stack_has_none() -> None:
    assert json.loads(encode_failure("Expired", "too long")) == {
        "name": "Expired",
        "message": "too long",
    }


def test_of_a_long_text_the_beginning_and_the_end_are_kept() -> None:
    failure = json.loads(encode_failure("Long", "a" * 10_000_000 + "b" * 40_000))
    message = failure["message"]
    assert len(message) < LONGEST_TEXT + 100
    assert "\n... 9,974,464 characters ...\n" in message
    assert (message[0], message[-1]) == ("a", "b")


def test_what_postgres_cannot_store_is_replaced() -> None:
    failure = json.loads(encode_error(raised(ValueError("a\0b\ud800c"))))
    assert failure["message"] == "a\N{REPLACEMENT CHARACTER}b?c"


@given(st.text(), st.text(), st.none() | st.text())
def test_any_text_can_be_kept(name: str, message: str, stack: str | None) -> None:
    text = encode_failure(name, message, stack)
    text.encode()
    assert "\\u0000" not in text
    kept = json.loads(text)
    assert len(kept["message"]) == len(message)
    assert set(kept) == {"name", "message"} | ({"stack"} if stack is not None else set())
