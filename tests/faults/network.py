"""Hosts with addresses of their own: network namespaces on one bridge, which can be cut off.

Needs iproute2 and the right to make namespaces.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@dataclass(frozen=True, slots=True)
class Host:
    """A namespace on the bridge.

    Attributes:
        name: of the namespace, and of its end of the cable at the bridge.
    """

    name: str
    bridge: str

    @property
    def prefix(self) -> list[str]:
        """What a command has to begin with to run on this host."""
        return ["ip", "netns", "exec", self.name]

    def cut_off(self) -> None:
        """Pull the cable at the bridge: packets vanish, and nobody is told."""
        ip("link", "set", self.name, "nomaster")

    def plug_in(self) -> None:
        ip("link", "set", self.name, "master", self.bridge)


@dataclass(frozen=True, slots=True)
class Network:
    """A bridge, and the address under which everybody reaches this process's host."""

    address: str
    hosts: list[Host]


@contextmanager
def network(hosts: int) -> Generator[Network]:
    """Make so many hosts; they are gone afterwards."""
    number = os.getpid() % 250
    bridge, subnet = f"jobs{number}", f"10.213.{number}"
    made = [Host(f"jobs{number}h{index}", bridge) for index in range(1, hosts + 1)]
    ip("link", "add", bridge, "type", "bridge")
    try:
        ip("addr", "add", f"{subnet}.254/24", "dev", bridge)
        ip("link", "set", bridge, "up")
        for index, host in enumerate(made, 1):
            _connect(host, f"{subnet}.{index}/24")
        yield Network(f"{subnet}.254", made)
    finally:
        for host in made:
            subprocess.run(["ip", "netns", "del", host.name], check=False, capture_output=True)
            subprocess.run(["ip", "link", "del", host.name], check=False, capture_output=True)
        ip("link", "del", bridge)


def _connect(host: Host, address: str) -> None:
    ip("netns", "add", host.name)
    ip("link", "add", host.name, "type", "veth", "peer", "name", "eth0", "netns", host.name)
    ip("link", "set", host.name, "up")
    host.plug_in()
    inside = ("-n", host.name)
    ip(*inside, "addr", "add", address, "dev", "eth0")
    ip(*inside, "link", "set", "eth0", "up")
    ip(*inside, "link", "set", "lo", "up")


def why_not() -> str:
    """Why there can be no network here; empty if there can."""
    if shutil.which("ip") is None:
        return "iproute2 is not installed"
    try:
        with network(1):
            return ""
    except (subprocess.CalledProcessError, PermissionError):
        return "network namespaces may not be made here"
