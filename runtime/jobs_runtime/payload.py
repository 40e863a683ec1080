"""JSON <-> typed values: arguments and results, and the shape in which failures are kept."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from functools import cached_property
from types import GenericAlias
from typing import Any, Generic, TypeVar, cast

import msgspec

from jobs_runtime.errors import DeclarationError, PayloadError
from jobs_runtime.masking import ASTERISK, MASK, masked

Value = TypeVar("Value")

MAX_BYTES = 16 * 1024 * 1024
"""The largest argument or result accepted, in bytes of JSON."""

PLAIN: tuple[tuple[type, Callable[[Any], object]], ...] = (
    (str, str.__str__),
    (int, int.__int__),
    (float, float.__float__),
)
"""What JSON has, and how to make one of a subclass, whatever that says of itself."""

LONGEST_TEXT = 64 * 1024
"""Characters of a message or a traceback that are kept of a failure: its beginning and its end."""


def _to_builtins(value: Any) -> object:
    """Write what msgspec does not: kinds of text and numbers of others, and pydantic's models.

    Those are recognised by their methods and never imported.
    """
    if hasattr(value, "model_dump") and hasattr(value, "model_validate"):
        return _written(value)
    for plain, exact in PLAIN:
        if isinstance(value, plain):
            return exact(value)
    raise TypeError(
        f"there is no JSON for {type(value).__name__}; use plain values, a dataclass or a"
        " TypedDict, and an id for what is in a database"
    )


def _written(model: Any) -> msgspec.Raw:
    dumped = model.model_dump(mode="json", by_alias=True, round_trip=True)
    text = _encoder.encode(dumped)
    if ASTERISK in text and MASK.encode() in text:
        held = model.model_dump(by_alias=True, round_trip=True)
        if where := masked(held, dumped, type(model).__name__):
            raise ValueError(
                f"{where} is a secret, for which it would have asterisks; pass where the secret is"
                " kept, or reveal it by a field_serializer"
            )
    return msgspec.Raw(text)


def _from_builtins(declared: Any, value: object) -> object:
    """Let pydantic read its models: as JSON, in which strict ones take a time or a set, too."""
    if isinstance(value, declared):
        return value
    if not hasattr(declared, "model_validate_json"):
        raise TypeError(f"Expected `{declared.__name__}`, got `{type(value).__name__}`")
    try:
        return declared.model_validate_json(_encoder.encode(value))
    except ValueError as error:
        raise ValueError(" ".join(str(error).split())) from error


_encoder = msgspec.json.Encoder(enc_hook=_to_builtins)


class Codec(Generic[Value]):
    """Turns values of one declared type into JSON text and back.

    Args:
        declared: the annotated type; `Any` accepts whatever JSON can carry.
        what: how errors name the value, such as "the argument of render_invoice".

    Raises:
        DeclarationError: the type is one that JSON cannot be decoded into.
    """

    def __init__(self, declared: type[Value], what: str) -> None:
        self.declared = declared
        self.what = what
        try:
            self._decoder = msgspec.json.Decoder(_open(declared), dec_hook=_from_builtins)
        except (TypeError, NotImplementedError) as error:
            raise DeclarationError(
                f"{what} is declared as {_type_name(declared)}, which JSON cannot carry: {error}"
            ) from error

    def encode(self, value: Value) -> str | None:
        """Encode a value; None is stored as SQL NULL.

        A pydantic model is stored as it writes itself: without its private attributes, and without
        the fields that it excludes, which have their defaults when it is read.

        Raises:
            PayloadError: JSON cannot carry the value, such as a secret of pydantic, it does not fit
                the declared type, or it is larger than `MAX_BYTES`. The message names the field.
        """
        if value is None:
            if not self._takes_null:
                declared = _type_name(self.declared)
                raise PayloadError(f"{self.what} is None or missing; it is declared as {declared}")
            return None
        text = _to_json(value, self.what)
        self.decode(text)
        return text

    @cached_property
    def _takes_null(self) -> bool:
        try:
            self.decode(None)
        except PayloadError:
            return False
        return True

    def decode(self, text: str | None) -> Value:
        """Decode JSON text; SQL NULL is None.

        Raises:
            PayloadError: the JSON does not fit the declared type. The message names the field.
        """
        try:
            return self._decoder.decode(text if text is not None else "null")
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            expected = _type_name(self.declared)
            raise PayloadError(f"{self.what} does not fit {expected}: {error}") from error

    def convert(self, value: object) -> Value:
        """Read a value that is decoded JSON already.

        Raises:
            PayloadError: it does not fit the declared type.
        """
        try:
            return msgspec.convert(value, self.declared, str_keys=True, dec_hook=_from_builtins)
        except msgspec.MsgspecError as error:
            expected = _type_name(self.declared)
            raise PayloadError(f"{self.what} does not fit {expected}: {error}") from error


def _to_json(value: object, what: str) -> str:
    try:
        text = _encoder.encode(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise PayloadError(f"{what} cannot be stored as JSON: {error}") from error
    if len(text) > MAX_BYTES:
        raise PayloadError(
            f"{what} is {len(text):,} bytes of JSON, more than {MAX_BYTES:,};"
            " store it elsewhere and pass a reference"
        )
    return text.decode()


def _open(declared: Any) -> Any:
    """`object` as `Any`, of which msgspec does not ask `_from_builtins` at every value."""
    if isinstance(declared, GenericAlias):
        origin = cast("type[Any]", declared.__origin__)
        return GenericAlias(origin, tuple(map(_open, declared.__args__)))
    return Any if declared is object else declared


def untyped(what: str) -> Codec[Any]:
    """The codec of a value without a declared type."""
    return Codec(cast("type[Any]", Any), what)


def encode_error(error: BaseException) -> str:
    """Describe a failed attempt as JSON: name, message, stack."""
    stack = "".join(traceback.format_exception(error))
    return encode_failure(type(error).__name__, message_of(error), stack)


def encode_failure(name: str, message: str, stack: str | None = None) -> str:
    """The shape in which every failure is kept; what Postgres cannot store is replaced."""
    failure = {"name": name, "message": message}
    if stack is not None:
        failure["stack"] = stack
    kept = {key: storable(shortened(text)) for key, text in failure.items()}
    return _encoder.encode(kept).decode()


def shortened(text: str) -> str:
    """The beginning and the end of what is longer than `LONGEST_TEXT`."""
    if len(text) <= LONGEST_TEXT:
        return text
    half, left_out = LONGEST_TEXT // 2, len(text) - LONGEST_TEXT
    return f"{text[:half]}\n... {left_out:,} characters ...\n{text[-half:]}"


def message_of(error: BaseException) -> str:
    """What an exception says of itself, if it can."""
    try:
        return str(error)
    except Exception:
        return "<exception str() failed>"  # as in the traceback


def storable(text: str) -> str:
    """Text with what Postgres cannot store replaced."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "\N{REPLACEMENT CHARACTER}")


def _type_name(declared: object) -> str:
    if declared is type(None):
        return "None"
    return declared.__name__ if isinstance(declared, type) else str(declared)
