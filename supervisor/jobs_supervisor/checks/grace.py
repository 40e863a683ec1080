"""Whether whoever stops the supervisor waits as long as its drain takes; durations are seconds."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from jobs_supervisor.finding import Finding, Level
from jobs_supervisor.supervisor import LAST_STAGE

CGROUP = Path("/proc/self/cgroup")

SHOW = ("systemctl", "show", "--property=TimeoutStopUSec,Type,LoadState")

UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
"""Seconds of each unit of a time span, as systemd writes it."""


class Grace(NamedTuple):
    """How long a stop may take before everything is killed.

    Attributes:
        seconds: infinite for ever.
        source: who waits so long, as a person would say it.
        extended: whether the supervisor can ask for more time.
    """

    seconds: float
    source: str
    extended: bool = False


def given(seconds: float) -> Grace:
    """That of Kubernetes, or of `docker stop`, as the operator says it."""
    return Grace(seconds, "--grace (terminationGracePeriodSeconds)")


def of_systemd() -> Grace | None:
    """That of the unit this process runs in; None outside of one, or without systemctl."""
    if "INVOCATION_ID" not in os.environ or not CGROUP.exists():
        return None
    unit, users = unit_of(CGROUP.read_text())
    if not unit:
        return None
    command = [*SHOW, *["--user"] * users, unit]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return read_properties(unit, done.stdout) if done.returncode == 0 else None


def unit_of(cgroup: str) -> tuple[str, bool]:
    """The service in whose control group a process is, by what /proc says; empty for none.

    And whether it is a user's own, which that user's manager knows, in whose group it is.
    """
    *around, unit = re.findall(r"([^/\n]+\.service)(?=/|$)", cgroup, re.MULTILINE) or [""]
    return unit, any(each.startswith("user@") for each in around if each != unit)


def read_properties(unit: str, text: str) -> Grace | None:
    """What `systemctl show` says of a unit."""
    properties = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    span = properties.get("TimeoutStopUSec", "")
    if not span or properties.get("LoadState") == "not-found":
        return None
    extended = properties.get("Type", "").startswith("notify")
    return Grace(_seconds(span), f"TimeoutStopSec of {unit}", extended)


def _seconds(span: str) -> float:
    if span == "infinity":
        return float("inf")
    return sum(float(n) * UNITS[unit] for n, unit in re.findall(r"([\d.]+)(us|ms|s|min|h|d)", span))


def judge(drain: float, graces: Iterable[Grace]) -> Iterator[Finding]:
    """Warn of whoever kills before running jobs have been given back."""
    needed = drain + LAST_STAGE
    for seconds, source, extended in graces:
        if seconds >= needed:
            yield Finding(Level.OK, f"{source} is {seconds:g} s; a stop takes {needed:g} s at most")
        elif extended:
            yield Finding(
                Level.OK,
                f"{source} is {seconds:g} s; a stop takes up to {needed:g} s, for which the"
                " supervisor asks by itself",
            )
        else:
            yield Finding(
                Level.WARNING,
                f"{source} is {seconds:g} s, but a stop takes up to {needed:g} s (--drain"
                f" {drain:g} and {LAST_STAGE:g}): what runs then is killed, and its attempts count",
                f"give it {drain + 10:g} s, or --drain {max(0.0, seconds - LAST_STAGE):g}",
            )


def judge_jobs(drain: float, limits: Iterable[tuple[str, float]]) -> Finding:
    """Say which jobs may run for longer than a drain.

    Args:
        drain: of the supervisor.
        limits: jobs by name, and how long an attempt may take.
    """
    longer = sorted(((limit, name) for name, limit in limits if limit > drain), reverse=True)
    if not longer:
        return Finding(Level.OK, f"every job's expire_in is within --drain {drain:g} s")
    limit, name = longer[0]
    more = len(longer) - 1
    others = f" and {more} more job{'s' * (more > 1)}" if more else ""
    return Finding(
        Level.OK,
        f"{name} (expire_in {limit:g} s){others} may run for longer than --drain {drain:g} s:"
        " a deploy then gives them back, and they begin anew",
    )
