"""The fast way to score is the plain one: the same bins, points, sums and reasons, for whatever values there are."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pyarrow as pa
import pytest
from helpers import around
from hypothesis import given
from hypothesis.extra import numpy as arrays

from northstar_explain.contract import Category, Columns, check, columns_of
from northstar_explain.model import Model
from northstar_explain.model.grid import Grid, distinct
from northstar_explain.model.lookup import Lookup
from northstar_explain.model.scorecard import CategoryBins, NumberBins, Scorecard, Term

HARD = [np.inf, -np.inf, 0.0, -0.0, 5e-324, -5e-324, 1e308, -1e308, 1.0, np.nextafter(1, 2)]
FLOATS = st.one_of(
    st.sampled_from(HARD), st.floats(allow_nan=False), st.integers(-400, 400).map(lambda n: n / 2), st.floats(0, 1)
)
CUTS = st.lists(FLOATS.filter(np.isfinite), max_size=300, unique=True).map(lambda cuts: distinct(np.array(cuts)))


@given(CUTS, st.lists(FLOATS, min_size=1, max_size=50))
def test_a_grid_counts_as_a_binary_search_does(cuts: np.ndarray, values: list[float]) -> None:
    found = np.array([*values, *around(cuts), *(-cuts), *HARD])
    assert (Grid(cuts)(found) == np.searchsorted(cuts, found, side="right")).all()


@pytest.mark.parametrize(
    "cuts",
    [
        np.arange(256) + 0.5,
        np.sort(np.random.default_rng(0).random(253)),
        np.exp(np.linspace(-300, 300, 255)),
        1 + np.arange(200) * 2.0**-52,
        np.concatenate([np.arange(100) * 5e-324, np.arange(1, 100) * 1e300]),
        np.linspace(-1, 1, 101),
        np.array([0.0]),
        np.array([]),
    ],
    ids=["halves", "random", "octaves", "one step apart", "both ends", "signed", "zero", "none"],
)
def test_a_grid_is_exact_on_every_cut_and_one_step_beside_it(cuts: np.ndarray) -> None:
    values = np.array([*around(cuts), *HARD, *np.random.default_rng(1).normal(size=1_000)])
    assert (Grid(cuts)(values) == np.searchsorted(cuts, values, side="right")).all()


@given(arrays.arrays(np.float64, st.integers(0, 20), elements=st.sampled_from([-0.0, 0.0, 1.0, 2.0, np.inf])))
def test_distinct_values_are_those_of_numpy(values: np.ndarray) -> None:
    assert (distinct(values) == np.unique(values)).all()


def plain(card: Scorecard, columns: Columns, most: int) -> tuple[np.ndarray, list[list[float]]]:
    """Log-odds and the largest points either way, term by term, row by row."""
    _, points = card.contributions(columns)
    top = np.sort(np.abs(points), axis=0)[::-1][:most]
    return card.logit(points), [list(row) for row in top]


def ranked_points(card: Scorecard, lookup: Lookup, ranks: np.ndarray) -> np.ndarray:
    flat = np.concatenate([term.points.ravel() for term in card.terms])
    points: np.ndarray = np.concatenate([[0.0], np.abs(flat[lookup.ranked])])[ranks]
    return points


def test_it_says_what_the_scorecard_says(model: Model, customers: pa.Table) -> None:
    columns = columns_of(check(customers, model.contract).accepted, model.contract.features)
    lookup = Lookup(model.scorecard)
    counts = lookup.empty_counts()
    sums = lookup(columns, 3, counts)
    logit, top = plain(model.scorecard, columns, 3)
    assert (sums.logit == logit).all()  # to the last bit
    for ranks, sizes in zip(sums.top, top, strict=True):
        assert (ranked_points(model.scorecard, lookup, ranks) == sizes).all()
    for feature, axis in lookup.axes.items():
        assert (counts[feature] == np.bincount(axis.index(columns[feature]), minlength=axis.count)).all()
        assert counts[feature].sum() == customers.num_rows


NUMBERS = st.one_of(st.just(np.nan), FLOATS)
POINTS = st.sampled_from([-2.0, -1.0, -0.5, 0.0, 0.0, 0.25, 0.5, 1.0])


@st.composite
def cards(draw: st.DrawFn) -> Scorecard:
    """Scorecards with ties, zeros, pairs that are cut elsewhere than their features, and categories in groups."""
    main, pair = (NumberBins("x", draw(CUTS.filter(lambda c: len(c) < 20))) for _ in range(2))
    words = CategoryBins("w", {"a": 1, "b": 2, "c": 2})
    coarse = CategoryBins("w", {"a": 1, "d": 1})
    axes: list[tuple[NumberBins | CategoryBins, ...]] = [(main,), (words,), (pair, coarse), (pair,), (coarse, main)]
    terms = []
    for one in axes[: draw(st.integers(1, 5))]:
        shape = tuple(axis.count for axis in one)
        points = draw(arrays.arrays(np.float64, shape, elements=POINTS))
        terms.append(Term(one, points, points * 0, points * 0 + 1))
    return Scorecard(draw(st.floats(-1, 1)), tuple(terms))


@given(cards(), st.lists(st.tuples(NUMBERS, st.sampled_from([-1, 0, 1, 2, 3, 4])), min_size=1, max_size=20))
def test_any_scorecard_and_any_rows(card: Scorecard, rows: list[tuple[float, int]]) -> None:
    numbers, codes = np.array([row[0] for row in rows]), np.array([row[1] for row in rows], dtype=np.int32)
    columns: Columns = {"x": numbers, "w": Category(codes, ("d", "c", "b", "a", "never seen"))}
    lookup = Lookup(card)
    sums = lookup(columns, 3)
    logit, top = plain(card, columns, 3)
    assert (sums.logit == logit).all()
    for place, ranks in enumerate(sums.top):
        sizes = top[place] if place < len(top) else np.zeros(len(rows))
        assert (ranked_points(card, lookup, ranks) == sizes).all()


def test_of_equal_points_the_earlier_term_comes_first() -> None:
    bins = CategoryBins("w", {"a": 1})
    points = np.array([0.0, 1.0, 0.0])
    card = Scorecard(0.0, tuple(Term((bins,), points * sign, points, points) for sign in (1, -1, 1, -1)))
    lookup = Lookup(card)
    sums = lookup({"w": Category(np.zeros(1, dtype=np.int32), ("a",))}, 3)
    assert [int(lookup.ranked[ranks[0] - 1]) // 3 for ranks in sums.top] == [0, 1, 2]
