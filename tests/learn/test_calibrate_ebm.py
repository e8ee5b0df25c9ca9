"""Level and scale of the purchase model come from rows that a bag was not fitted to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from northstar_explain.learn.calibrate_ebm import calibrate
from northstar_explain.model.scorecard import sigmoid


class _Ebm:
    """Two bags of one feature with two bins; interpret's `eval_terms` gives the entry of each row's bin."""

    def __init__(self, points: list[list[float]]) -> None:
        self.bagged_scores_ = [np.array(points)]
        self.term_scores_ = [self.bagged_scores_[0].mean(axis=0)]
        self.standard_deviations_ = [self.bagged_scores_[0].std(axis=0)]
        self.bagged_intercept_ = np.zeros(len(points))
        self.intercept_ = np.zeros(1)

    def eval_terms(self, rows: pd.DataFrame) -> np.ndarray:
        points: np.ndarray = np.asarray(self.term_scores_[0])[rows["bin"].to_numpy()]
        return points[:, None]


def _rows(n: int, seed: int, scale: float, shift: float) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    bins = rng.integers(0, 2, n)
    label = (rng.random(n) < sigmoid(shift + scale * np.array([-1.0, 1.0])[bins])).astype(int)
    half = np.where(rng.random(n) < 0.5, 1, -1)
    return pd.DataFrame({"bin": bins}), label, np.column_stack([half, -half]).astype(np.int8)


@pytest.mark.parametrize(("scale", "shift"), [(1.0, 0.0), (1.3, -0.7), (0.6, 0.4)])
def test_shapes_drawn_too_near_to_the_mean_are_scaled_back(scale: float, shift: float) -> None:
    ebm: Any = _Ebm([[-1.0, 1.0], [-1.0, 1.0]])
    assert calibrate(ebm, *_rows(60_000, 1, scale, shift)) == pytest.approx(scale, abs=0.05)
    assert ebm.intercept_[0] == pytest.approx(shift, abs=0.05)
    np.testing.assert_allclose(ebm.term_scores_[0], scale * np.array([-1, 1]), atol=0.05)
    np.testing.assert_allclose(ebm.bagged_scores_[0].mean(axis=0), ebm.term_scores_[0])


def test_a_bag_does_not_count_for_rows_that_it_was_fitted_to() -> None:
    rows, label, halves = _rows(40_000, 2, 1.0, 0.0)
    ebm: Any = _Ebm([[-1.0, 1.0], [1.0, -1.0]])  # the first bag is right, the second the wrong way round
    halves[:, 0], halves[:, 1] = -1, 1
    assert calibrate(ebm, rows, label, halves) == pytest.approx(1.0, abs=0.06)


def test_the_scale_has_bounds_and_rows_that_are_all_alike_give_the_level() -> None:
    rows, label, halves = _rows(5_000, 3, 8.0, 0.0)
    weak: Any = _Ebm([[-1.0, 1.0]] * 2)
    assert calibrate(weak, rows, label, halves) == 1.5
    flat: Any = _Ebm([[0.0, 0.0]] * 2)
    calibrate(flat, rows, label, halves)
    assert sigmoid(flat.intercept_)[0] == pytest.approx(label.mean(), abs=1e-6)


def test_a_model_that_separates_nearly_all_rows_stays_finite() -> None:
    rows, _, halves = _rows(2_000, 4, 1.0, 0.0)
    label = rows["bin"].to_numpy()
    for points in (1.0, 40.0):
        ebm: Any = _Ebm([[-points, points]] * 2)
        scale = calibrate(ebm, rows, label, halves)
        assert 0.5 <= scale <= 1.5 and np.isfinite(ebm.intercept_).all()
