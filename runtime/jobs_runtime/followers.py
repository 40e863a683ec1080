"""What is submitted after a job has ended gets the options that it is declared with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from jobs_runtime.limits import with_limit_key
from jobs_runtime.options import DEFAULTS, Follower, Options, merge

if TYPE_CHECKING:
    from jobs_runtime.job import Job


def with_followers(options: Options, name: str, declared: Mapping[str, Job[Any, Any]]) -> Options:
    """Options in which the followers of the job `name` are complete, and theirs, and so on.

    A chain ends where a job would come again: with `Jobs(dead_letter="dead")` the job `dead` has no
    dead letter.
    """
    return _complete(options, (name,), declared)


def _complete(
    options: Options, chain: tuple[str, ...], declared: Mapping[str, Job[Any, Any]]
) -> Options:
    if options.on_complete is None and options.dead_letter is None:
        return options
    on_complete = options.on_complete
    if not isinstance(on_complete, bool):
        on_complete = _follower(on_complete, chain, declared)
    return replace(
        options,
        on_complete=on_complete,
        dead_letter=_follower(options.dead_letter, chain, declared),
    )


def _follower(
    follower: Follower | None, chain: tuple[str, ...], declared: Mapping[str, Job[Any, Any]]
) -> Follower | None:
    if follower is None or follower.name in chain:
        return None
    job = declared.get(follower.name)
    if job is None:
        return follower
    merged = with_limit_key(merge(*job.layers), job.name, job.limits)
    options = _complete(merged, (*chain, job.name), declared)
    kept = _timeless(options)
    return Follower(job.queue, job.name, options.priority, None if kept == DEFAULTS else kept)


def _timeless(options: Options) -> Options:
    """Without what says when, or that it may be left out: a follower is submitted at once."""
    return replace(
        options,
        priority=0,
        start_after=None,
        singleton_key=None,
        singleton_queue=False,
        singleton_seconds=None,
        singleton_next_slot=False,
    )
