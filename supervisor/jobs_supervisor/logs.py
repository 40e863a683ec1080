"""How the process tree logs: standard `logging`, one event a line, to stderr.

On a terminal as text, elsewhere as JSON; in a worker each line says which job and attempt it is
about, whoever logs it, and the span if there is one.
"""

from __future__ import annotations

import io
import json
import logging
import select
import sys
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

import msgspec

from jobs_runtime.tracing import current_ids
from jobs_supervisor.slots import Slot

Format = Literal["auto", "text", "json"]

STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
"""What every record has; the rest was given as `extra`."""


def configure(style: Format = "auto") -> None:
    """Send everything from INFO up to stderr.

    Args:
        style: `auto` is text on a terminal and JSON elsewhere.
    """
    text = style == "text" or (style == "auto" and sys.stderr.isatty())
    handler = PatientHandler(sys.stderr)
    handler.setFormatter(TextFormatter() if text else JsonFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


def speak_for(slot: Slot) -> None:
    """Have the lines of this process, a child, say what is going on in its slot."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, PatientHandler):
            handler.waits = slot.role == "worker"
        if isinstance(handler.formatter, SlotFormatter):
            handler.formatter.slot = slot


class PatientHandler(logging.StreamHandler[TextIO]):
    """Leaves out what nobody reads: the pool must not stand still because a pager does.

    Attributes:
        waits: whether to wait for the reader all the same, as a worker does, for its jobs' lines.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self.waits = False
        self._left_out = 0
        self._poller = select.poll()
        try:
            self._poller.register(stream.fileno(), select.POLLOUT)
        except io.UnsupportedOperation:
            self.waits = True

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line, or count it; what was counted is told as soon as there is a reader."""
        if not self.waits and not self._poller.poll(0):
            self._left_out += 1
            return
        if self._left_out:
            told = {"msg": f"{self._left_out} lines were left out: nobody read the log"}
            level = {"levelno": logging.WARNING, "levelname": "WARNING"}
            self._left_out = 0
            super().emit(logging.makeLogRecord({"name": __name__, **told, **level}))
        super().emit(record)


class SlotFormatter(logging.Formatter):
    """Knows which slot the process lives in.

    Attributes:
        slot: None in the supervisor.
    """

    slot: Slot | None = None


class TextFormatter(SlotFormatter):
    """For people: the time of day, and the job behind the message."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(process)d %(message)s", "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """Add the job, in brackets."""
        text = super().formatMessage(record)
        slot = self.slot
        if slot is None or not slot.job_id:
            return text
        ids = current_ids()
        trace = f", trace {ids.trace_id}" if ids else ""
        return f"{text} [{slot.title}, {slot.job}, attempt {slot.attempt}{trace}]"


class JsonFormatter(SlotFormatter):
    """For machines: one object a line, `extra` included."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, whatever the message holds."""
        moment = datetime.fromtimestamp(record.created, UTC)
        event: dict[str, Any] = {
            "time": moment.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            "logger": record.name,
            "pid": record.process,
        }
        event |= self._whereabouts()
        if ids := current_ids():
            event |= ids._asdict()
        event |= {key: value for key, value in vars(record).items() if key not in STANDARD}
        if record.exc_info:
            event["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            event["stack"] = record.stack_info
        try:
            return msgspec.json.encode(event, enc_hook=str).decode()
        except UnicodeEncodeError:  # half a surrogate, as in names of files that are not UTF-8
            return json.dumps(event, default=str)

    def _whereabouts(self) -> dict[str, Any]:
        slot = self.slot
        if slot is None:
            return {"process": "supervisor"}
        if not slot.job_id:
            return {"process": slot.title}
        return {
            "process": slot.title,
            "job_name": slot.job_name,
            "job_id": slot.known_as,
            "attempt": slot.attempt,
        }
