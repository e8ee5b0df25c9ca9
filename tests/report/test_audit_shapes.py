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
from northstar_explain.model.evaluation.limits import THIN_BIN_CUSTOMERS
from northstar_explain.model.scorecard import CategoryBins, NumberBins
from northstar_explain.report.audit.chapters.appendix import appendix
from northstar_explain.report.audit.shapes.bin_labels import range_label, value_label
from northstar_explain.report.audit.shapes.feature_shapes import (
    ROWS,
    Bin,
    FeatureShape,
    _runs,
    counts_by_term,
    feature_shapes,
    probability_at,
)
from northstar_explain.report.audit.shapes.pair_shapes import PairShape, describe_pair, pair_shapes, strongest_colour
from northstar_explain.report.audit.shapes.plot_axis import PlotAxis, nice_values, plot_axis, round_values
from northstar_explain.report.audit.shapes.point_ranges import (
    common_range,
    own_range,
    probability_ticks,
    rate_points,
    tallest,
)
from northstar_explain.report.audit.shapes.shape_words import (
    SHOWN_STEP,
    WIGGLE,
    describe_shape,
    direction,
    keeps_direction,
)
from northstar_explain.report.charts.pair_map import pair_map
from northstar_explain.report.charts.shape_chart import shape_chart, shape_on_scale
from northstar_explain.report.document.blocks import Table, Text
from northstar_explain.report.document.charts import Chart, svg
from northstar_explain.report.document.numbers import signed

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
            assert (bin.points, bin.train_n) == (term.points[bin.number], term.customers[bin.number])
            assert term.interval is not None
            assert (bin.interval is None) == (bin.train_n == 0)
            assert bin.interval is None or bin.interval == tuple(term.interval[:, bin.number])
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
        if max(steps, default=0) < SHOWN_STEP:
            assert not text
        else:
            assert float(re.findall(r"[+−](\d+\.\d+) points", text)[0]) == pytest.approx(max(steps), abs=0.0051)


def test_missing_values_are_described_with_their_count(model: Model) -> None:
    for shape in feature_shapes(model):
        text = " ".join(describe_shape(shape, model.contract))
        if shape.feature.missing is None:
            assert "Missing: not allowed" in text
        else:
            assert f"{shape.missing.train_n:,} rows in training" in text
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
        assert all(own[0] <= min(bin.points, *bin.ends) and max(bin.points, *bin.ends) <= own[1] for bin in reached)


def test_colours_end_at_the_strongest_cell_that_is_not_thin(model: Model) -> None:
    pairs = pair_shapes(model)
    sizes = [abs(float(p)) for pair in pairs for p in pair.points[pair.thick]]
    assert strongest_colour(pairs) == max(sizes)
    assert strongest_colour(()) == 1.0


def test_a_pair_of_thin_cells_alone_has_no_empty_table(model: Model) -> None:
    pair = pair_shapes(model)[0]
    bare = replace(pair, train_n=np.minimum(pair.train_n, THIN_BIN_CUSTOMERS - 1), strongest=())
    for one, tables in ((pair, 1), (bare, 0)):
        page = next(chapter for chapter in appendix(model, (), (one,)))
        assert sum(isinstance(block, Table) for block in page.blocks) == tables
        assert any(isinstance(block, Text) and "tables/pairs.csv" in block.text for block in page.blocks)
    assert any(isinstance(block, Text) and block.text.startswith("No cell has 50") for block in page.blocks)


def test_number_bins_of_a_term_are_numbers(model: Model) -> None:
    assert {type(axis) for term in model.scorecard.terms for axis in term.axes} <= {NumberBins, CategoryBins}


def drawn(shape: FeatureShape, intercept: float = 0.0) -> Chart:
    return shape_chart(shape, common_range([shape], intercept), intercept)


def test_a_numeric_shape_plots_every_bin_in_place(model: Model) -> None:
    for shape in feature_shapes(model):
        if shape.axis is None:
            continue
        rows = drawn(shape).spec["data"]["values"]
        # One more than bins, where the last step ends.
        steps = [row for row in rows if row["part"] == 1]
        assert [row["x"] for row in steps] == pytest.approx(
            [bin.left for bin in shape.bins] + [shape.bins[-1].right], abs=1e-4
        )
        for row, bin in zip(steps, (*shape.bins, shape.bins[-1]), strict=True):
            assert row["n"] == bin.train_n
            assert [row["p"], row["low"], row["high"]] == pytest.approx(
                [bin.points, *(bin.interval or (bin.points, bin.points))], rel=1e-4, abs=1e-9
            )
        missing = [row for row in rows if row["part"] == 0]
        assert len(missing) == (2 if shape.feature.missing is not None or shape.missing.train_n else 0)
        assert all(row["n"] == shape.missing.train_n and row["end"] < 0 for row in missing)


def test_every_value_that_can_be_pointed_at_is_a_bin_of_the_page(model: Model) -> None:
    common, intercept = common_range(feature_shapes(model), model.purchase.intercept), model.purchase.intercept
    for shape in feature_shapes(model):
        rows = shape_on_scale(shape, common, intercept).spec["data"]["values"]
        expected = range(len(shape.bins) + 2) if shape.axis is None else range(1, len(shape.bins) + 1)
        assert {row["i"] for row in rows} - {0} == set(expected) - {0}


