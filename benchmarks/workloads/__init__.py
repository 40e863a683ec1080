"""One file a workload; each gives named figures, their units in the names, for one run."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from benchmarks.session import Session

Figures = dict[str, float]
Open = Callable[[], AbstractContextManager[Session]]
"""Gives the contestant with an empty store, as often as it is called."""
