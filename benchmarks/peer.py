"""What is known of a contestant before it runs: its folder's `peer.toml`."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

import msgspec

HERE = Path(__file__).parent
OURS = "ours"


class Pool(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How workers are started.

    Attributes:
        command: the program, looked for in the contestant's own environment, and its arguments.
        copies: how many of it run side by side.
        env: variables that this pool needs beside those of every pool.
    """

    command: tuple[str, ...]
    copies: int = 1
    env: dict[str, str] = {}


class Peer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A queue that is measured.

    Attributes:
        title: what people call it.
        runtime: what its code is written in; how it is installed follows from that.
        store: where its jobs are.
        settings: its documented settings for speed, as used here, in words.
        docs: where they are documented.
        pools: by what they are good at: `throughput`; `latency`, by default the same; `cpu`, two
            processes that perform one job each at a time; `crash`, by default the same, with
            whatever brings back the job of a dead worker; `memory`, eight processes; `mixed`,
            64 jobs at a time; `queues`, which performs what `scatter` scatters.
        python: the oldest Python that it runs on.
        unfinished: SQL that says whether any job is still waiting or running.
        idle: SQL after which a submit announces its job as if a worker waited for it.
        table: the table in which jobs wait, whose size and dead rows are reported.
        history: SQL that makes `{count}` finished jobs.
        held: SQL that says for how many ms, at most, some job has been held unstarted behind
            another that its worker performs.
        scatter: SQL that moves the waiting jobs to 200 queues.
        lacks: workloads that it cannot run, and why.
    """

    name: str
    folder: Path
    title: str
    runtime: Literal["ours", "python", "node"]
    store: Literal["postgres", "redis"]
    settings: str
    docs: str
    pools: dict[str, Pool]
    python: str = "3.11"
    unfinished: str | None = None
    idle: str | None = None
    table: str | None = None
    history: str | None = None
    held: str | None = None
    scatter: str | None = None
    lacks: dict[str, str] = {}

    def pool(self, name: str) -> Pool:
        """The pool for a purpose.

        Raises:
            KeyError: this contestant has none.
        """
        instead = {"latency": "throughput", "crash": "cpu"}
        return self.pools[name if name in self.pools else instead.get(name, name)]

    @property
    def module(self) -> str:
        """The Python module that declares and submits its jobs."""
        return ".".join((*self.folder.relative_to(HERE.parent).parts, "app"))


def read(folder: Path) -> Peer:
    """Read the description in a contestant's folder.

    Raises:
        msgspec.ValidationError: it says something that is not known here.
    """
    described = tomllib.loads((folder / "peer.toml").read_text())
    given = {"name": folder.name, "folder": str(folder), **described}
    return msgspec.convert(given, Peer, dec_hook=lambda kind, value: kind(value))


def all_peers() -> dict[str, Peer]:
    """Every contestant, ours first."""
    folders = [HERE / OURS, *sorted(path.parent for path in (HERE / "peers").glob("*/peer.toml"))]
    return {folder.name: read(folder) for folder in folders}
