"""What jobs in the tables of pg-boss 11 and 12 cannot have, though earlier ones know it: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jobs_runtime.errors import DeclarationError, OptionError, SchemaError
from jobs_runtime.options import Options, merge

if TYPE_CHECKING:
    from jobs_runtime.job import Job

STANDARD = "standard"
"""The policy of queues on which our statements work."""


def check_options(name: str, options: Options) -> None:
    """Refuse options that pg-boss 11 and 12 do not have.

    Raises:
        OptionError: with the first of them.
    """
    if options.on_complete is not None:
        raise OptionError(
            f"job {name}: pg-boss 11 and 12 have no completion jobs; leave on_complete out, or give"
            " the queue a dead letter queue in Node"
        )
    if options.singleton_queue or (options.singleton_key and options.singleton_seconds is None):
        raise OptionError(
            f"job {name}: in a standard queue of pg-boss 11 and 12 a singleton_key alone suppresses"
            " nothing; give singleton_seconds, too, or leave it out"
        )
    if options.expire_in != int(options.expire_in):
        raise OptionError(
            f"job {name}: pg-boss 11 and 12 keep an expire_in of whole seconds, not"
            f" {options.expire_in:g}"
        )


def check_jobs(
    jobs: Sequence[Job[Any, Any]], policies: Mapping[str, str], schema: str
) -> list[str]:
    """Refuse declarations that these tables cannot keep; gives what the operator should know.

    Args:
        jobs: those that are kept there.
        policies: of the queues that there are, by their names.
        schema: for the messages.

    Raises:
        DeclarationError: a job has a schedule, which Node alone fires there.
        OptionError: a job has an option that is not known there.
        SchemaError: a queue's policy is none that jobs are taken of.
    """
    warnings: list[str] = []
    for job in jobs:
        if job.schedules:
            raise DeclarationError(
                f"job {job.name}: schedules of pg-boss 11 and 12 are fired by Node; make it there,"
                f" boss.schedule({job.name!r}, {job.schedules[0].cron!r}), and leave schedule= out"
            )
        check_options(job.name, merge(*job.layers))
        if job.name not in policies:
            warnings.append(f"{unknown_queue(job.name, schema)}; until then it has no jobs")
        elif policies[job.name] != STANDARD:
            raise unusable_policy(job.name, policies[job.name])
    return warnings


def unknown_queue(name: str, schema: str) -> SchemaError:
    """The error to raise when there is no such queue."""
    return SchemaError(
        f"pg-boss has no queue {name!r} in the schema {schema!r}: create it in Node,"
        f" `await boss.createQueue({name!r})`, or in psql,"
        f""" `SELECT {schema}.create_queue('{name}', '{{"policy": "standard"}}')`"""
    )


def unusable_policy(name: str, policy: str) -> SchemaError:
    """The error to raise when a queue is none that jobs are taken of, or sent to, from here."""
    return SchemaError(
        f"the queue {name!r} of pg-boss has the policy {policy!r}, and standard queues alone are"
        " worked on from Python; leave it to Node, or have a standard queue beside it"
    )
