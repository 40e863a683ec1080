"""What a running supervisor says over HTTP."""

from __future__ import annotations

import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families

from tests.support.pool import Running

Samples = dict[tuple[str, ...], float]
"""Values by name and label values, which are in the order of the labels' names."""


def get(
    running: Running,
    path: str,
    headers: Mapping[str, str] | None = None,
    context: ssl.SSLContext | None = None,
) -> tuple[int, str]:
    """Ask its exporter; gives the status and the body."""
    url = f"{running.record.scheme}://{running.record.metrics}{path}"
    request = urllib.request.Request(url, headers=dict(headers or {}))
    try:
        with urllib.request.urlopen(request, timeout=5, context=context) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def samples(running: Running) -> Samples:
    """Scrape it."""
    return parsed(get(running, "/metrics")[1])


def parsed(text: str) -> Samples:
    """The samples of a scrape."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
