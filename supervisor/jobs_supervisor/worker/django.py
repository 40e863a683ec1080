"""What Django does between two requests, done between two jobs."""

from __future__ import annotations

import sys


def close_old_connections() -> None:
    """Close what is broken or older than `CONN_MAX_AGE`, if the application uses Django.

    Without it a connection that the server closed would fail every later job of its worker.
    """
    db = sys.modules.get("django.db")
    if db is not None:
        db.close_old_connections()
