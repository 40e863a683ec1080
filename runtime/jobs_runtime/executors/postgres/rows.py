"""Rows of the tables <-> the plain data of `model`."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

import msgspec

from jobs_runtime.executors.operation import Row
from jobs_runtime.model import Claim, JobRecord, JobState, Progress, Submission
from jobs_runtime.options import DEFAULTS, Options

_options_decoder = msgspec.json.Decoder(Options)


class _Ticked(msgspec.Struct):
    """What `fire` adds to the options of a job."""

    tick: datetime


_tick_decoder = msgspec.json.Decoder(_Ticked)


@lru_cache(maxsize=1024)
def stored_options(options: Options) -> str | None:
    """What the column `options` keeps: all that is not built in and has no column of its own."""
    kept = msgspec.structs.replace(options, priority=0, start_after=None)
    return None if kept == DEFAULTS else msgspec.json.encode(kept).decode()


@lru_cache(maxsize=1024)
def read_options(text: str | None, rank: int) -> Options:
    """Options in force, from the columns `options` and `rank`."""
    options = DEFAULTS if text is None else _options_decoder.decode(text)
    return msgspec.structs.replace(options, priority=-rank) if rank else options


def read_claims(rows: list[Row]) -> list[Claim]:
    """Claims in the order in which they are to be performed."""
    claims = [
        Claim(
            job_id,
            name,
            rank,
            attempt,
            deaths,
            args,
            read_options(options, rank),
            waited,
            _read_tick(options),
        )
        for job_id, name, rank, attempt, deaths, args, options, waited in rows
    ]
    claims.sort(key=lambda claim: (claim.rank, claim.job_id))
    return claims


def _read_tick(options: str | None) -> datetime | None:
    return _tick_decoder.decode(options).tick if options and '"tick"' in options else None


def read_record(rows: list[Row]) -> JobRecord | None:
    """The job that was looked up, None if there is none."""
    if not rows:
        return None
    (job_id, name, queue, state, rank, attempt, deaths, args, options) = rows[0][:9]
    (created_at, start_after, started_at, finished_at, progress, output) = rows[0][9:]
    return JobRecord(
        job_id=job_id,
        name=name,
        queue=queue,
        state=JobState(state),
        priority=-rank,
        attempt=attempt,
        deaths=deaths,
        args=None if args is None else msgspec.json.decode(args),
        options=read_options(options, rank),
        created_at=created_at,
        start_after=start_after,
        started_at=started_at,
        finished_at=finished_at,
        progress=None if progress is None else msgspec.json.decode(progress, type=Progress),
        output=None if output is None else msgspec.json.decode(output),
    )


def submission_row(submission: Submission) -> dict[str, object]:
    """The columns of a submission, with its moment as `at` or `delay`."""
    start_after = submission.options.start_after
    delay = start_after if isinstance(start_after, float) and start_after > 0 else None
    row: dict[str, object] = {
        "queue": submission.queue,
        "name": submission.name,
        "rank": -submission.options.priority,
        "args": submission.args,
        "options": stored_options(submission.options),
        "at": None if isinstance(start_after, float) else start_after,
        "delay": delay,
        "keep_for": submission.options.keep_for,
        "limit_key": submission.options.limit_key,
    }
    return row | _unique_row(submission.options) if submission.options.unique else row


def _unique_row(options: Options) -> dict[str, object]:
    return {
        "singleton_key": options.singleton_key,
        "singleton_queue": options.singleton_queue,
        "slot_key": options.singleton_key or "",
        "slot_seconds": options.singleton_seconds,
        "next_slot": options.singleton_next_slot,
    }
