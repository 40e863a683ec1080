"""Runs `async def` jobs, one at a time, on an event loop that lives as long as the worker."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Coroutine
from typing import Any


class CoroutineRunner:
    """An event loop in the main thread whose current task another thread can cancel."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._task: asyncio.Task[Any] | None = None

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine, which sees this thread's context variables, to its end.

        Returns:
            Its result.

        Raises:
            asyncio.CancelledError: `cancel` was called meanwhile.
        """
        try:
            context = contextvars.copy_context()
            return self._runner.run(self._watched(coroutine), context=context)
        finally:
            self._task = None

    def cancel(self) -> None:
        """Cancel the coroutine that runs now, if any, from another thread."""
        task = self._task
        if task is not None:
            task.get_loop().call_soon_threadsafe(task.cancel)

    async def _watched(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        self._task = asyncio.current_task()
        return await coroutine
