"""The curves of the purchase model: reliability, gains and deciles, with bootstrap intervals.

Each class computes its curve on one bootstrap draw (`draw`) and its facts from all draws (`facts`).
"""

from __future__ import annotations

import numpy as np

from northstar_explain import metrics
from northstar_explain.evaluate.holdout_metrics import interval
from northstar_explain.evaluate.ranking import Ranked
from northstar_explain.model.evaluation.rate_facts import CalibrationBin, Decile, GainsPoint

# Rounded, as the facts would show 0.30000000000000004 otherwise.
SHARES = np.round(np.linspace(0, 1, 41), 3)


class _Rates:
    """Purchase rates of groups of rows."""

    def __init__(self, label: np.ndarray, probability: np.ndarray, group: np.ndarray, groups: int):
        self._label, self._group, self._groups = label, group, groups
        self.n = np.bincount(group, minlength=groups)
        # A group without rows has no rate: 0 / 0 is NaN here, and left out by `facts`.
        with np.errstate(invalid="ignore"):
            self.predicted, self.actual = (np.bincount(group, of, groups) / self.n for of in (probability, label))

    def draw(self, counts: np.ndarray) -> np.ndarray:
        rows = np.bincount(self._group, counts, self._groups)
        buyers = np.bincount(self._group, counts * self._label, self._groups)
        # A group without rows in a draw keeps its rate, so that it does not widen the interval.
        return np.where(rows > 0, buyers / np.maximum(rows, 1), self.actual)


class Reliability(_Rates):
    """Predicted against actual rate in ten bins of equal size, from the lowest probability up."""

    def __init__(self, label: np.ndarray, probability: np.ndarray):
        super().__init__(label, probability, metrics.calibration_bins(probability), metrics.CALIBRATION_BINS)

    def facts(self, draws: np.ndarray) -> tuple[CalibrationBin, ...]:
        """Each bin that has rows; `draws` stacks the results of `draw`."""
        return tuple(
            CalibrationBin(
                int(self.n[bin]), float(self.predicted[bin]), float(self.actual[bin]), interval(draws[:, bin])
            )
            for bin in np.flatnonzero(self.n)
        )


class Deciles(_Rates):
    """Predicted against actual rate in each decile of the training population."""

    def __init__(self, label: np.ndarray, probability: np.ndarray, decile: np.ndarray):
        super().__init__(label, probability, decile - 1, 10)

    def facts(self, draws: np.ndarray) -> tuple[Decile, ...]:
        """All ten, 10 the highest; `draws` stacks the results of `draw`."""
        return tuple(self._decile(place, draws) for place in range(10))

    def _decile(self, place: int, draws: np.ndarray) -> Decile:
        n = int(self.n[place])
        if not n:
            return Decile(place + 1, 0, None, None, None)
        rates = float(self.predicted[place]), float(self.actual[place])
        return Decile(place + 1, n, *rates, interval(draws[:, place]))


class Gains:
    """The share of all buyers among each best-scored share of customers."""

    def __init__(self, ranked: Ranked):
        self._ranked = ranked

    def draw(self, counts: np.ndarray) -> np.ndarray:
        """Captured shares, at `SHARES`."""
        return self._ranked.gains(SHARES, counts)

    def facts(self, draws: np.ndarray) -> tuple[GainsPoint, ...]:
        """A point for each of `SHARES`; `draws` stacks the results of `draw`."""
        captured = self._ranked.gains(SHARES)
        return tuple(
            GainsPoint(float(share), float(hits), interval(draws[:, place]))
            for place, (share, hits) in enumerate(zip(SHARES, captured, strict=True))
        )
