"""The memo's charts: every figure is in them, none outside its scale, and odd facts give a chart too."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import pytest

from northstar_explain.model.evaluation.figure_facts import Interval
from northstar_explain.model.evaluation.rate_facts import CalibrationBin, GainsPoint
from northstar_explain.model.evaluation.together_facts import DecileCell, Quantiles
from northstar_explain.report.charts.decile_mix import decile_mix
from northstar_explain.report.charts.gains_curve import gains_curve
from northstar_explain.report.charts.probability_spread import probability_spread
from northstar_explain.report.charts.reliability_curve import reliability_curve
from northstar_explain.report.charts.segment_band import segment_band
from northstar_explain.report.charts.segment_sizes import SizeRow
from northstar_explain.report.document.charts import Chart, svg

NAMES = {"S1": "Regulars & <friends>", "S2": "New"}
COLORS = {"S1": "#0c3c60", "S2": "#a8540c"}
MIX = {
    "S1": [DecileCell(step, 0 if step == 1 else 30, 1.0, 1) for step in range(1, 11)],
    "S2": [DecileCell(step, 0 if step == 1 else step, 1.0, 1) for step in range(1, 11)],
}
BINS = [CalibrationBin(100, rate, rate / 2, Interval(0.0, rate)) for rate in (0.01, 0.04, 0.2)]
GAINS = [GainsPoint(share, share**0.5, Interval(0.0, 1.0)) for share in (0.0, 0.1, 0.2, 0.5, 1.0)]


def texts(chart: Chart) -> list[str]:
    """What a drawing says; it is read as XML, so texts are escaped."""
    root = ElementTree.fromstring(str(svg(chart)))
    return [element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text")]


def values(spec: Any, field: str) -> list[Any]:
    """Every value of a field in the data of a specification, layers included."""
    own = [row[field] for row in spec.get("data", {}).get("values", []) if field in row]
    return own + [value for layer in spec.get("layer", []) for value in values(layer, field)]


@pytest.mark.parametrize(
    ("chart", "shown", "said"),
    [
        (probability_spread({"S1": Quantiles(0.1, 0.2, 0.3, 0.4, 0.5)}, NAMES, COLORS), ["S1", "50%"], "20.0% to 40.0%"),
        (probability_spread({"S1": Quantiles(0, 0, 0, 0, 0)}, NAMES, COLORS), ["S1", "0%"], "median 0.0%"),
        (decile_mix(MIX, NAMES, COLORS), ["10", "1", "S1", "S2"], "decile 10: S1 75%, S2 25%; decile 9"),
        (reliability_curve(BINS), ["Predicted", "Actual", "20%"], "predicted 4.0%, actual 2.0%"),
        (reliability_curve([CalibrationBin(9, 0.0, 0.0, Interval(0.0, 0.3))]), ["Predicted"], "predicted 0.0%, actual 0.0%"),
        (gains_curve(GAINS, [(0.0, 0.0), (0.4, 0.8)]), ["line: by probability", "dashed: by segment"], "best 50% hold 71%"),
    ],
)  # fmt: skip
def test_a_chart_says_its_figures_in_the_drawing_and_in_words(chart: Chart, shown: list[str], said: str) -> None:
    assert set(shown) <= set(texts(chart))
    assert said in chart.alt_text
    assert str(svg(chart)) == str(svg(chart))


def test_without_segments_there_is_one_curve() -> None:
    assert "dashed: by segment" not in texts(gains_curve(GAINS))


def test_sections_of_a_decile_follow_one_another_and_fill_it() -> None:
    rows = decile_mix(MIX, NAMES, COLORS).spec["data"]["values"]
    assert len(rows) == 18  # nobody is in decile 1
    for decile in range(2, 11):
        ends = [(row["left"], row["right"]) for row in rows if row["decile"] == str(decile)]
        assert [ends[0][0], ends[1][1]] == pytest.approx([0.0, 1.0])
        assert ends[0][1] == ends[1][0]


def test_points_stay_inside_their_scales() -> None:
    spec = reliability_curve(BINS).spec
    (top,) = {layer["encoding"]["y"]["scale"]["domain"][1] for layer in spec["layer"]}
    assert max(values(spec, "x") + values(spec, "y") + values(spec, "high")) <= top


def test_axes_have_titles() -> None:
    spread = probability_spread({"S1": Quantiles(0.1, 0.2, 0.3, 0.4, 0.5)}, NAMES, COLORS)
    assert "Probability" in texts(spread)
    assert {"Decile", "Share of the decile"} <= set(texts(decile_mix(MIX, NAMES, COLORS)))
    assert {"Share taken, best first", "Share found"} <= set(texts(gains_curve(GAINS)))
    assert {"Predicted", "Actual"} <= set(texts(reliability_curve(BINS)))


def test_every_value_can_be_reached_by_its_tooltip() -> None:
    for chart, count in ((decile_mix(MIX, NAMES, COLORS), 18), (reliability_curve(BINS), 3), (gains_curve(GAINS), 5)):
        layers = [layer for layer in flat(chart.spec) if "tooltip" in layer.get("encoding", {})]
        assert len(layers) == 1
        data = layers[0].get("data", chart.spec.get("data"))["values"]
        fields = [one["field"] for one in layers[0]["encoding"]["tooltip"]]
        assert len(data) == count
        assert all(re.fullmatch(r".+", str(row[field])) for row in data for field in fields)


def flat(spec: Any) -> list[Any]:
    """A specification and its layers, each with the data that it inherits."""
    below = [{**({"data": spec["data"]} if "data" in spec else {}), **layer} for layer in spec.get("layer", [])]
    return [spec, *(one for layer in below for one in flat(layer))]


def test_a_stripe_has_its_id_where_it_is_wide_enough() -> None:
    rows = [SizeRow("S1", COLORS["S1"], 0.95, None, None), SizeRow("S2", COLORS["S2"], 0.05, None, None)]
    band = segment_band(rows, "clients")
    assert list(filter(None, texts(band))) == ["S1", "S2"]
    # As a phone draws it.
    assert list(filter(None, texts(Chart({**band.spec, "width": 358}, band.alt_text)))) == ["S1"]
