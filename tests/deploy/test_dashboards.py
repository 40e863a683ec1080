"""Dashboards, alerts and runbook speak of the same things as the code."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from grafana import __main__ as files
from grafana.panels import WIDTH, Dashboard
from jobs_supervisor import metrics

ROOT = Path(__file__).parents[2]
RULES = ROOT / "grafana" / "alerts" / "jobs.yml"
RULE_TESTS = ROOT / "grafana" / "alerts" / "jobs_test.yml"
RUNBOOK = ROOT / "docs" / "runbook.md"
DASHBOARDS = list(files.FILES.values())

needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is not installed (package prometheus)"
)


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load(RULES.read_text())["groups"]
    return group["rules"]


def known_series() -> dict[str, set[str]]:
    """The labels of every series that a scrape can have, with what Prometheus adds."""
    found: dict[str, set[str]] = {}
    for metric in (*metrics.STORED, *metrics.DERIVED, *metrics.CLUSTER):
        labels = {*metric.labels, "cluster", "instance"}
        if metric.kind == "histogram":
            found |= {f"{metric.name}_{end}": labels for end in ("count", "sum")}
            found[f"{metric.name}_bucket"] = labels | {"le"}
        else:
            found[metric.name] = labels
    return found


def expressions() -> Iterator[tuple[str, str]]:
    for dashboard in DASHBOARDS:
        for variable in dashboard.variables:
            yield f"{dashboard.uid} {variable.name}", variable.expression
        for panel in dashboard.panels:
            for query in panel.queries:
                yield f"{dashboard.uid} {panel.title}", query.expression
    for rule in rules():
        yield rule["alert"], rule["expr"]


@pytest.mark.parametrize("name", files.FILES)
def test_the_dashboards_are_up_to_date(name: str) -> None:
    text = (files.DIRECTORY / name).read_text()
    assert text == files.text_of(files.FILES[name]), "run `make docs`"
    assert json.loads(text)["panels"]


@pytest.mark.parametrize(("where", "expression"), list(expressions()))
def test_every_metric_and_its_labels_are_known(where: str, expression: str) -> None:
    series = known_series()
    selections = re.findall(r"\b(jobs_\w+)(?:\{([^}]*)\})?", expression)
    assert selections
    for name, selector in selections:
        assert name in series
        assert set(re.findall(r"(\w+)(?:=~|!~|!=|=)", selector)) <= series[name]
    for grouped in re.findall(r"\b(?:by|on) ?\(([^)]*)\)", expression):
        labels = {label.strip() for label in grouped.split(",")}
        assert any(labels <= series[name] for name, _ in selections)


def test_every_metric_is_shown_or_alerted_on() -> None:
    text = " ".join(expression for _, expression in expressions())
    unused = {
        metric.name
        for metric in (*metrics.STORED, *metrics.DERIVED, *metrics.CLUSTER)
        if metric.name not in text
    }
    assert unused <= {
        metrics.LEADER_CHANGES.name,
        metrics.CAPACITY.name,
        metrics.HORIZON_TRANSACTIONS.name,
        metrics.PARTITIONS.name,
    }


def test_the_runbook_knows_its_metrics() -> None:
    names = {metric.name for metric in (*metrics.STORED, *metrics.DERIVED, *metrics.CLUSTER)}
    assert set(re.findall(r"`(jobs_[a-z_]+)", RUNBOOK.read_text())) <= names


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_every_alert_has_its_page(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("warning", "critical")
    assert rule["annotations"]["summary"]
    page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
    assert ROOT / page == RUNBOOK
    headings = re.findall(r"^## (.+)$", RUNBOOK.read_text(), re.MULTILINE)
    assert [each for each in headings if each.lower() == anchor] == [rule["alert"]]


def test_no_page_without_an_alert() -> None:
    headings = set(re.findall(r"^## (.+)$", RUNBOOK.read_text(), re.MULTILINE))
    assert headings == {rule["alert"] for rule in rules()}


def _anchor(heading: str) -> str:
    """As GitHub makes it: without punctuation."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def test_links_of_the_runbook_lead_somewhere() -> None:
    text = RUNBOOK.read_text()
    for page, anchor in re.findall(r"\]\(([^)#]*)#?([^)]*)\)", text):
        target = (RUNBOOK.parent / page).resolve() if page else RUNBOOK
        assert target.exists(), page
        if anchor:
            headings = re.findall(r"^#+ (.+)$", target.read_text(), re.MULTILINE)
            assert anchor in {_anchor(heading) for heading in headings}


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda dashboard: dashboard.uid)
def test_panels_fill_rows_and_explain_themselves(dashboard: Dashboard) -> None:
    for row in dashboard.rows:
        assert sum(panel.width for panel in row.panels) % WIDTH == 0
        assert all(panel.explains.endswith(".") for panel in row.panels)
    titles = [panel.title for panel in dashboard.panels]
    assert len(set(titles)) == len(titles)
    ids = [panel["id"] for panel in dashboard.json()["panels"]]
    assert len(set(ids)) == len(ids)


@needs_promtool
def test_promtool_accepts_the_rules() -> None:
    done = subprocess.run(
        ["promtool", "check", "rules", str(RULES)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_every_alert_fires_when_it_should() -> None:
    done = subprocess.run(
        ["promtool", "test", "rules", str(RULE_TESTS)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    cases = yaml.safe_load(RULE_TESTS.read_text())["tests"]
    fired = {
        case["alertname"]
        for test in cases
        for case in test["alert_rule_test"]
        if "exp_alerts" in case
    }
    assert fired == {rule["alert"] for rule in rules()}
