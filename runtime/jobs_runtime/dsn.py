"""Connection strings: where one comes from, and how it is shown without its password."""

from __future__ import annotations

import os
import re

import psycopg
from psycopg import conninfo

from jobs_runtime.errors import ConfigurationError

NO_DSN = (
    "no database: set DATABASE_URL=postgresql://user:password@host/name or give a DSN"
    " (to try things out, `jobs-supervisor dev` runs on a database of its own in .jobs/)"
)

IN_URL = re.compile(r"((?:^|://)[^:@/\s]*):(?!//)(?P<password>.*)@")
IN_PARAMETER = re.compile(
    r"(\b(?:ssl)?password\s*=\s*)(?P<password>'(?:\\.|[^'\\])*'?|[^\s&]+)", re.IGNORECASE
)
SCHEMES = ("postgresql", "postgres")
"""What libpq knows; `postgresql+psycopg` is SQLAlchemy's alone."""
SCHEME = re.compile(r"^([\w+.-]+)://")


def resolve_dsn(dsn: str | None) -> str:
    """The DSN to use: the one given, else `DATABASE_URL`.

    Raises:
        ConfigurationError: there is none, or it does not parse.
    """
    dsn = dsn or os.environ.get("DATABASE_URL")
    if not dsn:
        raise ConfigurationError(NO_DSN)
    try:
        conninfo.conninfo_to_dict(dsn)
    except psycopg.ProgrammingError as error:
        reason = _without(_passwords(dsn), str(error).strip())
        if (scheme := SCHEME.match(dsn)) and scheme[1] not in SCHEMES:
            reason = f"it begins with {scheme[0]}; write postgresql://"
        raise ConfigurationError(f"the DSN {redact(dsn)} does not parse: {reason}") from None
    return dsn


def redact(dsn: str) -> str:
    """A DSN without its password, fit for a log; it need not be one that parses."""
    return IN_PARAMETER.sub(r"\1***", IN_URL.sub(r"\1:***@", dsn))


def _passwords(dsn: str) -> list[str]:
    found = [*IN_URL.finditer(dsn), *IN_PARAMETER.finditer(dsn)]
    return [password for each in found if (password := each["password"].strip("'"))]


def _without(passwords: list[str], text: str) -> str:
    """What libpq says of a DSN may quote any part of it."""
    for password in passwords:
        text = text.replace(password, "***")
    return text
