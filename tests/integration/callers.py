"""Connections as applications hold them: blocks that commit at their end, or roll back."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
)
from typing import Any

import psycopg
from psycopg.rows import dict_row
from sqlalchemy import Engine, create_engine
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_scoped_session,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from tests.support.django_shop import on_database

Caller = Callable[[str], AbstractContextManager[object]]
AsyncCaller = Callable[[str], AbstractAsyncContextManager[object]]


class Undo(Exception):
    """Raised in a block that is to be rolled back."""


@contextmanager
def engine(dsn: str, driver: str = "psycopg") -> Generator[Engine]:
    """An engine of SQLAlchemy, closed at the end of the block."""
    module: Any = __import__(driver)
    made = create_engine(f"postgresql+{driver}://", creator=lambda: module.connect(dsn))
    try:
        yield made
    finally:
        made.dispose()


@asynccontextmanager
async def async_engine(dsn: str) -> AsyncGenerator[AsyncEngine]:
    """An async engine of SQLAlchemy, closed at the end of the block."""

    async def connect() -> Any:
        return await psycopg.AsyncConnection.connect(dsn)

    made = create_async_engine("postgresql+psycopg://", async_creator=connect)
    try:
        yield made
    finally:
        await made.dispose()


@contextmanager
def of_psycopg(dsn: str) -> Generator[object]:
    with psycopg.connect(dsn) as connection:
        yield connection


@contextmanager
def of_psycopg_with_rows_and_cursors_of_its_own(dsn: str) -> Generator[object]:
    kinds: Any = {"row_factory": dict_row, "cursor_factory": psycopg.ClientCursor}
    with psycopg.connect(dsn, **kinds) as connection:
        yield connection


@contextmanager
def of_psycopg_autocommitting(dsn: str) -> Generator[object]:
    with psycopg.connect(dsn, autocommit=True) as connection, connection.transaction():
        yield connection


@contextmanager
def of_sqlalchemy(dsn: str) -> Generator[object]:
    with engine(dsn) as made, made.connect() as connection:
        yield connection
        connection.commit()


@contextmanager
def of_sqlalchemy_begun(dsn: str) -> Generator[object]:
    with engine(dsn) as made, made.begin() as connection:
        yield connection


@contextmanager
def session(dsn: str) -> Generator[object]:
    with engine(dsn) as made, Session(made) as opened:
        yield opened
        opened.commit()


@contextmanager
def session_begun(dsn: str) -> Generator[object]:
    with engine(dsn) as made, sessionmaker(made).begin() as opened:
        yield opened


@contextmanager
def session_of_the_thread(dsn: str) -> Generator[object]:
    with engine(dsn) as made:
        sessions = scoped_session(sessionmaker(made))
        try:
            yield sessions
            sessions.commit()
        finally:
            sessions.remove()


@contextmanager
def of_django(dsn: str) -> Generator[object]:
    with on_database(dsn) as db, db.transaction.atomic():
        yield db.connection


@contextmanager
def of_django_within_a_savepoint(dsn: str) -> Generator[object]:
    with on_database(dsn) as db, db.transaction.atomic(), db.transaction.atomic():
        yield db.connections["default"]


@asynccontextmanager
async def async_of_psycopg(dsn: str) -> AsyncGenerator[object]:
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        yield connection


@asynccontextmanager
async def async_of_psycopg_with_rows_and_cursors_of_its_own(dsn: str) -> AsyncGenerator[object]:
    kinds: Any = {"row_factory": dict_row, "cursor_factory": psycopg.AsyncClientCursor}
    async with await psycopg.AsyncConnection.connect(dsn, **kinds) as connection:
        yield connection


@asynccontextmanager
async def async_of_psycopg_autocommitting(dsn: str) -> AsyncGenerator[object]:
    opening = psycopg.AsyncConnection.connect(dsn, autocommit=True)
    async with await opening as connection, connection.transaction():
        yield connection


@asynccontextmanager
async def async_of_sqlalchemy(dsn: str) -> AsyncGenerator[object]:
    async with async_engine(dsn) as made, made.connect() as connection:
        yield connection
        await connection.commit()


@asynccontextmanager
async def async_of_sqlalchemy_begun(dsn: str) -> AsyncGenerator[object]:
    async with async_engine(dsn) as made, made.begin() as connection:
        yield connection


@asynccontextmanager
async def async_session(dsn: str) -> AsyncGenerator[object]:
    async with async_engine(dsn) as made, AsyncSession(made) as opened:
        yield opened
        await opened.commit()


@asynccontextmanager
async def async_session_of_the_task(dsn: str) -> AsyncGenerator[object]:
    async with async_engine(dsn) as made:
        sessions = async_scoped_session(async_sessionmaker(made), scopefunc=lambda: None)
        try:
            yield sessions
            await sessions.commit()
        finally:
            await sessions.remove()


CALLERS: list[Caller] = [
    of_psycopg,
    of_psycopg_with_rows_and_cursors_of_its_own,
    of_psycopg_autocommitting,
    of_sqlalchemy,
    of_sqlalchemy_begun,
    session,
    session_begun,
    session_of_the_thread,
    of_django,
    of_django_within_a_savepoint,
]
"""Every kind of connection and session that `submit` takes."""

ASYNC_CALLERS: list[AsyncCaller] = [
    async_of_psycopg,
    async_of_psycopg_with_rows_and_cursors_of_its_own,
    async_of_psycopg_autocommitting,
    async_of_sqlalchemy,
    async_of_sqlalchemy_begun,
    async_session,
    async_session_of_the_task,
]
"""Every kind that `asubmit` takes."""
