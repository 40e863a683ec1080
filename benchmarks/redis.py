"""A throw-away Redis that persists once a second: an installed one, else Debian's packages.

The packages are unpacked beside the benchmarks, so that nothing is installed on the machine.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.environments import CannotInstall
from benchmarks.server import free_port

UNPACKED = Path(__file__).with_name(".redis")
PACKAGES = ("redis-server", "redis-tools", "libatomic1", "libjemalloc2", "liblzf1")
STARTUP = 10.0
"""Seconds that the server has to answer."""


@dataclass(frozen=True, slots=True)
class Redis:
    """A running server."""

    port: int
    process: psutil.Process

    @property
    def url(self) -> str:
        """Its first database."""
        return f"redis://127.0.0.1:{self.port}/0"

    def empty(self) -> None:
        """Forget everything."""
        assert call(self.port, "FLUSHALL").startswith("+OK")


@contextmanager
def redis() -> Generator[Redis]:
    """Start a server and remove it afterwards.

    Raises:
        CannotInstall: there is none to be had.
    """
    program, libraries = _program()
    directory, port = tempfile.mkdtemp(prefix="jobs-bench-redis-"), free_port()
    options = ["--bind", "127.0.0.1", "--appendonly", "yes", "--appendfsync", "everysec"]
    process = subprocess.Popen(
        [program, "--port", str(port), "--dir", directory, "--save", "", *options],
        env={**os.environ, "LD_LIBRARY_PATH": libraries},
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait(port)
        yield Redis(port, psutil.Process(process.pid))
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(directory, ignore_errors=True)


def call(port: int, command: str) -> str:
    """Send one command and give the first line of the answer."""
    with closing(socket.create_connection(("127.0.0.1", port), 60)) as connection:
        connection.sendall(f"{command}\r\n".encode())
        return connection.makefile().readline()


def _wait(port: int) -> None:
    ends = time.monotonic() + STARTUP
    while True:
        try:
            if call(port, "PING").startswith("+PONG"):
                return
        except OSError:
            if time.monotonic() > ends:
                raise
        time.sleep(0.02)


def _program() -> tuple[str, str]:
    found = shutil.which("redis-server")
    if found:
        return found, os.environ.get("LD_LIBRARY_PATH", "")
    program = UNPACKED / "usr" / "bin" / "redis-server"
    if not program.exists():
        _unpack()
    libraries = sorted({str(path.parent) for path in UNPACKED.rglob("*.so*")})
    return str(program), os.pathsep.join(libraries)


def _unpack() -> None:
    with tempfile.TemporaryDirectory() as directory:
        try:
            _run(["apt-get", "download", *PACKAGES], directory)
            for package in sorted(Path(directory).glob("*.deb")):
                _run(["dpkg-deb", "--extract", str(package), str(UNPACKED)], directory)
        except (OSError, subprocess.CalledProcessError) as error:
            raise CannotInstall("redis-server is neither installed nor to be downloaded") from error


def _run(command: list[str], directory: str) -> None:
    subprocess.run(command, cwd=directory, check=True, capture_output=True)
