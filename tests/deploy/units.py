"""Reading what systemd reads: units and environment files."""

from __future__ import annotations

from pathlib import Path

SYSTEMD = Path(__file__).parents[2] / "deploy" / "systemd"
UNIT = SYSTEMD / "jobs-supervisor.service"
OLDER = SYSTEMD / "older-systemd.conf"
ENVIRONMENT = SYSTEMD / "jobs-supervisor.env"


def settings(path: Path) -> dict[str, list[str]]:
    """The settings of a unit by their name, whatever their section; one may occur repeatedly."""
    found: dict[str, list[str]] = {}
    for line in path.read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def setting(path: Path, key: str) -> str:
    """The only value of a setting."""
    (value,) = settings(path)[key]
    return value


def environment() -> dict[str, str]:
    """The environment file, with the lines that are commented out."""
    lines = [line.removeprefix("#") for line in ENVIRONMENT.read_text().splitlines()]
    pairs = (line.partition("=") for line in lines if "=" in line and not line.startswith(" "))
    return {key: value for key, _, value in pairs}
