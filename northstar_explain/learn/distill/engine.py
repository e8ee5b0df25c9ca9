"""The distiller's engine: from rows and clusters to the best tree within the limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import linear_sum_assignment

from northstar_explain.model.tree import Leaf, Split, translated

from .bin_tree import MISSING_CODE, BinTest, BinTree, Distilled, FeatureBins, Limits, assign
from .coarse import coarsen, refine
from .layout import Layout, lay_out
from .memory import Memory
from .polish import polish, value_of
from .problem import Problem, build_problem
from .prune import is_valid
from .repair import repaired
from .search import Budget, Scored, improved_peers, search
from .search_node import SearchNode
from .sweep import Sweep

# Rows that the search uses; its tree is then polished on all of them. Twice as many where they are narrow, so that the
# trees depend less on which rows these are.
SAMPLE_ROWS, MOST_SAMPLE_ROWS, SAMPLE_NUMBERS = 6_000, 12_000, 1_200_000
# Coordinates that the search measures the cost in: the principal directions of Z hold what separates the groups.
SEARCH_DIMENSIONS = 16
# Bins per feature that the search uses; the sweeps at the end use all of them.
SEARCH_BINS = 48
FINE_SWEEPS = 10
# Up to so many rows the sweeps at the end see all of them; more are polished, which takes less time per row.
EXACT_ROWS, ALL_ROWS_SWEEPS = 50_000, 4
TOLERANCE = 2.0
# Work of the whole search, in rows x features x coordinates summed: a few seconds on one core.
SEARCH_WORK = 6.0e8
# A row takes as long as so many numbers at least: it is sent down the tree, whatever it holds.
LEAST_ROW_WORK = 60
FEWEST_PERTURBATIONS, MOST_PERTURBATIONS = 12, 160
CHAINS = 4


@dataclass(frozen=True)
class Effort:
    """How long a search lasts, and what it looks at.

    Parameters
    ----------
    work : float, default 1.0
        Share of the usual work; less is quicker and may give a tree of higher cost.
    bins : int, default `SEARCH_BINS`
        Bins per feature that the search uses, before all of them are used on the tree that it finds.
    chains : int, default `CHAINS`
        Starting trees that are improved in turn, at most.
    peers_far : float, default infinity
        Trees as other tools grow them are improved too, but for those that cost more than the best by this share.
    """

    work: float = 1.0
    bins: int = SEARCH_BINS
    chains: int = CHAINS
    peers_far: float = np.inf


FULL = Effort()


def distill(
    Z: np.ndarray,
    codes: np.ndarray,
    bins: Sequence[FeatureBins],
    labels: np.ndarray,
    limits: Limits,
    seed: int = 0,
    effort: Effort = FULL,
) -> Distilled:
    """Explain a grouping by the axis-aligned tree of least k-means cost that a bounded search finds.

    Parameters
    ----------
    Z : ndarray of float of shape (n, d)
        Where each row lies in the space in which cost is measured. It need not be the space of the features.
    codes : ndarray of int of shape (n, p)
        Bin of each row in each feature that a split may ask about.
    bins : sequence of FeatureBins
        One for each column of ``codes``.
    labels : ndarray of int of shape (n,)
        Groups that the search starts from, ``0 .. k - 1``, none of them empty. Each group keeps its number as far
        as the tree can follow it.
    limits : Limits
        What the tree may look like.
    seed : int, default 0
        The same input and seed give the same tree.
    effort : Effort
        How long to search, and on how much; by default the usual work.

    Returns
    -------
    Distilled

    Raises
    ------
    ValueError
        When the input is not as described above, or no tree within the limits was found.

    Examples
    --------
    >>> Z = np.array([[0.0], [0.1], [5.0], [5.1]])
    >>> codes = np.array([[0], [1], [2], [3]])
    >>> distill(Z, codes, [FeatureBins(4)], np.array([0, 0, 1, 1]), Limits(max_leaves=2)).tree.test.cut
    2
    """
    return distill_several(Z, codes, bins, labels, limits, seed, effort)[0]


def distill_several(
    Z: np.ndarray,
    codes: np.ndarray,
    bins: Sequence[FeatureBins],
    labels: np.ndarray,
    limits: Limits,
    seed: int = 0,
    effort: Effort = FULL,
) -> list[Distilled]:
    """The few best trees of a search, the best first; parameters and errors as of `distill`.

    Trees that keep the limits on all rows come before others, which keep them on the rows that were searched. Of very
    large data there is one tree.
    """
    Z, codes, labels = np.asarray(Z, dtype=np.float64), np.asarray(codes), np.asarray(labels, dtype=np.intp)
    _check(Z, codes, bins, labels, limits)
    n_groups = int(labels.max()) + 1
    if n_groups == 1:
        return [_finish(Leaf(0), Z, codes, bins, n_groups, labels)]
    # Costs are differences of squared lengths: about the mean they lose fewer digits.
    centred = Z - Z.mean(axis=0)
    rows = _sample(labels, seed, _sample_rows(codes.shape[1] * min(Z.shape[1], SEARCH_DIMENSIONS)))
    roots = _search_coarse(centred[rows], codes[rows], bins, labels[rows], limits, seed, effort)
    layout = lay_out(bins)
    near = Memory(build_problem(centred[rows], codes[rows], layout, limits, n_groups))
    scored = []
    for root in roots:
        # The search saw merged bins and few coordinates: its splits are now re-chosen with all of them.
        sweep = Sweep(near, root, near.no_anchor())
        sweep.run(FINE_SWEEPS)
        scored.append(Scored(sweep.value, root))
    if effort.work >= 1.0:
        scored = improved_peers(near, labels[rows], scored, effort.peers_far)
    scored.sort(key=lambda one: -one.value)
    if len(rows) < len(Z):
        everybody = build_problem(centred, codes, layout, _with_tolerance(limits, len(rows)), n_groups)
        scored = _on_all_rows(everybody, limits, scored)
    trees = [_without_empty(_freeze(one.root, layout), codes, bins, np.arange(len(codes))) for one in scored]
    return [_finish(tree, Z, codes, bins, n_groups, labels) for tree in trees]


def _with_tolerance(limits: Limits, rows: int) -> Limits:
    """The limits for trees that keep them on a sample: what the sample says of a share is off by some standard errors.

    Without it, sweeps over all rows would tear a tree apart to give a group the few rows that it lacks.
    """

    def least(share: float) -> float:
        return max(0.0, share - TOLERANCE * float(np.sqrt(share * (1.0 - share) / rows)))

    return replace(limits, min_leaf_share=least(limits.min_leaf_share), min_group_share=least(limits.min_group_share))


def _on_all_rows(problem: Problem, limits: Limits, found: Sequence[Scored]) -> list[Scored]:
    """Improve trees of a sample on all rows; those that keep the limits there first, then by what they explain."""
    strict = problem.within(limits)
    if problem.n_rows > EXACT_ROWS:
        # All of them are valued on all rows, in a tenth of the time that polishing one takes.
        ranked = [((is_valid(strict, one.root), value_of(strict, one.root)), one.root) for one in found]
        (_, value), root = max(ranked, key=lambda pair: pair[0])
        return [Scored(value, polish(strict, root))]
    memory, strict_memory = Memory(problem), Memory(strict)
    improved = []
    for one in found:
        trees = [_swept(memory, one.root)]
        if not is_valid(strict, trees[0].root) and (other := repaired(strict_memory, trees[0].root)) is not None:
            trees.append(_swept(strict_memory, other))
        improved += [(not is_valid(strict, tree.root), tree) for tree in trees]
    improved.sort(key=lambda pair: (pair[0], -pair[1].value))
    return [one for _, one in improved]


def _swept(memory: Memory, root: SearchNode) -> Scored:
    sweep = Sweep(memory, root, memory.no_anchor())
    sweep.run(ALL_ROWS_SWEEPS)
    return Scored(sweep.value, root)


def _search_coarse(
    Z: np.ndarray,
    codes: np.ndarray,
    bins: Sequence[FeatureBins],
    labels: np.ndarray,
    limits: Limits,
    seed: int,
    effort: Effort,
) -> list[SearchNode]:
    """Search over few bins and few coordinates; return the best trees over all bins."""
    merged = coarsen(codes, bins, effort.bins)
    few = [
        FeatureBins(int(one_merged[-1]) + 1, one.missing, one.categorical)
        for one, one_merged in zip(bins, merged, strict=True)
    ]
    few_codes = np.stack([one_merged[column] for one_merged, column in zip(merged, codes.T, strict=True)], axis=1)
    problem = build_problem(_main_coordinates(Z), few_codes, lay_out(few), limits, int(labels.max()) + 1)
    roots = [one.root.copy() for one in search(problem, labels, seed, _budget(problem, effort))]
    for root in roots:
        refine(root, merged)
    return roots


def _check(Z: np.ndarray, codes: np.ndarray, bins: Sequence[FeatureBins], labels: np.ndarray, limits: Limits) -> None:
    faults = []
    if Z.ndim != 2 or codes.ndim != 2 or not len(Z) == len(codes) == len(labels) or len(Z) == 0:
        raise ValueError(f"Z, codes and labels must agree in rows: got {Z.shape}, {codes.shape} and {labels.shape}")
    if not np.isfinite(Z).all():
        faults.append("Z has values that are not finite")
    if codes.shape[1] != len(bins):
        faults.append(f"codes has {codes.shape[1]} columns but bins describes {len(bins)}")
    elif any(column.min() < 0 or column.max() >= one.n_bins for column, one in zip(codes.T, bins, strict=True)):
        faults.append("codes has values outside 0 .. n_bins - 1")
    if labels.min() < 0 or (np.bincount(labels[labels >= 0]) == 0).any():
        faults.append("labels must use every group from 0 to the largest")
    elif limits.max_leaves <= labels.max():
        faults.append(f"max_leaves is {limits.max_leaves}, fewer than the {labels.max() + 1} groups")
    if faults:
        raise ValueError("; ".join(faults))


def _sample_rows(width: int) -> int:
    return int(np.clip(SAMPLE_NUMBERS // width, SAMPLE_ROWS, MOST_SAMPLE_ROWS))


def _sample(labels: np.ndarray, seed: int, most: int) -> np.ndarray:
    """Sample rows at random, with some of every group."""
    if len(labels) <= most:
        return np.arange(len(labels))
    shuffled = np.random.default_rng(seed).permutation(len(labels))
    # A group with few rows must still be able to fill a leaf.
    some = [shuffled[labels[shuffled] == group][:20] for group in range(int(labels.max()) + 1)]
    return np.unique(np.concatenate([shuffled[:most], *some]))


def _main_coordinates(Z: np.ndarray) -> np.ndarray:
    if Z.shape[1] <= SEARCH_DIMENSIONS:
        return Z
    # Reversed, as eigenvalues come in ascending order, and the last directions hold most of the variance.
    turned = np.linalg.eigh(Z.T @ Z)[1][:, ::-1]
    coordinates: np.ndarray = Z @ turned[:, :SEARCH_DIMENSIONS]
    return coordinates


def _budget(problem: Problem, effort: Effort) -> Budget:
    row = max(LEAST_ROW_WORK, len(problem.columns) * problem.moments.shape[1])
    each = problem.n_rows * row + 20 * problem.layout.n_bins
    perturbations = int(
        np.clip(SEARCH_WORK / (each * problem.limits.max_leaves), FEWEST_PERTURBATIONS, MOST_PERTURBATIONS)
    )
    perturbations = max(1, round(perturbations * effort.work))
    return Budget(
        n_random=perturbations // 4,
        n_kept=effort.chains,
        n_perturbations=perturbations,
        patience=max(min(FEWEST_PERTURBATIONS, perturbations), perturbations // 3),
    )


def _freeze(node: SearchNode, layout: Layout) -> BinTree:
    """Turn a searched tree into an immutable one."""
    if node.table is None:
        return Leaf(int(node.group))
    test = _test(node.feature, node.table, layout.bins[node.feature])
    return Split(test, _freeze(node.left, layout), _freeze(node.right, layout))


def _test(feature: int, table: np.ndarray, bins: FeatureBins) -> BinTest:
    codes = np.flatnonzero(table)
    missing = bins.missing and bool(table[MISSING_CODE])
    if bins.categorical:
        return BinTest(feature, 0, missing, tuple(int(code) for code in codes))
    known = codes[codes != MISSING_CODE] if bins.missing else codes
    lowest = 1 if bins.missing else 0
    # Where only missing values go left, the cut is below every known code.
    return BinTest(feature, int(known[-1]) + 1 if len(known) else lowest, missing)


def _without_empty(tree: BinTree, codes: np.ndarray, bins: Sequence[FeatureBins], rows: np.ndarray) -> BinTree:
    """Drop splits that send every row to one side: the last sweeps over all rows can empty a leaf."""
    if isinstance(tree, Leaf):
        return tree
    fits = tree.test.matches(codes[rows, tree.test.feature], bins[tree.test.feature])
    if fits.all() or not fits.any():
        return _without_empty(tree.yes if fits.all() else tree.no, codes, bins, rows)
    return Split(
        tree.test,
        _without_empty(tree.yes, codes, bins, rows[fits]),
        _without_empty(tree.no, codes, bins, rows[~fits]),
    )


def _finish(
    tree: BinTree,
    Z: np.ndarray,
    codes: np.ndarray,
    bins: Sequence[FeatureBins],
    n_groups: int,
    labels: np.ndarray,
) -> Distilled:
    leaves, groups = assign(tree, codes, bins)
    # The search may have exchanged groups; each gets the number of the cluster that it shares most rows with.
    names = match_groups(groups, labels, n_groups)
    groups = names[groups]
    # From the rows themselves: the sums of the search carry its rounding errors.
    cost = sum(float(np.square(Z[groups == g] - Z[groups == g].mean(axis=0)).sum()) for g in np.unique(groups))
    named = translated(tree, lambda test: test, lambda group: int(names[group]))
    return Distilled(tree=named, cost=cost, groups=groups, leaves=leaves)


def match_groups(groups: np.ndarray, labels: np.ndarray, n_groups: int) -> np.ndarray:
    """Name each group after a label, one to one, so that as many rows as possible keep their label.

    Returns
    -------
    ndarray of int of shape (n_groups,)
        The label of each group.
    """
    shared = np.zeros((n_groups, n_groups))
    np.add.at(shared, (groups, labels), 1.0)
    names = np.empty(n_groups, dtype=np.intp)
    rows, columns = linear_sum_assignment(shared, maximize=True)
    names[rows] = columns
    return names
