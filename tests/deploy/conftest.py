from __future__ import annotations

from tests.processes.conftest import pool

__all__ = ["pool"]
