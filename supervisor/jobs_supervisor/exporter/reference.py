"""The reference page of metrics, made of their definitions: `make docs`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jobs_supervisor import metrics
from jobs_supervisor.ending import Ending
from jobs_supervisor.exporter.cluster import MOST_SERIES, READ_EVERY, STATES, UNWATCHED_AFTER
from jobs_supervisor.metrics import Metric
from jobs_supervisor.slot_state import SlotState

INTRODUCTION = """\
# Metrics

<!-- Made by `make docs` of supervisor/jobs_supervisor/metrics.py; not to be edited. -->

Served in Prometheus' text format at `/metrics` of every supervisor (`--metrics-address`). Seconds
and bytes throughout; counters end in `_total` and start again at 0 when a supervisor does, not when
a worker does. What is set by Prometheus on every scrape, `job` and `instance`, is not used here; no
label holds a job's id, its arguments or a connection string.
"""

LABELS = {
    "job_name": "a declared job; of the cluster also jobs that only others declare, or none",
    "outcome": "how an attempt ended: " + ", ".join(metrics.OUTCOMES),
    "reason": (
        f"of `{metrics.RESCUED.name}`: {', '.join(metrics.RESCUES)}; "
        f"of `{metrics.ENDINGS.name}`: {', '.join(Ending)}"
    ),
    "state": (
        f"of `{metrics.WORKERS.name}`: {', '.join(state.name.lower() for state in SlotState)}; "
        f"of `{metrics.DEPTH.name}`: {', '.join(STATES)}"
    ),
    "slot": "`worker-1`, `worker-2` …, `scheduler`, `exporter`: a place, whatever process is in it",
    "role": "worker, scheduler, exporter",
    "queue": f"a queue; of more than {MOST_SERIES} pairs of queue and job the rest is `other`",
    "table": "a table of the schema `jobs`",
    "version": "of jobs-runtime",
    "python": "the version of Python",
}
"""What the labels mean."""

SECTIONS = (
    ("Counted by the processes", "Kept in shared memory, summed over the slots.", metrics.STORED),
    ("Read off the slots", "As they are at the moment of the scrape.", metrics.DERIVED),
    (
        "Of the whole cluster",
        f"Read from the database every {READ_EVERY:.0f} s at most, on a connection of their own\n"
        "with a statement timeout, by the exporter beside the leading scheduler alone: other\n"
        f"hosts have no samples. Not read while nobody has scraped for {UNWATCHED_AFTER:.0f} s.",
        metrics.CLUSTER,
    ),
)


def page() -> str:
    """The whole page."""
    parts = [INTRODUCTION]
    for title, text, section in SECTIONS:
        parts.append(f"## {title}\n\n{text}\n\n" + "\n".join(_table(section)) + "\n")
    labels = "\n".join(f"- `{name}`: {text}" for name, text in LABELS.items())
    parts.append(f"## Labels\n\n{labels}\n")
    parts.append(
        "## Buckets\n\n"
        f"Durations, in seconds: {_numbers(metrics.DURATIONS)}.\n"
        f"Batch sizes, in jobs: {_numbers(metrics.SIZES)}.\n"
    )
    return "\n".join(parts)


def _table(section: Sequence[Metric]) -> Iterator[str]:
    yield "| metric | type | labels | what |"
    yield "|---|---|---|---|"
    for metric in section:
        labels = ", ".join(f"`{label}`" for label in metric.labels)
        yield f"| `{metric.name}` | {metric.kind} | {labels} | {metric.help} |"


def _numbers(values: Sequence[float]) -> str:
    return ", ".join(f"{value:g}" for value in values)


if __name__ == "__main__":
    print(page(), end="")
