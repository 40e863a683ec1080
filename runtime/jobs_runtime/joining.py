"""A SQLAlchemy session within a transaction that was begun by somebody else, who will end it.

Imports SQLAlchemy, so it is imported only when a job asks for such a session.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection as Guest
from sqlalchemy import Engine, create_engine
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from jobs_runtime.database import Connection

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import PoolProxiedConnection


class GuestDialect(PGDialect_psycopg):
    """Psycopg's, but the connection and its transaction are somebody else's."""

    supports_statement_cache = True

    def on_connect(self) -> Any:
        """Change nothing about the connection."""
        return _nothing

    def do_commit(self, dbapi_connection: PoolProxiedConnection) -> None:
        """Leave it to the host."""

    def do_rollback(self, dbapi_connection: PoolProxiedConnection) -> None:
        """Leave it to the host."""

    def do_close(self, dbapi_connection: DBAPIConnection) -> None:
        """Leave it to the host."""


def _nothing(conn: object) -> None:
    """Leave it as it is."""


registry.register("postgresql.guest", __name__, GuestDialect.__name__)


class JoinedSession(Session):
    """Its commits are savepoints released, its rollbacks savepoints undone.

    Args:
        connection: in a transaction.
    """

    def __init__(self, connection: Connection) -> None:
        self._guest: Guest = _engine(connection).connect()
        self._guest.begin()
        super().__init__(self._guest, join_transaction_mode="create_savepoint")

    def leave(self) -> None:
        """Send nothing more, whatever state the transaction is in."""
        self.invalidate()
        self._guest.close()


@lru_cache(maxsize=1)
def _engine(connection: Connection) -> Engine:
    return create_engine("postgresql+guest://", creator=lambda: connection, poolclass=NullPool)
