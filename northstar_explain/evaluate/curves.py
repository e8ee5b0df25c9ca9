"""The curves of the purchase model: reliability, gains, deciles and profit, with bootstrap intervals.

Each class computes its curve on one bootstrap draw (`draw`) and its facts from all draws (`facts`).
"""

from __future__ import annotations

import numpy as np

from northstar_explain import metrics
from northstar_explain.evaluate.holdout_metrics import interval
from northstar_explain.evaluate.ranking import Ranked
from northstar_explain.model.evaluation.profit_facts import Profit, ProfitPoint
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


class ProfitCurve:
    """Profit of contacting the best-scored customers, if the contact won every buyer among them.

    Buyers who would have bought without it are counted as won; only a control group separates the two.

    Parameters
    ----------
    label : ndarray of 0 and 1, shape (n,)
    probability : ndarray of float, shape (n,)
    margin : float
        Earned per purchase; above 0.
    contact_cost : float
        Spent per customer contacted.
    """

    def __init__(self, label: np.ndarray, probability: np.ndarray, margin: float, contact_cost: float):
        self._margin, self._cost = margin, contact_cost
        self._label, self._probability = label, probability
        self._ranked = Ranked(label, probability)
        # A contact pays where its expected margin covers its cost: probability x margin >= cost.
        self._pays = probability >= contact_cost / margin

    def draw(self, counts: np.ndarray) -> np.ndarray:
        """Profit per 1,000 customers at each of `SHARES`; last, of contacting from the break-even probability on."""
        # From a share of the buyers to buyers per customer.
        won = self._ranked.gains(SHARES, counts) * (counts @ self._label) / counts.sum()
        return np.append(self._per_1000(won, SHARES), self._paying(counts, self._label))

    def facts(self, draws: np.ndarray) -> Profit:
        """The curve, and the profit above the break-even probability, whose choice uses no outcome."""
        profit = self.draw(np.ones(len(self._label)))
        ends = [interval(values) for values in draws.T]
        expected = self._expected()
        best = int(profit[:-1].argmax())
        return Profit(
            margin=self._margin,
            contact_cost=self._cost,
            curve=tuple(
                ProfitPoint(float(share), float(profit[place]), ends[place], float(expected[place]))
                for place, share in enumerate(SHARES)
            ),
            best_share=float(SHARES[best]),
            best_profit=float(profit[best]),
            break_even=self._cost / self._margin,
            above_break_even=ProfitPoint(
                share=float(self._pays.mean()),
                profit=float(profit[-1]),
                profit_interval=ends[-1],
                expected_profit=self._paying(np.ones(len(self._label)), self._probability),
            ),
        )

    def _per_1000(self, won: np.ndarray, share: np.ndarray) -> np.ndarray:
        return 1000 * (self._margin * won - self._cost * share)

    def _expected(self) -> np.ndarray:
        # Expected buyers among the best-scored k customers: the sum of their probabilities.
        won = np.append(0.0, np.cumsum(-np.sort(-self._probability))) / len(self._probability)
        return self._per_1000(np.interp(SHARES, np.linspace(0, 1, len(won)), won), SHARES)

    def _paying(self, counts: np.ndarray, won: np.ndarray) -> float:
        contacted = counts * self._pays
        profit = self._margin * (contacted @ won) - self._cost * contacted.sum()
        return float(1000 * profit / counts.sum())
