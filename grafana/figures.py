"""How figures are written, by the units of Grafana that the dashboards use."""

from __future__ import annotations

STEPS = {
    "s": ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"), (0.001, "ms"), (1e-6, "µs")),
    "bytes": ((2.0**30, "GiB"), (2.0**20, "MiB"), (2.0**10, "KiB"), (1.0, "B")),
    "short": ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, "")),
}
"""Units, the largest first, with the value from which on each is used."""


def written(value: float, unit: str) -> str:
    """A value as a person would write it, such as `1.5 min`."""
    if unit == "percentunit":
        return f"{value * 100:.3g} %"
    if unit == "ops":
        return f"{written(value, 'short')}/s"
    steps = STEPS[unit]
    size, name = next((each for each in steps if abs(value) >= each[0]), steps[-1])
    if value == 0:
        size, name = 1.0, ""
    space = " " if name and unit != "short" else ""
    return f"{value / size:.3g}{space}{name}"
