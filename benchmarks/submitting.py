"""A contestant's producer: a process in its environment that submits what it is told to."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from select import select
from types import TracebackType
from typing import Self, cast

ARGS: dict[str, object] = {"invoice": 4711, "text": "x" * 72}
"""What a no-op is given: about 100 bytes of JSON."""


PATIENCE = 300.0
"""Seconds that a producer has for one order."""


class ProducerFailed(Exception):
    """The producer's process ended, or did not answer; the message is what it last said."""


@dataclass(frozen=True, slots=True)
class Span:
    """From when till when something was done, in seconds of the monotonic clock."""

    began: float
    ended: float

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.ended - self.began


class Producer:
    """Submits jobs one by one or many at once; ends with the block."""

    def __init__(self, command: list[str], env: Mapping[str, str], log: Path) -> None:
        self._log = log
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                command,
                env=env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                bufsize=1,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def setup(self) -> None:
        """Make the contestant's schema."""
        self._call({"do": "setup"})

    def submit(self, job: str, args: object = ARGS, *, count: int = 1, priority: int = 0) -> Span:
        """Submit `count` jobs one by one; a higher priority goes first."""
        asked = {"job": job, "args": args, "count": count, "priority": priority}
        return self._span({"do": "submit", **asked})

    def submit_many(self, job: str, args: object = ARGS, *, count: int) -> Span:
        """Submit `count` jobs at once; a list of args is gone through again and again."""
        many = cast("list[object]", args) if isinstance(args, list) else [args]
        return self._span({"do": "submit_many", "job": job, "args": many, "count": count})

    def _span(self, command: dict[str, object]) -> Span:
        answer = self._call(command)
        return Span(answer["began"] / 1e9, answer["ended"] / 1e9)

    def _call(self, command: dict[str, object]) -> dict[str, int]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(command) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise ProducerFailed(tail(self._log)) from None
        if not select([self._process.stdout], [], [], PATIENCE)[0]:
            self._process.kill()
            raise ProducerFailed(f"no answer within {PATIENCE:g} s: {tail(self._log)}")
        line = self._process.stdout.readline()
        if not line:
            raise ProducerFailed(tail(self._log))
        return json.loads(line)


def tail(log: Path, lines: int = 5) -> str:
    """The last lines of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) or "it said nothing"