def test_pictures_show_missing_values_and_words(model: Model) -> None:
    shapes = feature_shapes(model)
    some = [
        shapes[0],
        next(s for s in shapes if s.axis is None),
        next(s for s in shapes if s.axis and s.missing.train_n),
    ]
    for shape in some:
        chart = drawn(shape, model.purchase.intercept)
        picture = svg(chart)
        assert shape.feature.words in chart.alt_text
        assert (">missing<" in picture) == (shape.axis is None or shape.missing.train_n > 0)
        assert ' opacity="0"' not in picture  # a label without room is not there for screen readers either


def test_hostile_words_are_text_in_every_picture(hostile: Model) -> None:
    shapes, pairs = feature_shapes(hostile), pair_shapes(hostile)
    pictures = [svg(drawn(shape)) for shape in shapes] + [
        svg(pair_map(pair, strongest_colour(pairs))) for pair in pairs
    ]
    for picture in pictures:
        assert set(re.findall(r"</?([a-zA-Z]+)", picture)) <= {
            "svg", "g", "path", "text", "title", "rect", "line", "defs", "clipPath",
        }  # fmt: skip
    assert any("&lt;script&gt;" in picture for picture in pictures)
    assert hostile_model.TEXTS


def test_charts_do_not_depend_on_those_before_them(model: Model) -> None:
    one, other = [shape for shape in feature_shapes(model) if shape.axis is None][:2]
    before = svg(drawn(one))
    drawn(other)
    assert svg(drawn(one)) == before


@given(st.integers(0, 400), st.integers(0, 400), st.floats(-3, 3))
def test_rates_are_shown_where_they_lie_on_the_scale_or_not_at_all(n: int, hits: int, intercept: float) -> None:
    hits = min(hits, n)
    bin = Bin("x", 0, 1, 0, 0, 0, None, 0, 0, n, hits, 0)
    found = rate_points(bin, intercept, (-1.0, 1.0))
    share = hits / n if n else 0.0
    inside = 0 < share < 1 and -1 <= math.log(share / (1 - share)) - intercept <= 1
    assert (found is not None) == (n >= THIN_BIN_CUSTOMERS and inside)
    if found:
        points, low, high = found
        assert -1 <= low <= points <= high <= 1
        assert 1 / (1 + math.exp(-points - intercept)) == pytest.approx(share)


@given(st.floats(-4, 4), st.floats(0.02, 8), st.floats(-5, 5))
def test_probabilities_beside_a_scale_are_those_of_its_points(low: float, width: float, intercept: float) -> None:
    scale = (low, low + width)
    ticks = probability_ticks(scale, intercept)
    for points, label in ticks:
        assert float(label.rstrip("%")) / 100 == pytest.approx(1 / (1 + math.exp(-points - intercept)), abs=5.001e-4)
        assert low - 1e-6 <= points <= low + width + 1e-6
    assert all(b[0] - a[0] >= 0.07 * width for a, b in pairwise(ticks))


def test_every_cell_with_customers_is_in_the_map_once(model: Model) -> None:
    for pair in pair_shapes(model):
        spec = pair_map(pair, 1.0).spec
        rows = spec["data"]["values"]
        assert {(row["i"], row["j"]): row["n"] for row in rows} == {
            (i, j): pair.train_n[i, j] for i, j in np.argwhere(pair.train_n).tolist()
        }
        assert all(row["p"] == pytest.approx(pair.points[row["i"], row["j"]], rel=1e-4) for row in rows)
        for one in spec["hconcat"]:
            # Cells without customers keep their place.
            assert one["encoding"]["y"]["scale"]["domain"] == list(range(pair.points.shape[0]))
            tests = [layer["transform"][0]["filter"] for layer in one["layer"]]
            assert tests == [f"datum.n >= {THIN_BIN_CUSTOMERS}", f"datum.n < {THIN_BIN_CUSTOMERS}"]


def test_a_bin_far_above_all_others_is_cut_off_and_named(model: Model) -> None:
    shape = next(s for s in feature_shapes(model) if s.axis is not None and len(s.bins) >= 8)
    some = tuple(replace(bin, train_n=30 + place) for place, bin in enumerate(shape.bins))
    assert tallest(replace(shape, bins=some)) == max(bin.train_n for bin in some)
    far = replace(shape, bins=(replace(some[0], train_n=9_876), *some[1:]))
    assert 29 + len(some) <= tallest(far) < 200
    assert f"9,876 ({some[0].label})" in svg(drawn(far))
    empty = tuple(replace(bin, train_n=0) for bin in some)
    assert tallest(replace(shape, bins=(replace(some[0], train_n=7), *empty[1:]))) == 7
    assert tallest(replace(shape, bins=empty)) == 1


def test_every_colour_of_a_pair_has_its_points(model: Model) -> None:
    pair = pair_shapes(model)[0]
    # Half of this is a number whose 17th digit is not read back as it is written.
    drawn = str(svg(pair_map(pair, 0.06054787018917957)))
    assert all(f">{words}<" in drawn for words in ("−0.06", "−0.03", "0.00", "+0.03", "+0.06"))


def test_categories_of_one_height_are_flat_and_none_has_the_most_points(model: Model) -> None:
    shape = next(one for one in feature_shapes(model) if one.axis is None and not one.feature.kind.has_order)
    flat = replace(shape, bins=tuple(replace(one, points=0.0012) for one in shape.bins))
    words = " ".join(describe_shape(flat, model.contract))
    assert "Flat: the points of all categories are 0.00." in words
    assert "the most points" not in words and "sorted by points" not in words
