"""What a flag would find at other thresholds than the model's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from northstar_explain.model.evaluation.rate_facts import OperatingPoint

# Shares of the training population, the best scored, whose lowest probability is a threshold of the table.
SHARES = (0.01, 0.02, *(round(0.05 * step, 2) for step in range(1, 20)))


def operating_points(
    label: np.ndarray, probability: np.ndarray, threshold: float, percentiles: Sequence[float]
) -> tuple[OperatingPoint, ...]:
    """Precision, recall and the like at a range of thresholds.

    Parameters
    ----------
    label : ndarray of 0 and 1, shape (n,)
        Of the holdout; both must occur.
    probability : ndarray of float, shape (n,)
    threshold : float
        The model's own, which is one of the rows.
    percentiles : sequence of float
        1,001 quantiles of the training population's probabilities.

    Returns
    -------
    tuple of OperatingPoint
        The highest threshold first. Chosen from the training rows, as the holdout chooses nothing.
    """
    others = {float(percentiles[round(1000 * (1 - share))]) for share in SHARES} - {threshold}
    found = [operating_point(label, probability, one, False) for one in others]
    found.append(operating_point(label, probability, threshold, True))
    return tuple(sorted(found, key=lambda one: -one.threshold))


def operating_point(label: np.ndarray, probability: np.ndarray, threshold: float, chosen: bool) -> OperatingPoint:
    """Precision, recall and the like at one threshold; `chosen` says that it is the model's own."""
    flag = probability >= threshold
    flagged, buyers, hits = int(flag.sum()), int(label.sum()), int(label[flag].sum())
    return OperatingPoint(
        threshold=threshold,
        chosen=chosen,
        flagged=flagged,
        precision=hits / flagged if flagged else None,
        recall=hits / buyers,
        false_positive_rate=(flagged - hits) / (len(label) - buyers),
        f1=2 * hits / (flagged + buyers),
    )
