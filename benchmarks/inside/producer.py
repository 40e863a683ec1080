"""Submits for the harness, from inside a contestant's environment: `python -m ... MODULE`.

Reads one command a line from stdin and answers with one line, both JSON. MODULE has `setup()`,
`submit(job, args, priority)` and `submit_many(job, many)`, functions or coroutine functions.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import inspect
import json
import sys
import time
from collections.abc import Callable
from itertools import cycle, islice
from typing import Any

Answer = dict[str, Any]


class Producer:
    """Carries out commands with what the contestant's module offers."""

    def __init__(self, module: Any) -> None:
        self._module = module
        self.commands: dict[str, Callable[[Answer], Any]] = {
            "setup": self.setup,
            "submit": self.submit,
            "submit_many": self.submit_many,
        }

    async def setup(self, command: Answer) -> Answer:
        """Make the schema and whatever else is needed once."""
        await _done(self._module.setup())
        return {}

    async def submit(self, command: Answer) -> Answer:
        """Submit `count` jobs one by one, each durable before the next."""
        submit, count = self._module.submit, command["count"]
        job, args, priority = command["job"], command["args"], command["priority"]
        began = time.monotonic_ns()
        if inspect.iscoroutinefunction(submit):
            for _ in range(count):
                await submit(job, args, priority)
        else:
            for _ in range(count):
                submit(job, args, priority)
        return {"began": began, "ended": time.monotonic_ns()}

    async def submit_many(self, command: Answer) -> Answer:
        """Submit `count` jobs at once, in the way documented for many."""
        args: list[object] = command["args"]
        many = list(islice(cycle(args), command["count"]))
        began = time.monotonic_ns()
        await _done(self._module.submit_many(command["job"], many))
        return {"began": began, "ended": time.monotonic_ns()}


async def _done(result: object) -> None:
    if inspect.isawaitable(result):
        await result


def main() -> None:
    # What a peer prints must not be taken for an answer.
    answers, sys.stdout = sys.stdout, sys.stderr
    producer = Producer(importlib.import_module(sys.argv[1]))
    with asyncio.Runner() as runner:
        for line in sys.stdin:
            command: Answer = json.loads(line)
            answer = runner.run(producer.commands[str(command.pop("do"))](command))
            with contextlib.suppress(BrokenPipeError):
                answers.write(json.dumps(answer) + "\n")
                answers.flush()


if __name__ == "__main__":
    main()
