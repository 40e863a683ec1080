"""The schema that pg-boss's tables are in, and statements that name it."""

from __future__ import annotations

import re

from jobs_runtime.errors import ConfigurationError

DEFAULT_SCHEMA = "pgboss"

LONGEST = 50
"""Characters, as in pg-boss."""

USABLE = re.compile(r"[A-Za-z_]\w*", re.ASCII)


def checked(schema: str) -> str:
    """The schema's name, if pg-boss takes it.

    Raises:
        ConfigurationError: it does not.
    """
    if len(schema) > LONGEST or not USABLE.fullmatch(schema):
        raise ConfigurationError(
            f"the pg-boss schema {schema!r} cannot be used: pg-boss takes up to {LONGEST} letters,"
            " digits and underscores, not beginning with a digit"
        )
    return schema


def bind(sql: bytes, schema: str) -> bytes:
    """A statement with the schema's name in place of each `{schema}`.

    Unquoted, as pg-boss writes it: `MyBoss` is `myboss` to the server for both of us.
    """
    return sql.replace(b"{schema}", checked(schema).encode())
