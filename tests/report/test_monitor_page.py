"""The page of monitoring: what it says is what its facts say, every customer is in the picture, and it opens cleanly."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pyarrow as pa
import pytest
from browser import visiting
from helpers import explain
from hypothesis import given
from hypothesis import strategies as st

from northstar_explain import api
from northstar_explain.contract import Contract
from northstar_explain.evaluate.monitoring.monitor import monitor_facts
from northstar_explain.evaluate.scored_runs import ScoredRun, read_run
from northstar_explain.model import Model
from northstar_explain.model.monitoring.monitor_facts import MonitorFacts
from northstar_explain.report.charts.migration_flows import GONE, NEW, Flow, migration_flows
from northstar_explain.report.charts.over_runs import Point, figure_over_runs, label_heights, shares_over_runs
from northstar_explain.report.document.blocks import Figure
from northstar_explain.report.document.charts import svg
from northstar_explain.report.monitor.monitor_page import monitor_document, monitor_page


@pytest.fixture(scope="module")
def run(model: Model, few: pa.Table) -> ScoredRun:
    scores = api.Model(model).score(few)
    return read_run(scores.table, model, "/data/now.parquet", scores.report)


@pytest.fixture(scope="module")
def facts(run: ScoredRun, model: Model) -> MonitorFacts:
    """Three runs; between the last two, some customers left, some came, and many changed their segment."""
    n, ids = len(run.ids), [one.id for one in model.segmentation.segments]
    before = _taken(run, np.arange(n - 100), "/data/then.parquet")
    segments = before.segments.copy()
    segments[:300] = ids[0]
    before = replace(before, segments=segments)
    first = _taken(run, np.arange(n - 300), "/data/<b>first.parquet")
    rng = np.random.default_rng(0)
    outcomes = dict(zip(first.ids.tolist(), (rng.random(len(first.ids)) < 0.5).astype(int).tolist(), strict=True))
    untraced = replace(model, manifest={**model.manifest, "data": {}})
    return monitor_facts(before, _taken(run, np.arange(50, n), run.name), untraced, outcomes, before=(first,))


def _taken(run: ScoredRun, rows: np.ndarray, name: str) -> ScoredRun:
    columns = {key: getattr(run, key)[rows] for key in ("ids", "segments", "deciles", "probability", "reasons")}
    return replace(run, name=name, **columns)


def test_every_customer_is_in_the_picture(facts: MonitorFacts, model: Model) -> None:
    document = monitor_document(facts, model)
    said = next(one.alt_text for one in document.chapters[0].blocks if isinstance(one, Figure))
    counts = [int(number.replace(",", "")) for number in re.findall(r"(?<= )[\d,]+(?=[;.])", said)]
    gone, new = facts.customers.old - facts.customers.both, facts.customers.new - facts.customers.both
    assert sum(counts) == facts.customers.both + gone + new
    for place, word, expected in ((0, GONE, gone), (1, NEW, new)):
        found = re.findall(rf"to {word} ([\d,]+)" if place == 0 else rf"{word} to \S+ ([\d,]+)", said)
        assert sum(int(one.replace(",", "")) for one in found) == expected


def test_the_page_says_what_fired_and_holds_no_path(facts: MonitorFacts, model: Model) -> None:
    page = monitor_page(facts, model)
    assert facts.triggers
    assert f"{len(facts.triggers)} triggers fired." in page
    assert "no run report" not in page and "/data/" not in page
    assert "&lt;b&gt;first.parquet" in page
    expected = facts.runs[-1].expected
    assert expected is not None
    assert f"{expected.overall.roc_auc.value:.3f}" in page
    assert page == monitor_page(facts, model)


def test_runs_in_which_nobody_moved_list_no_moves(run: ScoredRun, model: Model) -> None:
    page = monitor_page(monitor_facts(replace(run, name="then.parquet"), run, model), model)
    assert "Largest moves" not in page
    assert f"to a lower one, {len(run.ids):,} stayed in theirs." in page


def test_a_void_estimate_is_not_shown_as_one(facts: MonitorFacts, model: Model) -> None:
    last = facts.runs[-1]
    assert last.expected is not None
    void = replace(last, expected=replace(last.expected, void=("the scores are unlike those of training",)))
    page = monitor_page(replace(facts, runs=(*facts.runs[:-1], void)), model)
    assert "do not hold" in page and "the scores are unlike those of training" in page
    assert "ROC-AUC to expect, 90% interval" not in page


def test_a_page_of_runs_without_customers(run: ScoredRun, model: Model) -> None:
    empty = _taken(run, np.arange(0), "none.parquet")
    page = monitor_page(monitor_facts(empty, replace(empty, report=None), model), model)
    assert "Not known: there is no run report" in page


def test_bands_fill_their_blocks() -> None:
    flows = [Flow("S1", "S1", 60), Flow("S1", "S2", 20), Flow("S2", "S2", 10), Flow(NEW, "S2", 10), Flow("S2", GONE, 0)]
    chart = migration_flows(flows, ["S1", "S2"], {"S1": "#000000", "S2": "#777777"}, "households")
    assert chart.alt_text.startswith("Moves between segments, of households")
    bands, blocks, *_ = (layer["data"]["values"] for layer in chart.spec["layer"])
    heights = {one["band"]: one["y2"] - one["y"] for one in bands}
    assert heights == pytest.approx({0: 0.6 * 0.976, 1: 0.2 * 0.976, 2: 0.1 * 0.976, 3: 0.1 * 0.976}, abs=1e-4)
    left = [one for one in blocks if one["x"] < 0]
    assert sum(one["y2"] - one["y"] for one in left) == pytest.approx(0.976, abs=1e-4)
    for one, other in pairwise(left):
        assert one["y2"] <= other["y"]
    assert "S1 to S2 20" in svg(chart) and "In the same segment: 70" in svg(chart)


def test_charts_over_runs_draw_one_run_and_many() -> None:
    for count in (1, 2, 30):
        names = [f"week {number}" for number in range(count)]
        assert svg(shares_over_runs(names, {"S1": [0.5] * count}, {"S1": "#000000"}))
        points = [Point(name, 0.8, 0.78, 0.82, solid=bool(place % 2)) for place, name in enumerate(names)]
        assert f"week {count - 1}" in svg(figure_over_runs(points, "ROC-AUC", 0.81))


@given(st.dictionaries(st.text(max_size=3), st.floats(0, 1), max_size=8), st.floats(0.01, 0.2))
def test_labels_of_lines_never_overlap(ends: dict[str, float], gap: float) -> None:
    heights = label_heights(ends, gap)
    assert heights.keys() == ends.keys()
    assert all(heights[id] >= end for id, end in ends.items())
    assert all(low + gap <= high * (1 + 1e-9) for low, high in pairwise(sorted(heights.values())))
    if ends:
        lowest = min(ends, key=lambda id: ends[id])
        assert heights[lowest] == ends[lowest]


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_opens_without_an_error_and_passes_axe(
    facts: MonitorFacts, model: Model, browser: Any, tmp_path: Path, width: int
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    path = tmp_path / "monitor.html"
    path.write_text(monitor_page(facts, model))
    with visiting(browser, path, width) as visit:
        visit.page.locator("figure.chart").first.scroll_into_view_if_needed()  # charts are drawn once they are near
        visit.page.wait_for_selector(".drawn svg")
        assert Axe().run(visit.page).response["violations"] == []
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
    assert visit.errors == [] and visit.requests == []


def test_from_the_command_line(model_dir: Path, some_file: Path, contract: Contract, tmp_path: Path) -> None:
    scores = tmp_path / "s.parquet"
    assert explain("score", some_file, "--model", model_dir, "--out", scores).exit_code == 0
    page, facts = tmp_path / "m.html", tmp_path / "m.json"
    call = ("monitor", "--model", model_dir, *(("--scores", scores) * 3), "--html", page, "--out", facts)
    assert explain(*call).exit_code == 0
    assert "Nothing fired." in page.read_text() and contract.title in page.read_text()
    assert facts.is_file()
    before = page.read_bytes()
    assert explain(*call).exit_code == 1 and page.read_bytes() == before
    assert explain(*call, "--overwrite").exit_code == 0 and page.read_bytes() == before


@pytest.mark.parametrize("width", [0.002, 0.015, 0.03, 0.05, 0.3])
def test_no_two_ticks_of_a_figure_are_written_alike(width: float) -> None:
    points = [Point("week 1", 0.86, 0.86 - width / 2, 0.86 + width / 2), Point("week 2", 0.861, 0.86, 0.862)]
    drawn = ElementTree.fromstring(str(svg(figure_over_runs(points, "ROC-AUC", 0.866))))
    texts = [one.text for one in drawn.iter("{http://www.w3.org/2000/svg}text")]
    ticks = [text for text in texts if text and re.fullmatch(r"0\.\d+", text)]
    assert len(ticks) >= 2
    assert len(set(ticks)) == len(ticks)
