"""Shapes as auditors see them: every customer is plotted once and in place, and the sentences match the curve."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from itertools import pairwise

import hostile as hostile_model
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from northstar_explain.contract import Contract
from northstar_explain.metrics import wilson
from northstar_explain.model import Model
from northstar_explain.model.evaluation import Interval
from northstar_explain.model.evaluation.limits import THIN_BIN_CUSTOMERS
from northstar_explain.model.evaluation.rate_facts import CalibrationBin, GainsPoint
from northstar_explain.model.scorecard import CategoryBins, NumberBins
from northstar_explain.report.audit.chapters.appendix import appendix
from northstar_explain.report.audit.chapters.performance import _calibration_and_gains
from northstar_explain.report.audit.shapes.bin_labels import range_label, signed, value_label
from northstar_explain.report.audit.shapes.feature_shapes import (
    ROWS,
    FeatureShape,
    _runs,
    counts_by_term,
    feature_shapes,
    probability_at,
)
from northstar_explain.report.audit.shapes.heat_maps import heat_maps
from northstar_explain.report.audit.shapes.pair_shapes import PairShape, describe_pair, pair_shapes, strongest_colour
from northstar_explain.report.audit.shapes.plot_axis import PlotAxis, nice_values, plot_axis, round_values
from northstar_explain.report.audit.shapes.shape_plots import Scale, common_range, own_range, plot, tallest
from northstar_explain.report.audit.shapes.shape_words import WIGGLE, describe_shape, direction, keeps_direction
from northstar_explain.report.document import svg
from northstar_explain.report.document.blocks import Table, Text

numbers = st.floats(-1e6, 1e6).filter(lambda x: x == 0 or abs(x) > 1e-6)


@given(
    numbers, st.floats(1e-3, 1e6), st.none() | st.floats(1e-3, 1e6), st.lists(st.floats(-2, 3), min_size=2, max_size=9)
)
def test_an_axis_keeps_the_order_of_values_and_its_ends(
    low: float, width: float, scale: float | None, places: list[float]
) -> None:
    axis = PlotAxis(low, low + width, scale)
    assert axis.place(axis.low) == 0
    assert axis.place(axis.high) == pytest.approx(1)
    positions = [axis.place(low + width * place) for place in sorted(places)]
    assert all(0 <= place <= 1 for place in positions)
    assert positions == sorted(positions)


@given(numbers, st.floats(1e-3, 1e7))
def test_ticks_lie_inside_and_in_order(low: float, width: float) -> None:
    for result in (nice_values(low, low + width), sorted(round_values(low, low + width))):
        assert result == sorted(result)
        assert all(low - 1e-6 * width <= value <= low + width * (1 + 1e-6) for value in result)
    assert 4 <= len(nice_values(low, low + width)) <= 18


def test_ticks_do_not_overlap(model: Model) -> None:
    for shape in feature_shapes(model):
        assert all(b.at - a.at >= 0.07 for a, b in pairwise(shape.ticks))
        if shape.axis is not None:
            assert 2 <= len(shape.ticks) <= 14, shape.term


def test_an_axis_is_logarithmic_where_half_the_customers_would_be_squeezed(contract: Contract) -> None:
    spend, rate = contract["spend_365d"], contract["add_to_cart_rate"]
    centres, few, even = np.array([1.0, 500, 900]), np.array([900.0, 50, 50]), np.array([100.0, 400, 400])
    assert plot_axis(spend, 0, 1000, centres, few).scale is not None
    assert plot_axis(spend, 0, 1000, centres, even).scale is None
    assert plot_axis(rate, 0, 1, centres / 1000, few).scale is None


@given(st.lists(st.integers(0, 500), min_size=ROWS + 1, max_size=300))
def test_bins_are_merged_without_losing_one(counts: list[int]) -> None:
    runs = _runs(counts)
    assert 1 <= len(runs) <= ROWS
    assert runs[0][0] == 0
    assert runs[-1][1] == len(counts)
    assert all(a[1] == b[0] for a, b in pairwise(runs))
    assert all(a < b for a, b in runs)


def test_every_shape_counts_every_customer_once(model: Model) -> None:
    splits = {one.split: one for one in model.evaluation.data.splits}
    for shape in feature_shapes(model):
        for bins in (shape.bins, shape.groups):
            every = (*bins, shape.missing, shape.unseen)
            assert sum(bin.train_n for bin in every) == splits["train"].n
            assert sum(bin.holdout_n for bin in every) == splits["holdout"].n
            assert sum(bin.train_buyers for bin in every) == splits["train"].buyers
            assert sum(bin.holdout_buyers for bin in every) == splits["holdout"].buyers
            assert sum(bin.predicted for bin in every) == pytest.approx(
                model.shapes.filter(np.array(model.shapes["term"].to_pylist()) == shape.term)["holdout_predicted"]
                .to_numpy()
                .sum()
            )


def test_the_bins_plotted_are_the_scorecards(model: Model) -> None:
    terms = {term.name: term for term in model.scorecard.terms}
    for shape in feature_shapes(model):
        term = terms[shape.term]
        (axis,) = term.axes
        assert sorted(bin.number for bin in shape.bins) == list(range(1, axis.count - 1))
        assert (shape.missing.number, shape.unseen.number) == (0, axis.count - 1)
        for bin in (*shape.bins, shape.missing, shape.unseen):
            assert (bin.points, bin.spread, bin.train_n) == (
                term.points[bin.number], term.spread[bin.number], term.customers[bin.number],
            )  # fmt: skip
        if isinstance(axis, CategoryBins):
            assert shape.axis is None
            if not shape.feature.order:
                assert [b.points for b in shape.bins] == sorted((b.points for b in shape.bins), reverse=True)
        else:
            assert all(a.right == b.left for a, b in pairwise(shape.bins))


def test_shapes_and_pairs_are_ranked_as_the_model_is(model: Model) -> None:
    shapes: tuple[FeatureShape | PairShape, ...] = (*feature_shapes(model), *pair_shapes(model))
    ranked = sorted(shapes, key=lambda one: one.rank)
    assert [one.term for one in ranked] == [item.term for item in model.evaluation.purchase.terms]
    assert [one.rank for one in ranked] == list(range(1, len(ranked) + 1))


def test_a_pair_plots_every_customer_and_lists_only_thick_cells(model: Model) -> None:
    n = model.evaluation.data.splits[0].n
    terms, counts = {term.name: term for term in model.scorecard.terms}, counts_by_term(model)
    pairs = pair_shapes(model)
    assert pairs
    for pair in pairs:
        assert pair.train_n.sum() == n
        assert pair.points.shape == (len(pair.first.labels), len(pair.second.labels))
        term = terms[pair.term]
        where = np.ix_(pair.first.order, pair.second.order)
        np.testing.assert_array_equal(pair.points, term.points[where])
        np.testing.assert_array_equal(pair.train_n, counts[pair.term]["train_n"].reshape(term.points.shape)[where])
        assert all(cell.train_n >= THIN_BIN_CUSTOMERS for cell in pair.strongest)
        thick = pair.points[pair.thick]
        if thick.size:
            assert pair.strongest[0].points == thick.max()
            assert pair.strongest[-1].points == thick.min()
        assert f"{int((pair.train_n == 0).sum()):,} are empty" in " ".join(describe_pair(pair))


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([0, 0, 0], "flat"), ([0, 1, 1, 2], "rises"), ([3, 2, 2, 0], "falls"), ([0, 1, 0.97, 2], "rises, with wiggles"),
        ([2, 1, 1.04, 0], "falls, with wiggles"), ([0, 1, 0], "rises and falls"), ([0, 1, 1 - 2 * WIGGLE, 2], "rises and falls"),
        ([0, 1, 0.97, 0.94, 0.91, 2], "rises and falls"), ([1], "flat"),
    ],
)  # fmt: skip
def test_the_direction_of_a_curve(points: list[float], expected: str) -> None:
    assert direction(points) == expected


@given(st.lists(st.floats(-3, 3), min_size=2, max_size=20))
def test_a_curve_turned_over_goes_the_other_way(points: list[float]) -> None:
    swap = {"rises": "falls", "falls": "rises"}
    turned = direction([-p for p in points])
    # Where reversals are equal both ways, either word is correct.
    if not direction(points).endswith("wiggles"):
        assert turned == re.sub(r"^(rises|falls)$", lambda m: swap[m[0]], direction(points))


def test_a_direction_that_the_contract_requires_is_checked(model: Model) -> None:
    from dataclasses import replace

    bound = [shape for shape in feature_shapes(model) if shape.feature.monotone]
    assert bound
    for shape in bound:
        assert keeps_direction(shape) is True
        assert "kept" in " ".join(describe_shape(shape, model.contract))
        other = {"up": "down", "down": "up"}[shape.feature.monotone or ""]
        turned = replace(shape, feature=replace(shape.feature, monotone=other))
        assert keeps_direction(turned) is False
        assert "NOT KEPT" in " ".join(describe_shape(turned, model.contract))
    assert keeps_direction(next(s for s in feature_shapes(model) if not s.feature.monotone)) is None


def test_the_largest_step_is_the_largest(model: Model) -> None:
    for shape in feature_shapes(model):
        if shape.axis is None:
            continue
        steps = [abs(b.points - a.points) for a, b in pairwise(shape.bins)]
        text = next((line for line in describe_shape(shape, model.contract) if line.startswith("Largest step")), "")
        if max(steps, default=0) == 0:
            assert not text
        else:
            assert float(re.findall(r"[+−](\d+\.\d+) points", text)[0]) == pytest.approx(max(steps), abs=0.0051)


def test_missing_values_are_described_with_their_count(model: Model) -> None:
    for shape in feature_shapes(model):
        text = " ".join(describe_shape(shape, model.contract))
        if shape.feature.missing is None:
            assert "Missing: not allowed" in text
        else:
            assert f"{shape.missing.train_n:,} customers in training" in text
        thin = sum(bin.train_n < THIN_BIN_CUSTOMERS for bin in shape.bins)
        assert (f"Thin: {thin:,} of {len(shape.bins):,}" in text) == bool(thin)


def test_ranges_of_whole_values_are_labelled_with_whole_numbers(contract: Contract) -> None:
    orders, rate, spend = contract["orders_90d"], contract["add_to_cart_rate"], contract["spend_365d"]
    edges = [None, 0.5, 1.5, 4.5, None]
    assert [range_label(orders, low, high, "$") for low, high in pairwise(edges)] == ["0", "1", "2 to 4", "5 or more"]
    assert range_label(rate, 0.1113, 0.2725, "$") == "11.13% to 27.25%"
    assert range_label(rate, None, None, "$") == "any"
    assert value_label(spend, -12.5, "$").startswith("-$") or "12.5" in value_label(spend, -12.5, "$")


@pytest.mark.parametrize(("value", "expected"), [(0.0, "0.00"), (-0.001, "0.00"), (1.234, "+1.23"), (-1.236, "−1.24")])
def test_signs_are_shown_except_for_zero(value: float, expected: str) -> None:
    assert signed(value) == expected


@given(st.integers(1, 400), st.integers(0, 400))
def test_wilsons_interval_holds_the_share_and_stays_between_zero_and_one(n: int, hits: int) -> None:
    hits = min(hits, n)
    low, high = wilson(hits, n)
    assert 0 <= low <= hits / n <= high <= 1
    assert low < high


def test_wilsons_interval_agrees_with_scipy() -> None:
    from scipy import stats

    for hits, n in ((0, 50), (7, 50), (50, 50), (3, 1000)):
        want = stats.binomtest(hits, n).proportion_ci(method="wilson")
        assert wilson(hits, n) == pytest.approx((want.low, want.high), abs=1e-6)


def test_the_average_customer_has_the_intercepts_probability(model: Model) -> None:
    assert probability_at(0.0, model.purchase.intercept) == pytest.approx(1 / (1 + math.exp(-model.purchase.intercept)))


def test_every_plot_has_one_scale_and_shows_all_its_points(model: Model) -> None:
    shapes = feature_shapes(model)
    low, high = common_range(shapes, model.purchase.intercept)
    for shape in shapes:
        assert low <= shape.reach[0] <= shape.reach[1] <= high
        reached = [bin for bin in shape.bins if bin.train_n]
        own = own_range(shape)
        assert all(own[0] <= bin.points - bin.spread and bin.points + bin.spread <= own[1] for bin in reached)


@given(st.floats(-5, 5))
def test_a_scale_keeps_points_on_the_page(points: float) -> None:
    scale = Scale(-2.0, 2.0, 10.0, 110.0)
    assert 10 <= scale(points) <= 110
    assert scale(2.0) == 10
    assert scale(-2.0) == 110


def coordinates(data: str) -> list[tuple[float, float]]:
    """The corners of a path of M, H, V, in order."""
    x = y = 0.0
    result = []
    for sign, first, second in re.findall(r"([MHV])(-?[\d.]+)(?:,(-?[\d.]+))?", data):
        x, y = (float(first), float(second)) if sign == "M" else (float(first), y) if sign == "H" else (x, float(first))
        result.append((x, y))
    return result


@given(st.lists(st.integers(0, 4), min_size=1, max_size=30))
def test_a_step_curve_goes_through_every_height(heights: list[int]) -> None:
    edges = [10.0 * i for i in range(len(heights) + 1)]
    corners = coordinates(svg.steps(edges, [float(h) for h in heights]))
    for place, height in enumerate(heights):
        middle = 10.0 * place + 5
        spans = [(a, b) for a, b in pairwise(corners) if a[1] == b[1] and a[0] <= middle <= b[0]]
        assert any(a[1] == height for a, _ in spans), (heights, corners)


def test_plots_show_missing_and_unseen_with_their_counts(model: Model) -> None:
    shapes = feature_shapes(model)
    for shape in shapes:
        figure = plot(shape, common_range(shapes, model.purchase.intercept), model.purchase.intercept)
        picture = str(figure.picture)
        assert shape.feature.words in figure.alt_text
        assert "missing" in picture
        assert "unseen" in picture or "not seen in training" in picture
        assert f"{shape.missing.train_n:,}" in picture
        if shape.axis is not None:
            assert f"n = {shape.missing.train_n:,}" in picture
            assert f"n = {shape.unseen.train_n:,}" in picture


def test_hostile_words_are_text_in_every_picture(hostile: Model) -> None:
    shapes, pairs = feature_shapes(hostile), pair_shapes(hostile)
    pictures = [str(plot(shape, common_range(shapes, 0.0), 0.0).picture) for shape in shapes]
    pictures += [str(heat_maps(pair, strongest_colour(pairs)).picture) for pair in pairs]
    for picture in pictures:
        assert set(re.findall(r"</?([a-zA-Z]+)", picture)) <= {"svg", "path", "text", "clipPath"}
    assert any("&lt;script&gt;" in picture for picture in pictures)
    assert hostile_model.TEXTS


def test_colours_end_at_the_strongest_cell_that_is_not_thin(model: Model) -> None:
    pairs = pair_shapes(model)
    sizes = [abs(float(p)) for pair in pairs for p in pair.points[pair.thick]]
    assert strongest_colour(pairs) == max(sizes)
    assert strongest_colour(()) == 1.0


@pytest.mark.parametrize("highest", [0.003, 0.02, 0.11, 0.4, 0.97])
def test_rates_can_be_read_off_however_rare_buyers_are(highest: float) -> None:
    rates = [(highest * i / 4, highest * (4 - i) / 4) for i in range(5)]
    bins = [CalibrationBin(9, predicted, bought, Interval(bought, bought)) for predicted, bought in rates]
    picture = str(_calibration_and_gains(bins, [GainsPoint(0.1, 0.4, Interval(0.3, 0.5))]).picture)
    left = [float(text) / 100 for text in re.findall(r">([\d.]+)%<", picture)][::2]
    shown = left[: len(left) - 6]  # the other plot runs from 0 to 100%
    assert len(set(shown)) == len(shown) >= 4
    assert 0.75 * highest <= max(shown) <= 1.08 * highest + 1e-9


def strokes(picture: str, colour: str, width: str) -> list[tuple[float, ...]]:
    """The start and length of each segment of the paths."""
    pattern = f'<path d="([^"]*)" fill="none" stroke="{colour}" stroke-width="{width}"/>'
    return [
        tuple(float(number) for number in re.findall(r"-?[\d.]+", piece))
        for data in re.findall(pattern, picture)
        for piece in data.split("M")[1:]
    ]


def test_every_cell_is_coloured_twice_and_every_thin_one_crossed_once(model: Model) -> None:
    for pair in pair_shapes(model):
        rows, columns = pair.points.shape
        wide, high = min(120.0, 732 / columns), min(40.0, 270 / rows)
        picture = str(heat_maps(pair, 1.0).picture)
        thin = np.argwhere((pair.train_n > 0) & ~pair.thick).tolist()
        crossed = [
            [round((y - 30) / high) - 1 - step, round((x - 150) / wide) + step]
            for x, y, right, _ in strokes(picture, svg.SOFT, "0.5")
            for step in range(round(right / wide))
        ]
        assert sorted(crossed) == thin
        level = strokes(picture, "#[0-9a-f]{6}", svg.number(high + 0.1))
        cells = sum(round(one[2] / wide) for one in level if len(one) == 3)
        assert cells == 2 * int((pair.train_n > 0).sum())


def test_a_pair_of_thin_cells_alone_has_no_empty_table(model: Model) -> None:
    pair = pair_shapes(model)[0]
    bare = replace(pair, train_n=np.minimum(pair.train_n, THIN_BIN_CUSTOMERS - 1), strongest=())
    for one, tables in ((pair, 1), (bare, 0)):
        page = next(chapter for chapter in appendix(model, (), (one,)))
        assert sum(isinstance(block, Table) for block in page.blocks) == tables
        assert any(isinstance(block, Text) and "tables/pairs.csv" in block.text for block in page.blocks)
    assert any(isinstance(block, Text) and block.text.startswith("No cell has 50") for block in page.blocks)


def test_hatching_is_clipped_to_its_areas() -> None:
    canvas = svg.Canvas(100, 50, "x")
    canvas.hatched([], svg.RULE, 1)
    canvas.hatched([(10, 5, 4, 20), (60, 5, 30, 20)], svg.RULE, 1)
    picture = str(canvas.done().picture)
    assert picture.count("<clipPath") == 1
    (window,) = re.findall(r'<clipPath id="c1"><path d="([^"]*)"', picture)
    assert window == svg.rectangle(10, 5, 4, 20) + svg.rectangle(60, 5, 30, 20)
    (lines,) = re.findall(r'clip-path="url\(#c1\)" d="([^"]*)"', picture)
    result = [float(n) for n in re.findall(r"[\d.]+", lines)]
    assert (min(result[::2]), max(result[::2])) == (10, 90)  # from the first window to the end of the last
    assert (min(result[1::2]), max(result[1::2])) == (5, 25)


def test_number_bins_of_a_term_are_numbers(model: Model) -> None:
    assert {type(axis) for term in model.scorecard.terms for axis in term.axes} <= {NumberBins, CategoryBins}


def test_a_bin_far_above_all_others_is_cut_off_and_labelled(model: Model) -> None:
    shape = next(s for s in feature_shapes(model) if s.axis is not None and len(s.bins) >= 8)
    some = tuple(replace(bin, train_n=30 + place) for place, bin in enumerate(shape.bins))
    assert tallest(replace(shape, bins=some)) == max(bin.train_n for bin in some)
    far = replace(shape, bins=(replace(some[0], train_n=9_876), *some[1:]))
    assert 29 + len(some) <= tallest(far) < 200
    picture = str(plot(far, common_range([far], 0.0), 0.0).picture)
    assert ">9,876<" in picture
    empty = tuple(replace(bin, train_n=0) for bin in some)
    assert tallest(replace(shape, bins=(replace(some[0], train_n=7), *empty[1:]))) == 7
    assert tallest(replace(shape, bins=empty)) == 1
