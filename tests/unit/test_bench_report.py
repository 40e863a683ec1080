from __future__ import annotations

import json
import math
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from benchmarks import plot, submitting
from benchmarks.figures import Runs, summarise
from benchmarks.quick import judge
from benchmarks.report import Circumstances, as_json, rows, series, set_aside, write
from benchmarks.submitting import Producer, ProducerFailed
from benchmarks.suite import BARE, Results, in_turn

RUNS: Runs = {
    "ours": [{"performed, jobs/s": rate, "at 0010.0 s, jobs/s": rate} for rate in (90.0, 110, 100)],
    "celery": [{"performed, jobs/s": 2.0}],
    "rq": [{"performed, jobs/s": math.inf}],
}
CIRCUMSTANCES = Circumstances("2026-01-01", "PostgreSQL 15", 1.0, {"ours": "none"})
SVG = "{http://www.w3.org/2000/svg}"


def test_rows_have_ratios_to_ours_and_leave_curves_out() -> None:
    assert rows(RUNS) == [
        ("ours", "performed, jobs/s", "100", "90.0", "110", "3", "1.00"),
        ("celery", "performed, jobs/s", "2.00", "2.00", "2.00", "1", "0.02"),
        ("rq", "performed, jobs/s", "never", "never", "never", "1", ""),
    ]


def test_without_ours_there_are_no_ratios() -> None:
    assert [row[-1] for row in rows({"celery": RUNS["celery"]})] == [""]


def test_json_keeps_every_run_and_says_null_for_never() -> None:
    results = Results({"w1": {name: list(map(dict, runs)) for name, runs in RUNS.items()}})
    results.skipped["oban"] = "no Python"
    report = json.loads(as_json(results, CIRCUMSTANCES))
    w1 = report["workloads"]["w1"]
    assert [run["performed, jobs/s"] for run in w1["runs"]["ours"]] == [90, 110, 100]
    assert w1["summaries"]["ours"]["performed, jobs/s"] == {"median": 100, "min": 90, "max": 110}
    assert w1["runs"]["rq"] == [{"performed, jobs/s": None}]
    assert report["skipped"] == {"oban": "no Python"}


def test_a_plot_names_every_contestant_that_has_a_figure() -> None:
    drawn = plot.bars(
        "W1 <speed>",
        {"ours": summarise([90, 100]), "celery": summarise([1.0]), "rq": summarise([math.inf])},
    )
    texts = {element.text for element in ET.fromstring(drawn).iter(f"{SVG}text")}
    assert {"W1 <speed>", "ours", "celery"} <= texts
    assert "rq" not in texts


def test_a_plot_of_nothing_is_still_a_plot() -> None:
    assert ET.fromstring(plot.bars("W4", {})).tag == f"{SVG}svg"


def test_plots_leave_other_imports_alone() -> None:
    assert all(hasattr(finder, "find_spec") for finder in sys.meta_path)


def test_curves_have_one_line_a_contestant() -> None:
    drawn = plot.curves("W6", ["10", "20"], {"ours": [5.0, 6.0], "celery": [1.0, 0.0]})
    texts = {element.text for element in ET.fromstring(drawn).iter(f"{SVG}text")}
    assert {"ours", "celery", "10", "20"} <= texts


def test_series_are_the_medians_by_moment() -> None:
    assert series(RUNS) == {"ours": {"10.0": 100.0}}


def test_everything_is_written(tmp_path: Path) -> None:
    results = Results({"w1": {name: list(map(dict, runs)) for name, runs in RUNS.items()}})
    write(results, CIRCUMSTANCES, tmp_path / "results")
    names = {path.name for path in (tmp_path / "results").iterdir()}
    assert names == {"latest.json", "w1.svg", "w1-windows.svg"}


@pytest.mark.parametrize(("ours", "passed"), [(60.0, True), (49.0, False)])
def test_a_verdict_is_a_ratio_to_the_bare_loop(ours: float, passed: bool) -> None:
    runs: dict[str, Runs] = {"w1": {"ours": [{"x": ours}], BARE: [{"x": 100.0}]}}
    (verdict,) = judge(runs, {"w1": ("x", 0.5)})
    assert verdict.passed is passed
    assert f"{ours / 100:.2f} of the bare loop" in str(verdict)


def test_what_was_not_measured_does_not_pass() -> None:
    (verdict,) = judge({"w1": {BARE: [{"x": 100.0}]}}, {"w1": ("x", 0.5)})
    assert not verdict.passed
    assert "not measured" in str(verdict)


def test_an_earlier_measurement_is_kept(tmp_path: Path) -> None:
    set_aside(tmp_path)
    results = Results({"w1": {name: list(map(dict, runs)) for name, runs in RUNS.items()}})
    write(results, CIRCUMSTANCES, tmp_path)
    set_aside(tmp_path)
    (kept,) = tmp_path.iterdir()
    assert kept.name == "2026-01-01"
    assert {path.name for path in kept.iterdir()} >= {"latest.json", "w1.svg"}


def test_every_round_begins_with_another_contestant() -> None:
    turns = [(name, dict[str, float]) for name in "abc"]
    orders = ["".join(who for who, _ in in_turn(turns, number)) for number in range(4)]
    assert orders == ["abc", "bca", "cab", "abc"]
    assert in_turn([], 1) == []


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("import sys; sys.exit('no Redis')", "no Redis"),
        ("import time; time.sleep(60)", "no answer within 0.5 s|it said nothing"),
    ],
)
def test_a_producer_that_does_not_answer_is_given_up(
    code: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submitting, "PATIENCE", 0.5)
    with Producer([sys.executable, "-c", code], {}, tmp_path / "log") as producer:
        for _ in range(2):
            with pytest.raises(ProducerFailed, match=says):
                producer.setup()
