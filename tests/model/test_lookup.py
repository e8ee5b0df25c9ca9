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
from northstar_explain.model.golden_scores import reasons_of
from northstar_explain.model.grid import Grid, distinct
from northstar_explain.model.lookup import Lookup
from northstar_explain.model.reasons import top_reasons
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


def plain(card: Scorecard, columns: Columns) -> tuple[np.ndarray, list[list[str | None]]]:
    """Log-odds and reasons, term by term, row by row."""
    places, points = card.contributions(columns)
    return card.logit(points), top_reasons(card, places, points)


def test_it_says_what_the_scorecard_says(model: Model, customers: pa.Table) -> None:
    columns = columns_of(check(customers, model.contract).accepted, model.contract.features)
    lookup = Lookup(model.scorecard)
    counts = lookup.empty_counts()
    sums = lookup(columns, 3, counts)
    logit, said = plain(model.scorecard, columns)
    assert (sums.logit == logit).all()  # to the last bit
    assert reasons_of(model.scorecard, sums.top) == said
    assert all(None not in rank for rank in said)
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
    terms: list[Term] = []
    for one in axes[: draw(st.integers(1, 5))]:
        shape = tuple(axis.count for axis in one)
        points = draw(arrays.arrays(np.float64, shape, elements=POINTS))
        name, theme = str(len(terms)), draw(st.sampled_from(["", "one", "other"]))
        terms.append(Term(one, points, points * 0, points * 0 + 1, words_of(name, points), theme))
    return Scorecard(draw(st.floats(-1, 1)), tuple(terms))


def words_of(name: str, points: np.ndarray) -> tuple[str, ...]:
    """A reason for each bin of a term."""
    return tuple(f"{name}: {place}" for place in range(points.size))


@given(cards(), st.lists(st.tuples(NUMBERS, st.sampled_from([-1, 0, 1, 2, 3, 4])), min_size=1, max_size=20))
def test_any_scorecard_and_any_rows(card: Scorecard, rows: list[tuple[float, int]]) -> None:
    numbers, codes = np.array([row[0] for row in rows]), np.array([row[1] for row in rows], dtype=np.int32)
    columns: Columns = {"x": numbers, "w": Category(codes, ("d", "c", "b", "a", "never seen"))}
    lookup = Lookup(card)
    sums = lookup(columns, 3)
    logit, said = plain(card, columns)
    assert (sums.logit == logit).all()
    assert reasons_of(card, sums.top) == said


CODE = {"w": Category(np.zeros(1, dtype=np.int32), ("a",))}


def card_of(*terms: tuple[str, float]) -> Scorecard:
    """A scorecard of terms that give the one customer of `CODE` these points, each with its theme."""
    bins = CategoryBins("w", {"a": 1})
    made = []
    for number, (theme, one) in enumerate(terms):
        points = np.array([0.0, one, 0.0])
        made.append(Term((bins,), points, points, points, words_of(str(number), points), theme or f"alone {number}"))
    return Scorecard(0.0, tuple(made))


def said_by(card: Scorecard) -> list[str]:
    """The terms that word the reasons, as the lookup and the plain way find them."""
    found = [rank[0] for rank in reasons_of(card, Lookup(card)(CODE, 3).top)]
    assert found == [rank[0] for rank in plain(card, CODE)[1]]
    return [reason.partition(":")[0] for reason in found if reason]


def test_of_equal_points_the_earlier_term_comes_first() -> None:
    assert said_by(card_of(("", 1.0), ("", -1.0), ("", 1.0), ("", -1.0))) == ["0", "1", "2"]
    assert said_by(card_of(("t", -0.5), ("t", -0.5), ("u", 0.5), ("u", 0.5))) == ["0", "2"]


def test_a_theme_is_ranked_by_its_sum_and_worded_by_its_largest_term_of_that_sign() -> None:
    # Three of visits outweigh the one order that is larger than each; of recency, what is left is below zero.
    card = card_of(
        ("visits", 0.3), ("orders", 0.7), ("visits", 0.4), ("visits", 0.2), ("recency", 0.5), ("recency", -0.6)
    )
    assert said_by(card) == ["2", "1", "5"]


def test_a_theme_whose_terms_cancel_is_no_reason() -> None:
    assert said_by(card_of(("visits", 0.3), ("visits", -0.3), ("orders", 0.1))) == ["2"]
    assert said_by(card_of(("visits", 0.3), ("visits", -0.3))) == []
    assert said_by(card_of(("", 4e-7), ("orders", 6e-7))) == ["1"]  # less than half a millionth


@pytest.mark.parametrize("size", [60.0, 1e9, 1e300])
def test_points_of_any_size_have_reasons(size: float) -> None:
    assert said_by(card_of(("t", -size), ("t", -size), ("", 2.0), ("", 1.0))) == ["0", "2", "3"]
