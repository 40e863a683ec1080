"""What pg-boss's `jsonb` columns can carry, and how a result is kept in them."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec
from msgspec import inspect

from jobs_runtime.errors import DeclarationError, PayloadError
from jobs_runtime.payload import Codec

Value = TypeVar("Value")

NO_OBJECTS = (
    inspect.BoolType,
    inspect.IntType,
    inspect.FloatType,
    inspect.DecimalType,
    inspect.StrType,
    inspect.BytesType,
    inspect.DateTimeType,
    inspect.DateType,
    inspect.TimeType,
    inspect.TimeDeltaType,
    inspect.UUIDType,
    inspect.EnumType,
    inspect.CollectionType,
    inspect.TupleType,
)
"""Types whose JSON is never an object."""

NUL = r"\u0000"


class JsonbCodec(Codec[Value], Generic[Value]):
    """Of results: refuses what `jsonb` cannot keep."""

    def encode(self, value: Value) -> str | None:
        """Encode a value; None is stored as SQL NULL.

        Raises:
            PayloadError: also if a string holds a NUL character.
        """
        text = super().encode(value)
        if text is not None and NUL in text and _holds_nul(msgspec.json.decode(text)):
            raise PayloadError(f"{self.what} holds a NUL character, which jsonb cannot keep")
        return text

    def convert(self, value: object) -> Value:
        """Read a result as the row has it; what was no object is in `{"value": ...}` there.

        Raises:
            PayloadError: it does not fit the declared type.
        """
        try:
            return super().convert(value)
        except PayloadError as error:
            try:
                return super().convert({"value": value})
            except PayloadError:
                raise error from None


class ObjectCodec(JsonbCodec[Value], Generic[Value]):
    """Of arguments: an object or None, as Node's own are.

    Raises:
        DeclarationError: also if values of the declared type are never objects.
    """

    def __init__(self, declared: type[Value], what: str) -> None:
        super().__init__(declared, what)
        if isinstance(inspect.type_info(declared), NO_OBJECTS):
            raise DeclarationError(f"{what} is declared as {_name(declared)}; {WANTED}")

    def encode(self, value: Value) -> str | None:
        """Encode a value; None is stored as SQL NULL.

        Raises:
            PayloadError: also if it is not an object.
        """
        text = super().encode(value)
        if text is not None and not text.startswith("{"):
            raise PayloadError(f"{self.what} is {text:.40}; {WANTED}")
        return text


WANTED = "pg-boss keeps an object (a dict, a dataclass, a model) or None, such as {'id': 7}"


def _name(declared: Any) -> str:
    return declared.__name__ if isinstance(declared, type) else str(declared)


def _holds_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any(_holds_nul(key) or _holds_nul(each) for key, each in value.items())  # pyright: ignore[reportUnknownVariableType]
    return isinstance(value, list) and any(map(_holds_nul, value))  # pyright: ignore[reportUnknownArgumentType]
