"""Groups that people make by hand: recency-frequency-value quintiles, recency by frequency, a grid of medians."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np

from northstar_explain.contract.columns import Columns, rows_of
from northstar_explain.evaluate.score_cells import ScoreCells, has_any, median_cut, quantile_cuts, table_of

# Scores of recency, frequency and value, 5 the best, of the eleven groups.
RFV_GROUPS = {
    "champions": "555 554 544 545 454 455 445",
    "loyal": "543 444 435 355 354 345 344 335",
    "potential loyalists": "553 551 552 541 542 533 532 531 452 451 442 441 431 453 433 432 423 353 352 351 342 341 "
    "333 323",
    "new": "512 511 422 421 412 411 311",
    "promising": "525 524 523 522 521 515 514 513 425 424 413 414 415 315 314 313",
    "needing attention": "535 534 443 434 343 334 325 324",
    "about to sleep": "331 321 312 221 213 231 241 251",
    "at risk": "255 254 245 244 253 252 243 242 235 234 225 224 153 152 145 143 142 135 134 133 125 124",
    "cannot lose": "155 154 144 214 215 115 114 113",
    "hibernating": "332 322 233 232 223 222 132 123 122 212 211",
    "lost": "111 112 121 131 141 151",
}

# Features of which every pair is tried.
PAIRED_FEATURES = 40


def rfv_groups(columns: Columns, recency: str, frequency: str, value: str) -> ScoreCells:
    """Recency-frequency-value quintiles in the eleven named groups of marketing.

    Parameters
    ----------
    columns : mapping
        The rows to learn the quintiles from.
    recency, frequency, value : str
        Features: days since the last purchase, the number of purchases, their amount.

    Returns
    -------
    ScoreCells
        Groups in the order of `RFV_GROUPS`, and last those without any purchase. Quintiles are of those who have any:
        a table made of orders has no others, and shops list the others apart, as "prospects" (Shopify's
        CustomerRfmGroup). Equal values share a score, since a rule cannot tell them apart.

    Notes
    -----
    The scores are those of Hughes (Strategic Database Marketing, 1994). The groups are as Bloomreach documents them
    (https://documentation.bloomreach.com/engagement/docs/rfm-segmentation); tools and tutorials copy the same table.
    """
    buyers = _buyers(columns, recency, frequency, value)
    cuts = (
        quantile_cuts(recency, buyers, 5, low_is_best=True),
        quantile_cuts(frequency, buyers, 5),
        quantile_cuts(value, buyers, 5),
    )
    return ScoreCells(cuts, table_of(list(RFV_GROUPS.values())), _counted(columns, frequency))


def recency_frequency_groups(columns: Columns, recency: str, frequency: str) -> ScoreCells:
    """Six groups: those who bought recently, a while or long ago, each by whether they buy more or less often.

    Parameters
    ----------
    columns : mapping
        The rows to learn from.
    recency, frequency : str
        Features: days since the last purchase, and the number of purchases.

    Returns
    -------
    ScoreCells
        Three thirds of recency by two halves of frequency, both of those who have any; last those who have none.
    """
    buyers = _buyers(columns, recency, frequency)
    cuts = (quantile_cuts(recency, buyers, 3, low_is_best=True), median_cut(frequency, buyers))
    return ScoreCells(cuts, np.arange(6).reshape(3, 2), _counted(columns, frequency))


def _buyers(columns: Columns, *features: str) -> Columns:
    """Some features, recency and frequency first, of the rows that have any."""
    return rows_of({name: columns[name] for name in features}, has_any(columns, features[1]))


def _counted(columns: Columns, frequency: str) -> str | None:
    """The count that sets those without any apart, where there are such."""
    return None if has_any(columns, frequency).all() else frequency


def median_grid(columns: Columns, pair: Sequence[str]) -> ScoreCells:
    """Two features, each cut at its median: four groups.

    Parameters
    ----------
    columns : mapping
        The rows to learn the medians from.
    pair : sequence of str
        The two features.

    Returns
    -------
    ScoreCells
    """
    return ScoreCells(tuple(median_cut(name, columns) for name in pair), np.arange(4).reshape(2, 2))


def best_pair(columns: Columns, features: Sequence[str], explained: Callable[[np.ndarray], float]) -> tuple[str, str]:
    """The two features whose median grid explains most behavior.

    Parameters
    ----------
    columns : mapping
        Rows to compare on, of those that are learned from.
    features : sequence of str
        Numeric ones, at least two.
    explained : callable
        Takes the group of each of these rows and returns the behavior explained.

    Returns
    -------
    tuple of str
        In the order of `features`; of pairs that explain as much, the first. With more than `PAIRED_FEATURES`, of those
        whose own halves explain most, as pairs grow with the square of the features.
    """
    halves = {name: median_cut(name, columns).scores(columns) for name in features}
    if len(features) > PAIRED_FEATURES:
        best = set(sorted(features, key=lambda name: -explained(halves[name]))[:PAIRED_FEATURES])
        features = [name for name in features if name in best]
    return max(combinations(features, 2), key=lambda pair: explained(2 * halves[pair[0]] + halves[pair[1]]))
