"""Shapes of the purchase model: no thin bins, what does not repeat is flat, and the score stays interpret's own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from northstar_explain.learn import splits
from northstar_explain.learn.smooth_shapes import FEW_VALUES, smooth_shapes
from northstar_explain.model.evaluation.limits import THIN_BIN_CUSTOMERS
from northstar_explain.model.learned_model import Model
from northstar_explain.model.scorecard import NumberBins

BAGS = 14


def _ebm(weights: np.ndarray, bagged: np.ndarray, kind: str = "continuous") -> Any:
    """A fitted EBM of one feature (or of two with the same bins), with what smoothing reads."""
    known = weights.shape[0] - 2
    bins: Any = np.arange(1.0, known) if kind == "continuous" else {str(i): i for i in range(1, known + 1)}
    width = weights.ndim
    return SimpleNamespace(
        bins_=[[bins] for _ in range(width)],
        feature_types_in_=[kind] * width,
        term_features_=[tuple(range(width))],
        bin_weights_=[weights],
        bagged_scores_=[bagged],
        term_scores_=[bagged.mean(axis=0)],
        standard_deviations_=[bagged.std(axis=0)],
    )


def _weights(*known: float) -> np.ndarray:
    return np.array([0.0, *known, 0.0])


def _bags(shape: np.ndarray, noise: float = 0.0, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return shape + noise * rng.normal(size=(BAGS, *shape.shape))


def test_what_every_half_agrees_on_stays_as_it_is() -> None:
    weights = _weights(*[200.0] * 30)
    shape = np.sin(np.arange(32.0))
    ebm = _ebm(weights, _bags(shape))
    (smoothing,) = smooth_shapes(ebm)
    assert smoothing.strength == 0.0 and smoothing.kept == pytest.approx(1.0)
    np.testing.assert_allclose(ebm.term_scores_[0], shape, atol=1e-12)


@pytest.mark.parametrize("kind", ["continuous", "nominal"])
def test_what_does_not_repeat_becomes_flat(kind: str) -> None:
    ebm = _ebm(_weights(*[200.0] * 30), _bags(np.zeros(32), 1.0), kind)
    before = ebm.term_scores_[0][1:-1].std()
    smooth_shapes(ebm)
    assert ebm.term_scores_[0][1:-1].std() < 0.3 * before


def test_a_curve_under_noise_comes_nearer_to_the_truth() -> None:
    truth = np.linspace(-1, 1, 102)
    ebm = _ebm(_weights(*[200.0] * 100), _bags(truth, 1.0))
    before = np.abs(ebm.term_scores_[0] - truth)[1:-1].mean()
    smooth_shapes(ebm)
    assert np.abs(ebm.term_scores_[0] - truth)[1:-1].mean() < 0.5 * before


def test_the_cells_of_a_pair_too() -> None:
    weights = np.zeros((22, 22))
    weights[1:-1, 1:-1] = 10.0
    truth = np.add.outer(np.linspace(-1, 1, 22), np.linspace(-1, 1, 22))
    ebm = _ebm(weights, _bags(truth, 1.0))
    before = np.abs(ebm.term_scores_[0] - truth)[1:-1, 1:-1].mean()
    smooth_shapes(ebm)
    assert np.abs(ebm.term_scores_[0] - truth)[1:-1, 1:-1].mean() < 0.5 * before


def test_few_customers_with_a_missing_value_do_not_get_many_points() -> None:
    weights = np.array([11.0, *[500.0] * 20, 0.0])
    shape = np.concatenate([[0.0], np.linspace(-1, 1, 20), [0.0]])
    bagged = _bags(shape, 0.3)
    bagged[:, 0] = np.where(np.arange(BAGS) % 2, -13.0, 1.0)  # only one half has seen it
    ebm = _ebm(weights, bagged)
    smooth_shapes(ebm)
    assert abs(ebm.term_scores_[0][0]) < 3


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 400), st.floats(0, 2)), min_size=2, max_size=60), st.integers(0, 9))
def test_a_monotone_curve_stays_monotone(bins: list[tuple[int, float]], seed: int) -> None:
    customers, steps = (np.array(values, dtype=float) for values in zip(*bins, strict=True))
    if not customers.sum():
        return
    rising = np.random.default_rng(seed).random((BAGS, len(bins))) * steps
    bagged = np.pad(np.cumsum(rising, axis=1), ((0, 0), (1, 1)))
    ebm = _ebm(_weights(*customers), bagged)
    smooth_shapes(ebm)
    assert np.diff(ebm.term_scores_[0][1:-1]).min(initial=0) >= -1e-9
    np.testing.assert_allclose(ebm.term_scores_[0], ebm.bagged_scores_[0].mean(axis=0))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 120), min_size=FEW_VALUES + 1, max_size=60))
def test_no_bin_has_fewer_customers_than_stated(known: list[int]) -> None:
    weights = _weights(*map(float, known))
    ebm = _ebm(weights, _bags(np.zeros(len(weights)), 1.0))
    smooth_shapes(ebm)
    merged, cuts = ebm.bin_weights_[0], ebm.bins_[0][0]
    assert len(merged) == len(cuts) + 3 == ebm.term_scores_[0].size
    assert merged.sum() == weights.sum()
    if weights.sum() >= THIN_BIN_CUSTOMERS:
        assert merged[1:-1].min() >= THIN_BIN_CUSTOMERS
    # Every customer is in the bin that the cuts say: value i is in the bin from cut i to cut i + 1.
    values = np.repeat(np.arange(len(known)) + 0.5, known)
    found = np.bincount(NumberBins("x", cuts).index(values), minlength=len(merged))
    np.testing.assert_array_equal(found, merged)


def test_a_feature_with_few_values_keeps_them() -> None:
    ebm = _ebm(_weights(1000.0, 3.0, 1.0, 900.0), _bags(np.arange(6.0)))
    smooth_shapes(ebm)
    assert len(ebm.bins_[0][0]) == 3


@pytest.mark.parametrize("bags", [1, 2, 5, 14])
def test_two_bags_have_the_two_halves_of_the_rows(bags: int) -> None:
    label = np.arange(1001) % 5 == 0
    halves = splits.halves(label.astype(int), None, bags, 3)
    assert halves.shape == (1001, bags) and set(np.unique(halves)) == {-1, 1}
    for one in range(0, bags - 1, 2):
        np.testing.assert_array_equal(halves[:, one], -halves[:, one + 1])
    assert all(abs(halves[label, bag].sum()) <= 1 for bag in range(bags))
    np.testing.assert_array_equal(halves, splits.halves(label.astype(int), None, bags, 3))


def test_no_group_is_in_both_halves() -> None:
    rng = np.random.default_rng(0)
    groups, label = rng.integers(0, 90, 600), rng.integers(0, 2, 600)
    halves = splits.halves(label, groups, 4, 0)
    for bag in range(4):
        assert not set(groups[halves[:, bag] == 1]) & set(groups[halves[:, bag] == -1])


def test_the_scorecard_of_a_trained_model_has_no_thin_bins(model: Model) -> None:
    curves = [term for term in model.scorecard.terms if len(term.axes) == 1 and isinstance(term.axes[0], NumberBins)]
    for term in curves:
        assert len(term.points) - 2 <= FEW_VALUES or term.customers[1:-1].min() >= THIN_BIN_CUSTOMERS, term.name
