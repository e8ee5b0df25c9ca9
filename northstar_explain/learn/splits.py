"""Which rows are train, validation and holdout, and samples of them; rows of one group are never divided."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

# Most rows that a fit uses by default: time and memory grow with them, and ranking hardly gets better
# (docs/training-scale.md). Of 240,000 rows, fewer are left to fit on beside the holdout, or the rows that check rules.
FIT_ROWS = 200_000
# So many groups, next to each other by their share of positives, are dealt in random order.
_BLOCK = 20


class Split(NamedTuple):
    """Row positions, each in ascending order; together every row once."""

    train: np.ndarray
    validation: np.ndarray
    holdout: np.ndarray


def label_free(
    n: int, check_share: float, seed: int, groups: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Rows to learn segments from, and rows to check them on, chosen without the label.

    A split stratified by label would let the label influence the segments.

    Parameters
    ----------
    n : int
        Rows in all.
    check_share : float
        Share to keep for checking, 0 to 1.
    seed : int
    groups : ndarray, shape (n,), optional
        What each row belongs to; no group is then on both sides.

    Returns
    -------
    learn, check : ndarray of int
        Row positions in ascending order.
    """
    # Each use of the seed has a stream of its own, so that a change in one leaves the others as they are.
    rng = np.random.default_rng([seed, 1])
    if groups is not None:
        distinct, member, rows = np.unique(groups, return_inverse=True, return_counts=True)
        side = _deal(rng.permutation(len(distinct)), rows, (1 - check_share, check_share))[member]
        return np.flatnonzero(side == 0), np.flatnonzero(side == 1)
    order = rng.permutation(n)
    cut = n - round(n * check_share)
    return np.sort(order[:cut]), np.sort(order[cut:])


def stratified(
    label: np.ndarray, validation: float, holdout: float, seed: int, groups: np.ndarray | None = None
) -> Split:
    """Split rows so that each split has the same share of positives.

    Parameters
    ----------
    label : ndarray of 0 and 1, shape (n,)
    validation, holdout : float
        Shares, 0 to 1; the rest trains.
    seed : int
    groups : ndarray, shape (n,), optional
        What each row belongs to. No group is then in two splits, and shares, of rows and of positives, are as near as
        whole groups allow: a split has less than one largest group more than its share.

    Returns
    -------
    Split
    """
    rng = np.random.default_rng([seed, 2])
    if groups is not None:
        dealt = _deal_by_rate(label, groups, (1 - validation - holdout, validation, holdout), rng)
        return Split(*(np.flatnonzero(dealt == place) for place in range(3)))
    splits: tuple[list[np.ndarray], ...] = ([], [], [])
    for value in (0, 1):
        rows = rng.permutation(np.flatnonzero(label == value))
        first, second = round(len(rows) * holdout), round(len(rows) * (holdout + validation))
        for split, some in zip(splits, (rows[second:], rows[first:second], rows[:first]), strict=True):
            split.append(some)
    return Split(*(np.sort(np.concatenate(split)) for split in splits))


def sample(n: int, most: int, seed: int, groups: np.ndarray | None = None) -> np.ndarray:
    """A random sample of rows to fit on, where there are more than a fit needs; whatever their label.

    Parameters
    ----------
    n : int
        Rows in all.
    most : int
        Rows to sample, at most; all where there are no more.
    seed : int
    groups : ndarray, shape (n,), optional
        What each row belongs to: groups are sampled whole, as many as have no more than `most` rows together, and at
        least one.

    Returns
    -------
    ndarray of int
        Row positions in ascending order.
    """
    if n <= most:
        return np.arange(n)
    rng = np.random.default_rng([seed, 15])
    if groups is None:
        return np.sort(rng.permutation(n)[:most])
    distinct, member, rows = np.unique(groups, return_inverse=True, return_counts=True)
    order = rng.permutation(len(distinct))
    sampled = order[: max(1, int(np.searchsorted(np.cumsum(rows[order]), most, side="right")))]
    return np.flatnonzero(np.isin(member, sampled))


def bags(label: np.ndarray, groups: np.ndarray, count: int, share: float, seed: int) -> np.ndarray:
    """For each of an EBM's bags, the rows that it is fitted to and the rows that decide when it stops.

    Parameters
    ----------
    label : ndarray of 0 and 1, shape (n,)
    groups : ndarray, shape (n,)
        What each row belongs to; no group does both in one bag.
    count : int
        Bags.
    share : float
        Of rows that decide when to stop, 0 to 1.
    seed : int

    Returns
    -------
    ndarray of int8, shape (n, count)
        1 to fit, -1 to decide when to stop.
    """
    rng = np.random.default_rng([seed, 14])
    groups = np.unique(groups, return_inverse=True)[1]  # numbers sort faster than names
    sides = [_deal_by_rate(label, groups, (1 - share, share), rng) for _ in range(count)]
    return np.where(np.column_stack(sides) == 0, 1, -1).astype(np.int8)


def halves(label: np.ndarray, groups: np.ndarray | None, count: int, seed: int) -> np.ndarray:
    """For each of an EBM's bags, the half of the rows that it is fitted to; the other half decides when it stops.

    Bags 2i and 2i + 1 have the two halves of one split, each the other way round: where they agree, it is not by
    chance. The mean of bags that share few rows differs less from one sample to another (Buehlmann and Yu 2002).

    Parameters
    ----------
    label : ndarray of 0 and 1, shape (n,)
    groups : ndarray, shape (n,), or None
        What each row belongs to; no group is then in both halves.
    count : int
        Bags.
    seed : int

    Returns
    -------
    ndarray of int8, shape (n, count)
        1 to fit, -1 to decide when to stop.
    """
    pairs = (count + 1) // 2
    if groups is not None:
        first = bags(label, groups, pairs, 0.5, seed)
    else:
        rng = np.random.default_rng([seed, 14])
        first = np.ones((len(label), pairs), dtype=np.int8)
        for split in range(pairs):
            for value in (0, 1):
                rows = rng.permutation(np.flatnonzero(label == value))
                first[rows[: len(rows) // 2], split] = -1
    return np.stack([first, -first], axis=2).reshape(len(label), 2 * pairs)[:, :count]


def _deal_by_rate(
    label: np.ndarray, groups: np.ndarray, shares: tuple[float, ...], rng: np.random.Generator
) -> np.ndarray:
    """The split of each row; groups are dealt from those without positives to those with nothing else."""
    distinct, member, rows = np.unique(groups, return_inverse=True, return_counts=True)
    rate = np.bincount(member, label, len(distinct)) / rows
    order = np.lexsort((rng.random(len(distinct)), rate))
    # Were the order by rate alone, groups whose rate no other has would be dealt the same by every seed.
    order = order[np.lexsort((rng.random(len(distinct)), np.arange(len(distinct)) // _BLOCK))]
    return _deal(order, rows, shares)[member]


def _deal(order: np.ndarray, rows: np.ndarray, shares: tuple[float, ...]) -> np.ndarray:
    """Give each group, in the order given, to the split that lacks most rows.

    What the splits lack adds up to the rows of the group at hand, so the split that gets it lacks more than zero, and
    never has as much as one largest group too many. A split with a share of 0 never gets any.
    """
    split = np.empty(len(order), dtype=np.intp)
    lacks = [0.0] * len(shares)
    sizes = rows.tolist()
    for group in order.tolist():
        lacks = [lack + share * sizes[group] for lack, share in zip(lacks, shares, strict=True)]
        best = max(range(len(shares)), key=lacks.__getitem__)
        lacks[best] -= sizes[group]
        split[group] = best
    return split
