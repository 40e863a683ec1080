"""The files that the demo measures."""

from __future__ import annotations

import sysconfig
from pathlib import Path

NOT_ITS_OWN = {"site-packages", "dist-packages"}


def standard_library() -> list[Path]:
    """Every source file of the running interpreter's standard library, in order."""
    root = Path(sysconfig.get_path("stdlib"))
    return sorted(
        path for path in root.rglob("*.py") if not NOT_ITS_OWN & set(path.relative_to(root).parts)
    )
