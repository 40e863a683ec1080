from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from jobs_supervisor import logs
from jobs_supervisor.shared import SharedMemory
from jobs_supervisor.slotmap import SlotMap
from jobs_supervisor.slots import Slot

logger = logging.getLogger("shop.invoices")


@pytest.fixture
def slot() -> Iterator[Slot]:
    memory = SharedMemory.create(SlotMap.size_of(1))
    yield SlotMap(memory, 1, ()).slots[0]
    os.close(memory.descriptor)


@pytest.fixture(autouse=True)
def root() -> Iterator[None]:
    """The root logger, without pytest's handlers and as it was afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers = []
    yield
    root.handlers, root.level = handlers, level


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Called by a test, it makes a terminal of stderr."""
    return lambda: monkeypatch.setattr(sys.stderr, "isatty", lambda: True)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in capsys.readouterr().err.splitlines()]


def test_elsewhere_than_on_a_terminal_lines_are_json(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    logger.warning('a "quoted"\nsecond line of %s', "text", extra={"invoice": 7, "at": object})
    (line,) = lines(capsys)
    assert line["message"] == 'a "quoted"\nsecond line of text'
    assert (line["level"], line["logger"], line["pid"]) == ("warning", "shop.invoices", os.getpid())
    assert (line["invoice"], line["at"]) == (7, "<class 'object'>")
    assert line["time"].endswith("+00:00")
    assert "job_id" not in line


def test_what_is_no_text_is_a_line_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    logger.info("read %s", os.fsdecode(b"caf\xe9"))
    (line,) = map(json.loads, capsys.readouterr().err.splitlines())
    assert line["message"] == "read caf\udce9"


def test_on_a_terminal_lines_are_text(
    capsys: pytest.CaptureFixture[str], terminal: Callable[[], None]
) -> None:
    terminal()
    logs.configure()
    logger.info("hello")
    assert capsys.readouterr().err.endswith(f"INFO    {os.getpid()} hello\n")


@pytest.mark.parametrize("style", ["text", "json"])
def test_a_format_can_be_asked_for(
    capsys: pytest.CaptureFixture[str], terminal: Callable[[], None], style: logs.Format
) -> None:
    if style == "json":
        terminal()
    logs.configure(style)
    logger.info("hello")
    assert capsys.readouterr().err.startswith("{") == (style == "json")


def test_a_workers_lines_name_the_job(capsys: pytest.CaptureFixture[str], slot: Slot) -> None:
    logs.configure("json")
    logs.speak_for(slot)
    logger.info("waiting")
    slot.begin(4711, "render", 2, 0.0, 60.0)
    logger.info("rendering")
    waiting, rendering = lines(capsys)
    assert waiting["process"] == "worker 1"
    assert "job_id" not in waiting
    assert (rendering["process"], rendering["job_name"]) == ("worker 1", "render")
    assert (rendering["job_id"], rendering["attempt"]) == ("4711", 2)


def test_text_names_the_job_too(capsys: pytest.CaptureFixture[str], slot: Slot) -> None:
    logs.configure("text")
    logs.speak_for(slot)
    slot.begin(4711, "render", 2, 0.0, 60.0)
    logger.info("rendering")
    assert capsys.readouterr().err.endswith("rendering [worker 1, render #4711, attempt 2]\n")


def test_a_traceback_stays_on_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json")
    try:
        raise ValueError("no")
    except ValueError:
        logger.exception("failed")
    (line,) = lines(capsys)
    assert line["message"] == "failed"
    assert line["exception"].endswith("ValueError: no")
