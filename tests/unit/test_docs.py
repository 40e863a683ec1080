"""What the documents say of the code is so."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from jobs_runtime.options import DEFAULTS, Options
from jobs_supervisor.cli import cli
from tests.support.pool import ROOT

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
TESTS = re.compile(r"\b((?:\w+/)*test_\w+\.py)::(\w+(?:::\w+)?)")
LINKS = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
OF_SEND = [
    "priority",
    "retryLimit",
    "retryDelay",
    "retryBackoff",
    "expireInSeconds",
    "expireInMinutes",
    "expireInHours",
    "retentionSeconds",
    "retentionMinutes",
    "retentionHours",
    "retentionDays",
    "startAfter",
    "singletonKey",
    "useSingletonQueue",
    "singletonSeconds",
    "singletonMinutes",
    "singletonHours",
    "singletonNextSlot",
    "onComplete",
    "db",
]
"""What `send` of pg-boss 8.4.2 takes."""
OF_WASP = [
    "executor",
    "perform",
    "fn",
    "executorOptions",
    "schedule",
    "cron",
    "args",
    "tz",
    "entities",
    "context",
    "submit",
    "delay",
    "jobId",
    "jobName",
    "executorName",
    "details",
    "cancel",
    "resume",
    "PG_BOSS_NEW_OPTIONS",
]
"""What a job has in Wasp."""
ROWS = re.compile(r"^\| (.+) \|$", re.MULTILINE)


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def cells(document: str) -> Iterator[list[str]]:
    """The rows of every table of a document."""
    for row in ROWS.findall((ROOT / "docs" / document).read_text()):
        yield [cell.strip() for cell in row.split(" | ")]


def named_tests(path: Path) -> set[str]:
    """The tests of a file: `test_…` and `Class::test_…`."""
    found: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            inner = [each for each in node.body if isinstance(each, ast.FunctionDef)]
            found |= {node.name, *(f"{node.name}::{each.name}" for each in inner)}
    return found


def anchors(path: Path) -> set[str]:
    """The anchors of a document's headings."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=relative)
def test_every_link_leads_somewhere(document: Path) -> None:
    for link in LINKS.findall(document.read_text()):
        if "://" in link:
            continue
        target, _, anchor = link.partition("#")
        path = document.parent / target if target else document
        assert path.exists(), link
        assert not anchor or anchor in anchors(path), link


@pytest.mark.parametrize("document", DOCUMENTS, ids=relative)
def test_every_test_that_is_named_exists(document: Path) -> None:
    for file, name in TESTS.findall(document.read_text()):
        path = ROOT / "tests" / file
        assert path.exists(), file
        assert name in named_tests(path), f"{file}::{name}"


def test_every_option_is_documented_with_its_default() -> None:
    rows = {row[0].strip("`"): row[2].strip("`") for row in cells("options.md") if "`" in row[0]}
    assert rows == {key: repr(getattr(DEFAULTS, key)) for key in Options.__struct_fields__}


def test_every_flag_is_documented_with_its_environment_variable() -> None:
    rows = {row[0]: row[1] for row in cells("supervisor.md") if row[0].startswith("`--")}
    expected: dict[str, str] = {}
    for option in cli.params:
        if not isinstance(option, click.Option) or option.name in (None, "version", "help"):
            continue
        names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
        given = option.envvar or f"JOBS_{option.name}".upper()
        variables = [given] if isinstance(given, str) else given
        expected[names] = ", ".join(f"`{variable}`" for variable in variables)
    assert rows == expected


def test_every_row_of_the_comparison_names_a_test() -> None:
    rows = [row for row in cells("wasp-and-pgboss.md") if not set(row[0]) <= set("-|")]
    headers = [row for row in rows if row[-1] == "shown by"]
    assert headers
    for row in rows:
        assert row in headers or TESTS.search(row[-1]) or row[-1] == "—", row
        assert len(row) == 3, row


@pytest.mark.parametrize("names", [OF_SEND, OF_WASP], ids=["send", "Wasp"])
def test_the_comparison_has_every_name_of_theirs(names: list[str]) -> None:
    theirs = {name for row in cells("wasp-and-pgboss.md") for name in re.findall(r"\w+", row[0])}
    assert set(names) - theirs == set()
