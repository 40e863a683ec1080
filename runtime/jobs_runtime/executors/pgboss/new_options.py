"""`PG_BOSS_NEW_OPTIONS`: what Wasp hands to `new PgBoss(...)`, read for the same purpose."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import psycopg
from psycopg import conninfo

from jobs_runtime.dsn import redact
from jobs_runtime.errors import ConfigurationError, OptionError
from jobs_runtime.executors.pgboss.defaults import ARCHIVE_AFTER, DELETE_AFTER
from jobs_runtime.executors.pgboss.schema import DEFAULT_SCHEMA, checked
from jobs_runtime.executors.pgboss.send_options import UNITS
from jobs_runtime.options import validate

VARIABLE = "PG_BOSS_NEW_OPTIONS"

PLAIN = {
    "retryLimit": "retry_limit",
    "retryDelay": "retry_delay",
    "retryBackoff": "retry_backoff",
    "onComplete": "on_complete",
}
"""Options of jobs that are called otherwise here."""

MEASURED = {"expireIn": "expire_in", "retention": "keep_for"}
"""Options of jobs that are a length of time."""

CONNECTION = {"host": "host", "port": "port", "user": "user", "password": "password"}
"""Parameters of a connection, as node-postgres and as libpq call them; and `database`."""


@dataclass(frozen=True, slots=True)
class NewOptions:
    """What was said there, in our terms.

    Attributes:
        dsn: where the database is; None if that was not said.
        schema: where the tables are in it.
        defaults: options of jobs, weaker than all others.
        archive_after: seconds until a finished job is archived.
        archive_failed_after: the same of failed ones.
        delete_after: seconds until an archived job is deleted.
    """

    dsn: str | None = None
    schema: str = DEFAULT_SCHEMA
    defaults: Mapping[str, object] = field(default_factory=dict[str, object])
    archive_after: float = ARCHIVE_AFTER
    archive_failed_after: float = ARCHIVE_AFTER
    delete_after: float = DELETE_AFTER


def from_environment() -> NewOptions:
    """Read the variable; without it everything is as pg-boss has it by default.

    Raises:
        ConfigurationError: it does not parse, with the position, or has what cannot be used.
    """
    text = os.environ.get(VARIABLE)
    return parse(text) if text else NewOptions()


def parse(text: str) -> NewOptions:
    """Read the JSON of constructor options.

    Raises:
        ConfigurationError: it does not parse, with the position, or has what cannot be used.
    """
    try:
        given: Any = json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigurationError(
            f"{VARIABLE} is not JSON: {error.msg} at line {error.lineno} column {error.colno}, near"
            f" {text[max(0, error.pos - 10) : error.pos + 10]!r}"
        ) from None
    if not isinstance(given, dict):
        raise ConfigurationError(f"{VARIABLE} must be a JSON object, not {text[:40]!r}")
    options = cast("dict[str, Any]", given)
    archive = _length(options, "archiveCompletedAfter") or ARCHIVE_AFTER
    return NewOptions(
        dsn=_dsn(options),
        schema=checked(_text(options, "schema") or DEFAULT_SCHEMA),
        defaults=_defaults(options),
        archive_after=archive,
        archive_failed_after=_length(options, "archiveFailedAfter") or archive,
        delete_after=_length(options, "deleteAfter") or DELETE_AFTER,
    )


def _defaults(options: Mapping[str, Any]) -> dict[str, object]:
    defaults = {ours: options[theirs] for theirs, ours in PLAIN.items() if theirs in options}
    for theirs, ours in MEASURED.items():
        if (seconds := _length(options, theirs)) is not None:
            defaults[ours] = seconds
    try:
        return validate(defaults)
    except OptionError as error:
        raise ConfigurationError(f"{VARIABLE}: {error}") from None


def _length(options: Mapping[str, Any], name: str) -> float | None:
    seconds = None
    for unit, factor in UNITS.items():
        if (value := options.get(name + unit)) is not None:
            if isinstance(value, bool) or not isinstance(value, int | float) or value < 1:
                raise ConfigurationError(
                    f"{VARIABLE}: {name + unit} takes a number of 1 or more, not {value!r}"
                )
            seconds = float(value * factor)
    return seconds


def _dsn(options: Mapping[str, Any]) -> str | None:
    given = {
        theirs: str(options[ours])
        for ours, theirs in {**CONNECTION, "database": "dbname"}.items()
        if options.get(ours) is not None
    }
    whole = _text(options, "connectionString")
    if whole is None and not given:
        return None
    if mode := _ssl_mode(options.get("ssl")):
        given["sslmode"] = mode
    try:
        parameters = {**conninfo.conninfo_to_dict(whole or ""), **given}
        if parameters.get("sslmode") == "no-verify":
            parameters["sslmode"] = "require"
        _check_authority(parameters)
        return conninfo.make_conninfo("", **parameters)
    except psycopg.ProgrammingError as error:
        reason = " ".join(str(error).split())
        raise ConfigurationError(
            f"{VARIABLE}: the connection {redact(whole or '')} does not parse: {reason}"
        ) from None


def _ssl_mode(ssl: object) -> str | None:
    """Libpq's word for node-postgres's `ssl`: an object may say that no certificate is checked."""
    if ssl is None:
        return None
    if isinstance(ssl, bool):
        return "require" if ssl else "disable"
    if isinstance(ssl, dict):
        checks = cast("dict[str, object]", ssl).get("rejectUnauthorized", True)
        return "verify-full" if checks and "ca" in ssl else "require"
    raise ConfigurationError(f"{VARIABLE}: ssl takes true, false or an object, not {ssl!r}")


def _check_authority(parameters: Mapping[str, Any]) -> None:
    """Libpq reads a certificate from a file only."""
    if parameters.get("sslmode") != "verify-full" or parameters.get("sslrootcert"):
        return
    if "PGSSLROOTCERT" not in os.environ:
        raise ConfigurationError(
            f"{VARIABLE}: the certificate in ssl.ca can only be read from a file here: write it to"
            " one, and set PGSSLROOTCERT to its path"
        )


def _text(options: Mapping[str, Any], key: str) -> str | None:
    value = options.get(key)
    if value is not None and not isinstance(value, str):
        raise ConfigurationError(f"{VARIABLE}: {key} takes a string, not {value!r}")
    return value or None
