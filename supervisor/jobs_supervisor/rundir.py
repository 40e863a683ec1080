"""Where a supervisor leaves word of itself, so that `status` finds it without a database."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec

from jobs_supervisor.shared import MEMORY


class RunRecord(msgspec.Struct, frozen=True):
    """A running supervisor.

    Attributes:
        descriptor: of its shared memory, in its own process.
        capacity: slots for workers; not all are in use.
        others: the roles of its children that are not workers.
        metrics: the address of its exporter; empty for none.
        scheme: `http` or `https`.
        started_at: seconds since the epoch.
    """

    pid: int
    app: str
    database: str
    capacity: int
    others: tuple[str, ...]
    descriptor: int
    metrics: str
    started_at: float
    scheme: str = "http"

    @property
    def memory_path(self) -> str:
        """Where its shared memory can be opened."""
        return f"/proc/{self.pid}/fd/{self.descriptor}"


def run_directory() -> Path:
    """The directory of this user's records, made if needed."""
    base = os.environ.get("JOBS_RUN_DIR") or os.environ.get("XDG_RUNTIME_DIR")
    root = Path(base) if base else Path(tempfile.gettempdir()) / f"jobs-{os.getuid()}"
    directory = root / "jobs-supervisor"
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    return directory


def write_record(record: RunRecord) -> Path:
    """Leave word; gives the file, which the supervisor removes when it ends.

    Whoever reads meanwhile finds all of it, or what was there before a reload.

    Raises:
        OSError: it cannot be written; what was there is left.
    """
    path = run_directory() / f"{record.pid}.json"
    draft = path.with_suffix(".draft")
    try:
        draft.write_bytes(msgspec.json.encode(record))
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    return path


def living() -> Iterator[RunRecord]:
    """This user's running supervisors, the oldest first; records of dead ones are removed."""
    records: list[RunRecord] = []
    for path in run_directory().glob("*.json"):
        try:
            record = msgspec.json.decode(path.read_bytes(), type=RunRecord)
        except (OSError, msgspec.MsgspecError):
            continue
        lives = _lives(record)
        if lives:
            records.append(record)
        elif lives is not None:
            path.unlink(missing_ok=True)
    yield from sorted(records, key=lambda record: record.started_at)


def _lives(record: RunRecord) -> bool | None:
    """Whether its shared memory is there: another process may have its pid. None if hidden."""
    try:
        return MEMORY in str(Path(record.memory_path).readlink())
    except (FileNotFoundError, ProcessLookupError):
        return False
    except OSError:
        return None
