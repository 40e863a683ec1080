"""Rows of the tables <-> the plain data of `model`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from operator import attrgetter

import msgspec

from jobs_runtime.executors.operation import Row
from jobs_runtime.model import Claim, JobRecord, JobState, Progress, Submission
from jobs_runtime.options import DEFAULTS, Options

_options_decoder = msgspec.json.Decoder(Options)


class _Beside(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the column `options` has beside them.

    Attributes:
        tick: added by `fire`.
        trace: added by `submission_row`.
    """

    tick: datetime | None = None
    trace: Mapping[str, str] | None = None


_beside_decoder = msgspec.json.Decoder(_Beside)
_in_order = attrgetter("rank", "job_id")


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
        Claim(job_id, name, rank, attempt, deaths, args, DEFAULTS, waited)
        if options is None and rank == 0
        else Claim(
            job_id,
            name,
            rank,
            attempt,
            deaths,
            args,
            read_options(options, rank),
            waited,
            *_read_beside(options),
        )
        for job_id, name, rank, attempt, deaths, args, options, waited in rows
    ]
    claims.sort(key=_in_order)
    return claims


def _read_beside(options: str | None) -> tuple[datetime | None, Mapping[str, str] | None]:
    if options is None or not ('"tick"' in options or '"trace"' in options):
        return None, None
    beside = _beside_decoder.decode(options)
    return beside.tick, beside.trace


def _with_trace(options: str | None, trace: Mapping[str, str]) -> str:
    beside = msgspec.json.encode(_Beside(trace=trace)).decode()
    return beside if options is None else f"{options[:-1]},{beside[1:]}"


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
    row: dict[str, object] = {
        "queue": submission.queue,
        "name": submission.name,
        "args": submission.args,
        **_columns_of(submission.options),
    }
    if submission.trace is not None:
        row["options"] = _with_trace(stored_options(submission.options), submission.trace)
    return row


@lru_cache(maxsize=1024)
def _columns_of(options: Options) -> Mapping[str, object]:
    """What options alone decide of a row."""
    start_after = options.start_after
    delay = start_after if isinstance(start_after, float) and start_after > 0 else None
    columns: dict[str, object] = {
        "rank": -options.priority,
        "options": stored_options(options),
        "at": None if isinstance(start_after, float) else start_after,
        "delay": delay,
        "keep_for": options.keep_for,
        "limit_key": options.limit_key,
    }
    return columns | _unique_columns(options) if options.unique else columns


def _unique_columns(options: Options) -> dict[str, object]:
    return {
        "singleton_key": options.singleton_key,
        "singleton_queue": options.singleton_queue,
        "slot_key": options.singleton_key or "",
        "slot_seconds": options.singleton_seconds,
        "next_slot": options.singleton_next_slot,
    }
