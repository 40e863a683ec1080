"""What a perform function may know and do of the attempt it is in."""

from __future__ import annotations

import logging
import math
from collections.abc import Coroutine, Generator, MutableMapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, Protocol

from jobs_runtime.database import Connection
from jobs_runtime.errors import Cancelled
from jobs_runtime.model import Claim, Outcome, Progress
from jobs_runtime.payload import storable
from jobs_runtime.sessions import close_session, join_transaction, open_session

if TYPE_CHECKING:
    from sqlalchemy.orm import Session
    from typing_extensions import TypeVar

    from jobs_runtime.joining import JoinedSession

    Entities = TypeVar("Entities", default=Any)
else:
    from typing import TypeVar

    Entities = TypeVar("Entities")

logger = logging.getLogger("jobs_runtime.job")


class Workplace(Protocol):
    """What whoever performs an attempt offers to it."""

    @property
    def dsn(self) -> str:
        """Where the job is kept."""
        ...

    def is_cancelled(self) -> bool:
        """Whether the attempt should stop."""
        ...

    def run_coroutine(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine to its end and return its result."""
        ...

    def report(self, job_id: int, progress: Progress) -> None:
        """Keep how far the attempt has come; at most once a second reaches the database."""
        ...

    def connection(self) -> Connection:
        """An autocommit connection for the job's own statements, reused by later attempts."""
        ...

    def begin(self) -> Connection:
        """Begin a transaction on that connection."""
        ...

    def complete(self, outcome: Outcome) -> Outcome:
        """Store a completion in the transaction begun, and commit both or none."""
        ...

    def roll_back(self) -> None:
        """Undo the transaction begun."""
        ...


class JobLogger(logging.LoggerAdapter[logging.Logger]):
    """Marks every line with the job and the attempt it belongs to."""

    def process(
        self, msg: Any, kwargs: MutableMapping[str, Any]
    ) -> tuple[Any, MutableMapping[str, Any]]:
        """Put job id, name and attempt into the record's `extra`."""
        kwargs["extra"] = {**(self.extra or {}), **kwargs.get("extra", {})}
        return msg, kwargs


class Context(Generic[Entities]):
    """One attempt, as its perform function sees it.

    Attributes:
        job_id: the submitted job's id.
        job_name: the job's name.
        attempt: which attempt this is, from 1.
        retry_limit: attempts allowed after the first.
        deadline: when the attempt is stopped (`expire_in` after its start), on this host's clock.
        entities: what the job declared as `entities`.
        tick: the time that a schedule submitted the job for, in UTC; None if none did, and on the
            tables of a pg-boss, which do not keep it.
    """

    def __init__(self, claim: Claim, entities: Entities, workplace: Workplace) -> None:
        self.job_id = claim.known_as
        self.job_name = claim.name
        self.attempt = claim.attempt
        self.retry_limit = claim.options.retry_limit
        self.deadline = datetime.now(UTC) + timedelta(seconds=claim.options.expire_in)
        self.entities = entities
        self.tick = claim.tick
        self._claim = claim
        self._workplace = workplace
        self._transaction: Connection | None = None
        self._session: Session | None = None
        self._joined: JoinedSession | None = None

    @property
    def cancelled(self) -> bool:
        """Whether the attempt should stop: the job was cancelled, or its time is up."""
        return self._workplace.is_cancelled()

    def raise_if_cancelled(self) -> None:
        """Stop here if the attempt should stop.

        Raises:
            Cancelled: the job was cancelled, or its time is up.
        """
        if self.cancelled:
            raise Cancelled(f"{self.job_name} {self.job_id} was cancelled or is out of time")

    def progress(self, done: float, total: float | None = None, message: str = "") -> None:
        """Say how far the attempt has come, in units of its own; as often as you like.

        `SubmittedJob.details().progress` and `jobs-supervisor status` show it, a second late.

        Raises:
            ValueError: a number that is not finite.
        """
        if not math.isfinite(done) or (total is not None and not math.isfinite(total)):
            raise ValueError(f"progress takes finite numbers, not {done!r} of {total!r}")
        text = storable(str(message))
        total = None if total is None else float(total)
        self._workplace.report(self._claim.job_id, Progress(float(done), total, text))

    @property
    def logger(self) -> JobLogger:
        """A logger whose records carry `job_id`, `job_name` and `attempt`."""
        return JobLogger(
            logger,
            {"job_id": self.job_id, "job_name": self.job_name, "attempt": self.attempt},
        )

    @property
    def connection(self) -> Connection:
        """A psycopg connection to the database of the job, kept by the worker; autocommit."""
        return self._transaction or self._workplace.connection()

    @contextmanager
    def transaction(self) -> Generator[Connection]:
        """Write together with the job's completion, or not at all.

        The transaction stays open until the perform function returns, and then takes the
        completion along: after a crash, a failure or a cancel nothing of it remains. Keep what
        follows the block short.

            with context.transaction() as connection:
                connection.execute("UPDATE invoice SET paid = true WHERE id = %s", [args.id])

        A block within it, or after it, is a savepoint: what it raises undoes that block alone.

        Raises:
            psycopg.OperationalError: the database cannot be reached.
        """
        if self._transaction is not None:
            with self._savepoint(self._transaction):
                yield self._transaction
            return
        self._transaction = self._workplace.begin()
        try:
            yield self._transaction
            if self._joined is not None:
                self._joined.commit()
        except BaseException:
            self.roll_back()
            raise

    @contextmanager
    def _savepoint(self, transaction: Connection) -> Generator[None]:
        """A savepoint that holds all, and only, what a session does meanwhile."""
        if self._joined is not None:
            self._joined.commit()
        with transaction.transaction():
            try:
                yield
            except BaseException:
                if self._joined is not None:
                    self._joined.rollback()
                raise
            if self._joined is not None:
                self._joined.commit()

    @property
    def session(self) -> Session:
        """A SQLAlchemy session on the database of the job (extra `[sqlalchemy]`).

        Commit what you write, unless the attempt is in a `transaction()`: the session is part of
        that, and all that it holds commits together with the completion.

        Raises:
            ConfigurationError: SQLAlchemy is not installed.
        """
        if self._transaction is not None:
            if self._joined is None:
                self._joined = join_transaction(self._transaction)
            return self._joined
        if self._session is None:
            self._session = open_session(self._workplace.dsn)
        return self._session

    def complete(self, outcome: Outcome) -> Outcome:
        """Commit an open transaction together with the completion; for whoever performs."""
        if self._transaction is None:
            return outcome
        if self._joined is not None:
            self._joined.commit()
        self._leave()
        stored = self._workplace.complete(outcome)
        self._transaction = None
        return stored

    def roll_back(self) -> None:
        """Undo an open transaction."""
        self._leave()
        if self._transaction is not None:
            self._transaction = None
            self._workplace.roll_back()

    def close(self) -> None:
        """End what the attempt left open; for whoever performs."""
        self.roll_back()
        if self._session is not None:
            close_session(self._session)

    def _leave(self) -> None:
        if self._joined is not None:
            self._joined.leave()
            self._joined = None
