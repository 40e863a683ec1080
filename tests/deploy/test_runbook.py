"""What the runbook tells to type can be typed."""

from __future__ import annotations

import re
import signal

import click
import pytest

from jobs_runtime.database import Connection
from jobs_runtime.submitted import SubmittedJob
from jobs_supervisor.cli import cli
from jobs_supervisor.signals import HEEDED
from tests.deploy.test_dashboards import RUNBOOK

TEXT = RUNBOOK.read_text()
CODE = re.findall(r"```sh\n(.*?)```|`([^`\n]+)`", TEXT, re.DOTALL)
COMMANDS = [line for block in CODE for part in block for line in part.splitlines()]
STATEMENTS = [
    statement.strip()
    for block in re.findall(r"```sql\n(.*?)```", TEXT, re.DOTALL)
    for statement in re.sub(r"--.*", "", block).split(";")
    if statement.strip()
]


def test_every_command_and_option_exists() -> None:
    options = {option for each in cli.params for option in (*each.opts, *each.secondary_opts)}
    for command in cli.commands.values():
        options |= {option for each in command.params for option in each.opts}
    named: set[str] = set()
    for line in COMMANDS:
        ours = re.search(r"\bjobs-supervisor((?: [\w…./-]+)*)", line)
        if ours and not line.startswith(("journalctl", "kubectl", "systemctl", "/", "deploy")):
            words = ours[1].split()
            named |= {word for word in words if word.startswith("-")}
            if words and not words[0].startswith("-"):
                assert isinstance(cli.commands[words[0]], click.Command)
        elif line.startswith("--"):
            named.add(line.split()[0])
    assert {"--watch", "--app"} <= named
    assert named <= options


def test_every_signal_is_heeded() -> None:
    named = {signal.Signals[f"SIG{name}"] for name in re.findall(r"`kill -(\w+)`", TEXT)}
    assert named == {signal.SIGTTIN, signal.SIGUSR2}
    assert named <= set(HEEDED)


def test_every_method_exists() -> None:
    methods = re.findall(r'jobs\.get\("4711"\)\.(\w+)\(\)', TEXT)
    assert set(methods) == {"retry", "cancel"}
    assert all(hasattr(SubmittedJob, method) for method in methods)


@pytest.mark.parametrize("statement", STATEMENTS)
def test_every_statement_runs(connection: Connection, statement: str) -> None:
    # 4711 stands for what the reader puts in its place; -1 is nobody's.
    connection.execute(statement.replace("4711", "-1").encode())
