"""Runs `async def` jobs, one at a time, on an event loop that lives as long as the worker."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Coroutine
from typing import Any


class CoroutineRunner:
    """An event loop in the main thread whose current task another thread can cancel.

    Args:
        is_cancelled: whether the attempt that is being made should stop.
    """

    def __init__(self, is_cancelled: Callable[[], bool]) -> None:
        self._is_cancelled = is_cancelled
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
        """Cancel the coroutine that runs now, from another thread, if it still is to stop."""
        task = self._task
        if task is not None:
            task.get_loop().call_soon_threadsafe(self._cancel_here)

    def _cancel_here(self) -> None:
        # In the loop's own thread: by now the next attempt may have begun, which is not meant.
        if self._task is not None and self._is_cancelled():
            self._task.cancel()

    async def _watched(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        self._task = asyncio.current_task()
        return await coroutine
