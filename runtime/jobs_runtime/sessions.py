"""SQLAlchemy sessions on the database of the jobs, one engine a process."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING

from jobs_runtime.errors import ConfigurationError

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session


def open_session(dsn: str) -> Session:
    """A new session on the database that `dsn` names.

    Raises:
        ConfigurationError: SQLAlchemy is not installed.
    """
    try:
        from sqlalchemy.orm import Session
    except ImportError:
        raise ConfigurationError(
            "context.session needs SQLAlchemy: pip install 'jobs-runtime[sqlalchemy]'"
        ) from None
    return Session(_engine(dsn, os.getpid()))


@lru_cache(maxsize=4)
def _engine(dsn: str, _process: int) -> Engine:
    import psycopg
    from sqlalchemy import create_engine

    return create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(dsn), pool_pre_ping=True
    )
