"""The caller's own connection, whatever library it comes from: `submit(args, connection=...)`.

A job submitted on it becomes visible, and wakes a worker, when the caller commits; after a rollback
there is nothing. The libraries are recognised by their methods and never imported.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import psycopg

from jobs_runtime.errors import ConfigurationError


def borrow(connection: object) -> psycopg.Connection[Any]:
    """The psycopg connection behind a psycopg, SQLAlchemy or Django one.

    Raises:
        ConfigurationError: there is none: another driver, an async connection, something else.
    """
    if isinstance(connection, psycopg.Connection):
        return cast("psycopg.Connection[Any]", connection)
    ensure: Callable[[], None] | None = getattr(connection, "ensure_connection", None)
    if ensure is not None:  # Django
        ensure()
        return _checked(getattr(connection, "connection", None), psycopg.Connection, connection)
    given: Any = connection
    inner = getattr(given, "connection", None)
    if callable(inner):  # a Session of SQLAlchemy, else its Connection
        inner = given.connection().connection
    driver = getattr(inner, "driver_connection", None)
    return _checked(driver, psycopg.Connection, connection)


async def aborrow(connection: object) -> psycopg.AsyncConnection[Any]:
    """The psycopg async connection behind a psycopg or SQLAlchemy one.

    Raises:
        ConfigurationError: there is none: another driver, a sync connection, something else.
    """
    given: Any = connection
    if isinstance(given, psycopg.AsyncConnection):
        return cast("psycopg.AsyncConnection[Any]", given)
    driver = None
    if hasattr(given, "sync_session"):  # an AsyncSession of SQLAlchemy, else its AsyncConnection
        given = await given.connection()
    if hasattr(given, "get_raw_connection"):
        driver = (await given.get_raw_connection()).driver_connection
    return _checked(driver, psycopg.AsyncConnection, connection)


def _checked(driver: Any, wanted: type[Any], given: object) -> Any:
    if isinstance(driver, wanted):
        return driver
    article = "an async" if wanted is psycopg.AsyncConnection else "a"
    raise ConfigurationError(
        f"connection= takes {article} psycopg 3 connection, or one of SQLAlchemy"
        f" (postgresql+psycopg://) or Django that uses it, not {_describe(driver, given)}"
    )


def _describe(driver: object, given: object) -> str:
    name = f"{type(given).__module__}.{type(given).__qualname__}"
    if driver is None:
        return name
    return f"{name} on {type(driver).__module__}.{type(driver).__qualname__}"
