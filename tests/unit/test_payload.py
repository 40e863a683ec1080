from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable
from typing import Any, TypedDict, cast

import msgspec
import pytest

from jobs_runtime import DeclarationError, PayloadError, payload
from jobs_runtime.payload import Codec, untyped


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Invoice:
    number: int
    colour: Colour = Colour.RED


class Markup(str):
    """As MarkupSafe and numpy have one."""

    __slots__ = ()

    def __str__(self) -> str:
        return "something else"


class Count(int):
    def __int__(self) -> int:
        return -1


class Metres(float):
    def __float__(self) -> float:
        return -1.0


class Line(msgspec.Struct):
    amount: int


class Options(TypedDict):
    depth: int


class Strict(msgspec.Struct):
    """Refuses in its own words."""

    even: int

    def __post_init__(self) -> None:
        if self.even == 3:
            raise KeyError("three")
        if self.even % 2:
            raise ValueError("odd")


def deep(levels: int) -> list[Any]:
    nested: list[Any] = []
    for _ in range(levels):
        nested = [nested]
    return nested


def cyclic() -> list[Any]:
    loop: list[Any] = []
    loop.append(loop)
    return loop


class TestStoring:
    def test_nothing_is_sql_null(self) -> None:
        assert Codec(type(None), "it").encode(None) is None
        assert untyped("it").encode(None) is None
        assert untyped("it").decode(None) is None

    @pytest.mark.parametrize(
        "value",
        [
            *(object(), 1j, {(1, 2): 3}, open, range(3)),
            *("\ud800", ["\udfff"], deep(100_000), cyclic()),
        ],
        ids=lambda value: type(value).__name__,
    )
    def test_what_json_cannot_carry_is_one_clear_line(self, value: object) -> None:
        with pytest.raises(
            PayloadError, match=r"^it (cannot be stored as JSON|does not fit Any): "
        ) as caught:
            untyped("it").encode(value)
        assert "\n" not in str(caught.value)

    def test_a_subclass_is_stored_as_what_it_is_a_kind_of(self) -> None:
        assert Codec(str, "it").encode(Markup("<b>")) == '"<b>"'
        assert Codec(int, "it").encode(Count(7)) == "7"
        assert Codec(float, "it").encode(Metres(1.5)) == "1.5"
        nested = {"a": [Markup("b"), Count(7), Metres("nan")], Markup("c"): None}
        assert untyped("it").encode(nested) == '{"a":["b",7,null],"c":null}'
        assert Codec(Line, "it").encode(Line(Count(7))) == '{"amount":7}'

    def test_not_a_number_is_null_as_in_pg_boss(self) -> None:
        assert untyped("it").encode([float("nan"), float("inf"), 1.0]) == "[null,null,1.0]"

    def test_not_a_number_does_not_fit_a_float(self) -> None:
        with pytest.raises(PayloadError, match="it does not fit float: Expected `float`, got"):
            Codec(float, "it").encode(float("nan"))

    def test_a_nul_character_is_escaped(self) -> None:
        assert untyped("it").encode("a\0b") == '"a\\u0000b"'


class TestSize:
    def test_the_limit_is_sixteen_megabytes(self) -> None:
        assert payload.MAX_BYTES == 16 * 1024 * 1024

    def test_more_bytes_than_the_limit_are_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(payload, "MAX_BYTES", 1000)
        codec = Codec(str, "the argument of render")
        assert codec.encode("x" * 998) == '"' + "x" * 998 + '"'
        with pytest.raises(PayloadError) as caught:
            codec.encode("x" * 999)
        assert str(caught.value) == (
            "the argument of render is 1,001 bytes of JSON, more than 1,000;"
            " store it elsewhere and pass a reference"
        )

    def test_bytes_count_and_not_characters(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(payload, "MAX_BYTES", 10)
        assert untyped("it").encode("éééé")
        with pytest.raises(PayloadError, match="12 bytes"):
            untyped("it").encode("ééééé")


class TestFitting:
    @pytest.mark.parametrize(
        ("declared", "value", "message"),
        [
            (int, "7", "it does not fit int: Expected `int`, got `str`"),
            (int, None, "it is None or missing; it is declared as int"),
            (type(None), 7, "it does not fit None: Expected `null`, got `int`"),
            (
                Invoice,
                Invoice(1, colour="blue"),  # pyright: ignore[reportArgumentType]
                "it does not fit Invoice: Invalid enum value 'blue' - at `$.colour`",
            ),
            (
                list[Line],
                [Line(1), Line("2")],  # pyright: ignore[reportArgumentType]
                "it does not fit list[tests.unit.test_payload.Line]: Expected `int`, got `str`"
                " - at `$[1].amount`",
            ),
            (Options, {}, "it does not fit Options: Object missing required field `depth`"),
            (Strict, {"even": 1}, "it does not fit Strict: odd"),
        ],
    )
    def test_an_error_names_the_field(self, declared: type[Any], value: Any, message: str) -> None:
        with pytest.raises(PayloadError) as caught:
            Codec(declared, "it").encode(value)
        assert str(caught.value) == message

    def test_nothing_fits_an_optional(self) -> None:
        optional = cast("type[dict[str, int] | None]", dict[str, int] | None)
        assert Codec(optional, "it").encode(None) is None

    @pytest.mark.parametrize("read", [Codec[int].decode, Codec[int].convert])
    def test_text_of_another_type_is_refused(
        self, read: Callable[[Codec[int], str], object]
    ) -> None:
        with pytest.raises(PayloadError, match=r"^it does not fit int: "):
            read(Codec(int, "it"), '"seven"')

    @pytest.mark.parametrize("text", ["", "{", "nul", "[1]]", '{"a":1e999}'])
    def test_what_is_not_json_is_refused(self, text: str) -> None:
        with pytest.raises(PayloadError, match=r"^it does not fit "):
            untyped("it").decode(text)

    def test_json_too_deep_to_read_is_refused(self) -> None:
        with pytest.raises(PayloadError, match=r"^it does not fit "):
            untyped("it").decode("[" * 100_000 + "]" * 100_000)

    def test_what_a_types_own_code_raises_is_not_dressed_up(self) -> None:
        with pytest.raises(KeyError, match="three"):
            Codec(Strict, "it").decode('{"even":3}')

    def test_a_type_that_json_cannot_be_decoded_into_is_refused(self) -> None:
        with pytest.raises(
            DeclarationError, match=r"^it is declared as .*, which JSON cannot carry"
        ):
            Codec(Line | Invoice, "it")  # pyright: ignore[reportArgumentType]
