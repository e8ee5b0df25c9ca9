"""How far a tree of one leaf a cluster can be from the best there is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .four_leaves import FourLeaves
from .numeric_bins import thresholds_of
from .optimal_tree import Search, spectral

# Takes a cost; returns a lower bound on the best tree's, which reaches it where that is proven, and the lowest met.
Prove = Callable[[float], tuple[float, float]]
# So many leaves have a search of their own.
FOUR = 4
# Leaves up to which the whole proof is tried first: each more multiplies the sets of rows by the number of cuts.
MOST_LEAVES = 3
# Rows up to which every threshold is compared; of more rows, so many a feature, at even shares of the rows.
ALL_THRESHOLDS_ROWS, FEW_THRESHOLDS = 600, 32
# Numbers in the sums of all cuts of all rows: 160 MB, twice while they are summed.
MOST_SUMS = 20_000_000
# Numbers summed; about a minute on an idle core. Work and not seconds, so that the same input has the same gap.
# A search of four leaves may sum so many times as many, as it sums them faster: about two minutes on two cores.
SEARCH_WORK, WORK_OF_FOUR = 6.0e9, 16.0
# Share of the work after which the whole proof is given up, and the shares of the cost that are then claimed in turn.
# Of four leaves nothing is kept of one claim for the next, so that they are few.
FIRST_SHARE, CLAIMS, CLAIMS_OF_FOUR = (
    0.6,
    (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.975, 1.0),
    (0.6, 0.8, 0.9),
)
# Costs that differ by less are rounding errors: shares of the cost of the tree, and of one cluster.
SLACK, ROUNDING = 1e-10, 1e-13


@dataclass(frozen=True)
class Certificate:
    """What is proven of a tree's cost.

    Attributes
    ----------
    lower_bound : float
        No tree with as many leaves and clusters costs less, whatever its thresholds; of more than
        `ALL_THRESHOLDS_ROWS` rows, no tree of the thresholds that the reason names.
    gap : float
        Cost over ``lower_bound``, less 1: 0 where the tree is proven to be the best, infinite where the bound is 0.
    reason : str
        How the bound was found, and why it is not exact where it is not.
    """

    lower_bound: float
    gap: float
    reason: str


def certify(X: np.ndarray, cost: float, clusters: int, leaves: int, work: float = SEARCH_WORK) -> Certificate:
    """Prove how far a tree's k-means cost is from the lowest that any tree over all thresholds can have.

    Of more than `ALL_THRESHOLDS_ROWS` rows, trees are compared that cut each feature at `FEW_THRESHOLDS` thresholds, at
    even shares of the rows.

    Parameters
    ----------
    X : ndarray of float of shape (n, d)
        The rows, whose features are both cut and measured.
    cost : float
        Of the tree: squared distances of the rows to the mean of their cluster.
    clusters, leaves : int
        Most that a tree may have. With more leaves than clusters, leaves share a cluster.
    work : float, default `SEARCH_WORK`
        Where the search stops, in numbers summed.

    Returns
    -------
    Certificate

    Examples
    --------
    >>> certify(np.array([[0.0], [1.0], [5.0], [6.0]]), 1.0, 2, 2).gap
    0.0
    """
    over = "over all thresholds"
    ranks = [np.unique(column, return_inverse=True)[1] for column in X.T]
    if len(X) > ALL_THRESHOLDS_ROWS:
        over = f"over {FEW_THRESHOLDS} thresholds a feature"
        ranks = [np.searchsorted(thresholds_of(column, FEW_THRESHOLDS), column, side="right") for column in X.T]
    return certify_over(X, ranks, cost, clusters, leaves, over, work)


def certify_over(
    Z: np.ndarray,
    ranks: Sequence[np.ndarray],
    cost: float,
    clusters: int,
    leaves: int,
    over: str,
    work: float = SEARCH_WORK,
) -> Certificate:
    """Prove how far a tree's k-means cost is from the lowest that any tree of some thresholds can have.

    Parameters
    ----------
    Z : ndarray of float of shape (n, d)
        Where each row lies in the space in which cost is measured.
    ranks : sequence of ndarray of int of shape (n,)
        For each feature that is cut, the rows' order; equal where no threshold separates two rows.
    cost, clusters, leaves, work
        As of `certify`.
    over : str
        The thresholds that are compared, in words.

    Returns
    -------
    Certificate
    """
    centred = Z - Z.mean(axis=0)
    total = float(np.square(centred).sum())
    slack = SLACK * cost + ROUNDING * total
    if (why := _not_searched(centred.shape, len(ranks), clusters, leaves)) is not None:
        lower = spectral(centred, clusters)
        return _certificate(lower, cost, slack, f"not proven, a lower bound from principal directions only: {why}")
    search, prove = _search(centred, np.stack(ranks), cost, clusters, slack)
    if four := isinstance(search, FourLeaves):
        work *= WORK_OF_FOUR
    search.work = work * FIRST_SHARE
    whole = four or leaves <= MOST_LEAVES
    lower, upper = prove(cost) if whole else (0.0, np.inf)
    if lower < min(cost, upper) - 4 * slack:
        search.work = work
        claims = CLAIMS_OF_FOUR if four else CLAIMS
        lower, upper = _nearer(prove, [share * cost for share in claims], max(lower, spectral(centred, clusters)))
        if lower < min(cost, upper) - 4 * slack:
            return _certificate(lower, cost, slack, f"not proven: the search reached its bound on work, {over}")
    if upper < cost - 4 * slack:
        return _certificate(lower, cost, slack, f"proven {over}: the best tree costs {upper:.6g}")
    return _certificate(lower, cost, slack, f"proven {over}: no tree costs less")


def _search(
    centred: np.ndarray, ranks: np.ndarray, cost: float, clusters: int, slack: float
) -> tuple[Search | FourLeaves, Prove]:
    """What proves that no tree costs less than is claimed."""
    if clusters == FOUR and len(np.unique(ranks, axis=1).T) >= FOUR:
        four = FourLeaves(_without_gaps(ranks), centred, slack)
        return four, four.bounds
    search, everybody = Search(centred, ranks, slack), np.ones(len(centred), dtype=bool)
    return search, lambda claim: search.bounds(everybody, clusters, claim, decide=False)


def _without_gaps(ranks: np.ndarray) -> np.ndarray:
    return np.stack([np.unique(one, return_inverse=True)[1] for one in ranks])


def _nearer(prove: Prove, claims: Sequence[float], lower: float) -> tuple[float, float]:
    """The highest claim that is proven in the work that is left: the less is claimed, the less it takes."""
    upper = np.inf
    for claim in claims:
        if claim <= lower:
            continue
        found, upper = prove(claim)
        lower = max(lower, found)
        if found < claim:
            break
    return lower, upper


def _certificate(lower: float, cost: float, slack: float, reason: str) -> Certificate:
    if cost <= lower + 4 * slack:
        return Certificate(cost, 0.0, reason)
    return Certificate(lower, cost / lower - 1.0 if lower > 0.0 else np.inf, reason)


def _not_searched(shape: tuple[int, ...], features: int, clusters: int, leaves: int) -> str | None:
    rows, dimensions = shape
    if leaves > clusters:
        return f"{leaves} leaves share {clusters} clusters"
    if rows * features * dimensions > MOST_SUMS:
        return f"{rows} rows of {features} features are more than are searched"
    return None
