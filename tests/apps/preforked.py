"""A web application of a preforking server: it submits before it is forked, and in every worker."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from tests.integration.shop import Shop

shop = Shop(None)
shop.double.submit(0)  # on a pool that the workers do not share, though they have its file


def application(
    environ: dict[str, Any], start_response: Callable[[str, list[tuple[str, str]]], object]
) -> Iterable[bytes]:
    """Submit the number that is asked with; gives the process and the job's id."""
    submitted = shop.double.submit(int(environ["PATH_INFO"][1:]))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{os.getpid()} {submitted.job_id}".encode()]
