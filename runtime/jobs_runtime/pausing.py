"""Queues and jobs can be paused: nothing of them is claimed, on any host, until they resume."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from jobs_runtime.model import Pause

if TYPE_CHECKING:
    from jobs_runtime.app import Jobs


class Pausable:
    """A queue or a job. What runs already is not interrupted; what waits goes on waiting.

    Attributes:
        jobs: the application it belongs to.
        name: what it is called in the database.
        queue: where its rows wait.
    """

    kind: ClassVar[str]
    jobs: Jobs
    name: str
    queue: str

    def pause(self) -> None:
        """Have nothing more claimed of it, from the next claim on; a second time is the same."""
        self.jobs.run(self.jobs.executor.pause(self._named))

    async def apause(self) -> None:
        """As `pause`, from a coroutine."""
        await self.jobs.arun(self.jobs.executor.pause(self._named))

    def resume(self) -> bool:
        """End the pause; gives whether it was paused."""
        return self.jobs.run(self.jobs.executor.unpause(self._named, self.queue))

    async def aresume(self) -> bool:
        """As `resume`, from a coroutine."""
        return await self.jobs.arun(self.jobs.executor.unpause(self._named, self.queue))

    @property
    def _named(self) -> Pause:
        return Pause(self.kind, self.name)


class Queue(Pausable):
    """A queue, by name; it need not be known to this process."""

    kind = "queue"

    def __init__(self, jobs: Jobs, name: str) -> None:
        self.jobs = jobs
        self.name = self.queue = name

    def __repr__(self) -> str:
        return f"<Queue {self.name}>"
