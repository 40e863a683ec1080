"""How the process tree logs: standard `logging`, one line an event, to stderr."""

from __future__ import annotations

import logging
import sys


def configure() -> None:
    """Send everything from INFO up to stderr."""
    logging.basicConfig(
        level=logging.INFO,
        stream=sys.stderr,
        format="%(asctime)s %(levelname)-7s %(process)d %(message)s",
        datefmt="%H:%M:%S",
        force=True,
    )
