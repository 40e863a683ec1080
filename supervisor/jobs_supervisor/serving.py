"""Which of the declared jobs a pool performs: pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from jobs_runtime.errors import ConfigurationError
from jobs_runtime.job import Job
from jobs_runtime.suggestions import nearest


class Serving(NamedTuple):
    """The choice of queues, as it was given: names with commas between them.

    Attributes:
        only: none but these; None for every queue.
        excluded: none of these; None for no exception.
    """

    only: str | None = None
    excluded: str | None = None

    def of(self, declared: Mapping[str, Job[Any, Any]]) -> dict[str, Job[Any, Any]]:
        """The jobs to perform of those declared.

        Raises:
            ConfigurationError: no declared job waits in a queue that is named, none is left, or
                both ways to choose were used.
        """
        if self.only is not None and self.excluded is not None:
            raise ConfigurationError("give --only-queues or --exclude-queues, not both")
        known = {job.queue for job in declared.values()}
        chosen = _named("--only-queues", self.only, known) or known
        queues = chosen - _named("--exclude-queues", self.excluded, known)
        if not queues:
            raise ConfigurationError("--exclude-queues leaves no queue to work for")
        return {name: job for name, job in declared.items() if job.queue in queues}


EVERY_QUEUE = Serving()


def _named(option: str, text: str | None, known: set[str]) -> set[str]:
    if text is None:
        return set()
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if not name:
            raise ConfigurationError(f"{option} takes queues with commas between, not {text!r}")
        if name not in known:
            raise ConfigurationError(
                f"{option}: no declared job waits in {name!r}{nearest(name, known)}"
            )
    return set(names)
