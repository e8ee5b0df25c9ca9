"""How robust a score is: agreement between the bags, and the response to values beyond the training range."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from northstar_explain.contract.categories import Category
from northstar_explain.contract.columns import Columns, count_rows, rows_of
from northstar_explain.contract.features import Feature
from northstar_explain.learn.compile_scorecard import Bags
from northstar_explain.model.evaluation.robustness_facts import BagAgreement, ProbabilitySpread, RangeResponse
from northstar_explain.model.reasons import REASONS, group_sums, groups_of
from northstar_explain.model.scorecard import NumberBins, Scorecard, sigmoid

# Customers sampled from the holdout: enough for two digits of a share, few enough to take seconds.
BAG_ROWS = 20_000
RANGE_ROWS = 5_000


def bag_facts(
    scorecard: Scorecard, bags: Bags, columns: Columns, threshold: float, percentiles: Sequence[float], seed: int
) -> BagAgreement:
    """Score customers by each outer bag alone, and compare flag, decile and reasons with those of the model.

    Parameters
    ----------
    scorecard : Scorecard
        The mean of the bags.
    bags : Bags
    columns : mapping
        Holdout customers.
    threshold : float
        Of the likely-buyer flag.
    percentiles : sequence of float
        1,001 quantiles of the probability over the training population.
    seed : int
        Of the sample of at most 20,000 customers.

    Returns
    -------
    BagAgreement
    """
    sample = _sample(columns, BAG_ROWS, seed)
    bins, points = scorecard.contributions(sample)
    averaged = sigmoid(scorecard.logit(points))
    # Every 100th of the 1,001 quantiles is the edge of a decile.
    edges = np.asarray(percentiles)[100:1000:100]
    # The bags are compared with the mean that scores, and not with one another.
    groups = groups_of(scorecard)
    top = _largest(group_sums(points, groups))
    by_bag, agreement = [], []
    for bag, intercept in enumerate(bags.intercepts):
        addends = np.stack([table[bag].ravel()[row] for table, row in zip(bags.points, bins, strict=True)])
        probability = sigmoid(intercept + addends.sum(axis=0))
        by_bag.append(probability)
        bag_top = _largest(group_sums(addends, groups))
        shared = (bag_top[:, None, :] == top[None, :, :]).any(axis=0).mean(axis=0)
        agreement.append([
            ((probability >= threshold) == (averaged >= threshold)).mean(),
            (np.searchsorted(edges, probability, "right") == np.searchsorted(edges, averaged, "right")).mean(),
            (bag_top[0] == top[0]).mean(),
            shared.mean(),
        ])  # fmt: skip
    spread = np.std(by_bag, axis=0)
    return BagAgreement(
        len(bags.intercepts),
        len(averaged),
        ProbabilitySpread(float(spread.mean()), float(np.quantile(spread, 0.95))),
        *map(float, np.mean(agreement, axis=0)),
    )


def range_facts(
    scorecard: Scorecard, train: Columns, columns: Columns, features: Sequence[Feature], seed: int
) -> tuple[RangeResponse, ...]:
    """Move customers beyond the training range, one feature at a time, and measure the change of the probability.

    A scorecard is constant beyond its outermost cuts, so an infinite value stands for every value out there.

    Parameters
    ----------
    scorecard : Scorecard
    train : mapping
        Training rows, which define the range.
    columns : mapping
        Customers to move.
    features : sequence of Feature
        Those of the purchase model.
    seed : int
        Of the sample of at most 5,000 customers.

    Returns
    -------
    tuple of RangeResponse
        By numeric feature.
    """
    sample = _sample(columns, RANGE_ROWS, seed)
    points = scorecard.contributions(sample)[1]
    logit = scorecard.logit(points)
    facts = []
    for feature in features:
        seen = train[feature.name]
        if isinstance(seen, Category):
            continue
        moved = [_change(scorecard, sample, points, logit, feature.name, value) for value in (-np.inf, np.inf)]
        facts.append(
            RangeResponse(
                feature=feature.name,
                seen_low=float(np.nanmin(seen)),
                seen_high=float(np.nanmax(seen)),
                below=float(moved[0].mean()),
                above=float(moved[1].mean()),
                largest=float(np.abs(moved).max()),
            )
        )
    return tuple(facts)


def _change(
    scorecard: Scorecard, sample: Columns, points: np.ndarray, logit: np.ndarray, name: str, value: float
) -> np.ndarray:
    changed = {**sample, name: np.full(len(logit), value)}
    after = logit.copy()
    for place, term in enumerate(scorecard.terms):
        if name in term.features:
            # An infinite value is beyond the cuts of numeric bins only; a category has no order.
            assert all(isinstance(axis, NumberBins) for axis in term.axes if axis.feature == name)
            after += term.points.ravel()[term.index(changed)] - points[place]
    change: np.ndarray = sigmoid(after) - sigmoid(logit)
    return change


def _largest(sums: np.ndarray) -> np.ndarray:
    """The themes with the largest sums of points either way, the largest first: shape (at most 3, n)."""
    return np.argsort(-np.abs(sums), axis=0, kind="stable")[:REASONS]


def _sample(columns: Columns, most: int, seed: int) -> Columns:
    count = count_rows(columns)
    return rows_of(columns, np.sort(np.random.default_rng([seed, 5]).permutation(count)[:most]))
