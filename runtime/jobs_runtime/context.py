"""What a perform function may know of the attempt it is in."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, MutableMapping
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from jobs_runtime.errors import Cancelled
from jobs_runtime.model import Claim

logger = logging.getLogger("jobs_runtime.job")


class JobLogger(logging.LoggerAdapter[logging.Logger]):
    """Marks every line with the job and the attempt it belongs to."""

    def process(
        self, msg: Any, kwargs: MutableMapping[str, Any]
    ) -> tuple[Any, MutableMapping[str, Any]]:
        """Put job id, name and attempt into the record's `extra`."""
        kwargs["extra"] = {**(self.extra or {}), **kwargs.get("extra", {})}
        return msg, kwargs


class Context:
    """One attempt, as its perform function sees it.

    Attributes:
        job_id: the submitted job's id.
        job_name: the job's name.
        attempt: which attempt this is, from 1.
        retry_limit: attempts allowed after the first.
        deadline: when the attempt is stopped (`expire_in` after its start), on this host's clock.
        entities: what the job declared as `entities`, by name.
        logger: a logger whose records carry job id, name and attempt.
    """

    def __init__(
        self,
        claim: Claim,
        entities: Mapping[str, object],
        is_cancelled: Callable[[], bool],
    ) -> None:
        self.job_id = str(claim.job_id)
        self.job_name = claim.name
        self.attempt = claim.attempt
        self.retry_limit = claim.options.retry_limit
        self.deadline = datetime.now(UTC) + timedelta(seconds=claim.options.expire_in)
        self.entities = SimpleNamespace(**entities)
        self._is_cancelled = is_cancelled

    @property
    def cancelled(self) -> bool:
        """Whether the attempt should stop: the job was cancelled, or its time is up."""
        return self._is_cancelled()

    def raise_if_cancelled(self) -> None:
        """Stop here if the attempt should stop.

        Raises:
            Cancelled: the job was cancelled, or its time is up.
        """
        if self.cancelled:
            raise Cancelled(f"{self.job_name} {self.job_id} was cancelled or is out of time")

    @property
    def logger(self) -> JobLogger:
        """A logger whose records carry `job_id`, `job_name` and `attempt`."""
        return JobLogger(
            logger,
            {"job_id": self.job_id, "job_name": self.job_name, "attempt": self.attempt},
        )
