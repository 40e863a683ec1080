"""What a pydantic model holds and its JSON has not."""

from __future__ import annotations

import dataclasses
from typing import Any

import pydantic
import pytest

from jobs_runtime import PayloadError
from jobs_runtime.payload import Codec, untyped

STARS = "*" * 10


class Login(pydantic.BaseModel):
    user: str
    password: pydantic.SecretStr


class Key(pydantic.BaseModel):
    data: pydantic.SecretBytes


class Pin(pydantic.BaseModel):
    digits: pydantic.Secret[int]


class Batch(pydantic.BaseModel):
    notes: str = STARS
    logins: dict[str, list[Login]] = {}


@dataclasses.dataclass
class Request:
    login: Login


class Revealed(Login):
    @pydantic.field_serializer("password", when_used="json")
    def reveal(self, password: pydantic.SecretStr) -> str:
        return password.get_secret_value()


class Cached(pydantic.BaseModel):
    number: int
    looked_up: str | None = pydantic.Field(default=None, exclude=True)


LOGIN = Login(user="ann", password=pydantic.SecretStr("hunter2"))


@pytest.mark.parametrize(
    ("value", "where"),
    [
        (LOGIN, "Login.password"),
        ([LOGIN], "Login.password"),
        (Request(LOGIN), "Login.password"),
        (Key(data=pydantic.SecretBytes(b"hunter2")), "Key.data"),
        (Batch(logins={"a": [LOGIN]}), "Batch.logins.a[0].password"),
        (Pin(digits=pydantic.Secret(1234)), "Pin.digits"),
    ],
    ids=["model", "list", "dataclass", "bytes", "nested", "number"],
)
def test_a_secret_that_would_be_lost_is_refused(value: Any, where: str) -> None:
    with pytest.raises(PayloadError) as caught:
        untyped("it").encode(value)
    assert str(caught.value) == (
        f"it cannot be stored as JSON: {where} is a secret, for which it would have asterisks; pass"
        " where the secret is kept, or reveal it by a field_serializer"
    )


@pytest.mark.parametrize(
    "value",
    [
        Revealed(user="ann", password=pydantic.SecretStr("hunter2")),
        Revealed(user=STARS, password=pydantic.SecretStr(STARS)),
        Login(user=STARS, password=pydantic.SecretStr("")),
        Batch(notes=f"{STARS} Chapter 1 {STARS}"),
    ],
    ids=["revealed", "asterisks themselves", "empty", "no secret"],
)
def test_what_is_not_lost_is_kept(value: pydantic.BaseModel) -> None:
    codec = Codec(type(value), "it")
    assert codec.decode(codec.encode(value)) == value


def test_a_field_that_is_excluded_has_its_default() -> None:
    codec = Codec(Cached, "it")
    assert codec.encode(Cached(number=7, looked_up="here")) == '{"number":7}'
    assert codec.decode('{"number":7}') == Cached(number=7)
