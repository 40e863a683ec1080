"""Django, set up once with the settings of the example, on the database of each test.

Django has no types, so what is imported from it is `Any`.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from psycopg.conninfo import conninfo_to_dict

NAMES = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}


def set_up() -> Any:
    """`django.db`, ready for use."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "examples.django_shop.settings")
    import_module("django").setup()
    return import_module("django.db")


@contextmanager
def on_database(dsn: str) -> Generator[Any]:
    """Lead Django's default connection to a database for a block; gives `django.db`."""
    db = set_up()
    address = conninfo_to_dict(dsn)
    db.connection.close()
    db.connection.settings_dict.update(
        {name: str(address.get(key) or "") for key, name in NAMES.items()}
    )
    try:
        yield db
    finally:
        db.connection.close()
