"""The caller's own connection, whatever library it comes from: `submit(args, connection=...)`.

A job submitted on it becomes visible, and wakes a worker, when the caller commits; after a rollback
there is nothing. The libraries are recognised by their methods and never imported.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
)
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, TypeVar, cast

import psycopg
from psycopg.pq import PipelineStatus

from jobs_runtime.errors import ConfigurationError
from jobs_runtime.unusable import ours

if TYPE_CHECKING:
    from jobs_runtime.database import Database

Driver = TypeVar("Driver", psycopg.Connection[Any], psycopg.AsyncConnection[Any])


def lent(connection: object, database: Database) -> AbstractContextManager[psycopg.Connection[Any]]:
    """The caller's connection, or for None one of the pool, for a block of our own statements.

    Raises:
        ConfigurationError: the caller's is none that can be used.
        SchemaMissing: the database has not been migrated.
        DatabaseUnavailable: none of the pool was free within 10 s, or it broke.
    """
    return database.connection() if connection is None else _borrowed(connection)


def alent(
    connection: object, database: Database
) -> AbstractAsyncContextManager[psycopg.AsyncConnection[Any]]:
    """As `lent`, of async ones."""
    return database.async_connection() if connection is None else _aborrowed(connection)


@contextmanager
def _borrowed(connection: object) -> Generator[psycopg.Connection[Any]]:
    with ours():
        yield _driver_of(connection)


@asynccontextmanager
async def _aborrowed(connection: object) -> AsyncGenerator[psycopg.AsyncConnection[Any]]:
    with ours():
        yield await _async_driver_of(connection)


def _driver_of(connection: object) -> psycopg.Connection[Any]:
    """The psycopg connection behind a psycopg, SQLAlchemy or Django one.

    Raises:
        ConfigurationError: there is none: another driver, an async connection, something else; or
            it is in pipeline mode.
    """
    if isinstance(connection, psycopg.Connection):
        return _ready(cast("psycopg.Connection[Any]", connection))
    given: Any = connection
    driver: Any = None
    if _is_async(given):
        raise _refusal(given, None, "a", "; `await asubmit(...)` takes it")
    if hasattr(given, "ensure_connection"):  # Django
        given.ensure_connection()
        driver = given.connection
    elif hasattr(given, "connection"):
        if callable(given.connection):  # a Session of SQLAlchemy, else its Connection
            given = given.connection()
        driver = getattr(getattr(given, "connection", None), "driver_connection", None)
    if not isinstance(driver, psycopg.Connection):
        raise _refusal(connection, driver, "a")
    if hasattr(given, "in_transaction") and not given.in_transaction():
        given.begin()  # SQLAlchemy's commit() does nothing unless it has begun
    return _ready(cast("psycopg.Connection[Any]", driver))


async def _async_driver_of(connection: object) -> psycopg.AsyncConnection[Any]:
    """The psycopg async connection behind a psycopg or SQLAlchemy one.

    Raises:
        ConfigurationError: there is none: another driver, a sync connection, something else; or it
            is in pipeline mode.
    """
    if isinstance(connection, psycopg.AsyncConnection):
        return _ready(cast("psycopg.AsyncConnection[Any]", connection))
    given: Any = connection
    if not _is_async(given):
        raise _refusal(given, None, "an async")
    if not hasattr(given, "get_raw_connection"):  # an AsyncSession of SQLAlchemy
        given = await given.connection()
    driver: Any = (await given.get_raw_connection()).driver_connection
    if not isinstance(driver, psycopg.AsyncConnection):
        raise _refusal(connection, driver, "an async")
    if not given.in_transaction():
        await given.begin()
    return _ready(cast("psycopg.AsyncConnection[Any]", driver))


def _ready(driver: Driver) -> Driver:
    # There is no COPY in a pipeline, and the id of a single job would come only with its end.
    if driver.info.pipeline_status != PipelineStatus.OFF:
        raise ConfigurationError(
            "the connection is in pipeline mode, in which no job is submitted: submit before the"
            " block of pipeline() or after it"
        )
    return driver


def _is_async(given: Any) -> bool:
    return (
        isinstance(given, psycopg.AsyncConnection)
        or hasattr(given, "get_raw_connection")  # an AsyncConnection of SQLAlchemy
        or iscoroutinefunction(getattr(given, "connection", None))  # an AsyncSession of it
    )


def _refusal(given: object, driver: object, article: str, instead: str = "") -> ConfigurationError:
    others = "one of SQLAlchemy (postgresql+psycopg://)" + " or Django" * (article == "a")
    return ConfigurationError(
        f"connection= takes {article} psycopg 3 connection, or {others} that uses it,"
        f" not {_describe(driver, given)}{instead}"
    )


def _describe(driver: object, given: object) -> str:
    name = f"{type(given).__module__}.{type(given).__qualname__}"
    if driver is None:
        return name
    return f"{name} on {type(driver).__module__}.{type(driver).__qualname__}"
