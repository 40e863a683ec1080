"""SQLAlchemy sessions on the database of the jobs: of their own, or within a job's transaction."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING

from jobs_runtime.database import Connection
from jobs_runtime.errors import ConfigurationError

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session

    from jobs_runtime.joining import JoinedSession

NOT_INSTALLED = "context.session needs SQLAlchemy: pip install 'jobs-runtime[sqlalchemy]'"


def open_session(dsn: str) -> Session:
    """A new session on the database that `dsn` names.

    Raises:
        ConfigurationError: SQLAlchemy is not installed.
    """
    try:
        from sqlalchemy.orm import Session
    except ImportError:
        raise ConfigurationError(NOT_INSTALLED) from None
    return Session(_engine(dsn, os.getpid()))


def close_session(session: Session) -> None:
    """Close a session, and undo what it has not committed, even if its server has gone."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        session.close()
    except SQLAlchemyError:
        session.invalidate()


def join_transaction(connection: Connection) -> JoinedSession:
    """A new session within the transaction that `connection` is in, and which it does not end.

    Raises:
        ConfigurationError: SQLAlchemy is not installed.
    """
    try:
        from jobs_runtime.joining import JoinedSession
    except ImportError:
        raise ConfigurationError(NOT_INSTALLED) from None
    return JoinedSession(connection)


@lru_cache(maxsize=4)
def _engine(dsn: str, _process: int) -> Engine:
    import psycopg
    from sqlalchemy import create_engine

    return create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(dsn), pool_pre_ping=True
    )
