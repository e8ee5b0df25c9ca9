"""Growing a tree: the best split of a leaf, into which two groups, by the exact change in k-means cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .memory import LeftSums, Memory
from .problem import Problem, explained
from .search_node import SearchNode, leaf_rows, splits


@dataclass(frozen=True)
class OpenLeaf:
    """A leaf that may be split, and the sums on the left of each of its candidate splits."""

    node: SearchNode
    rows: np.ndarray
    depth: int
    sums: np.ndarray
    candidates: LeftSums
    order: np.ndarray | None


@dataclass(frozen=True)
class Offer:
    """The best split of one leaf, and what it gains."""

    gain: float
    leaf: OpenLeaf
    candidate: int
    left_group: int
    right_group: int


def open_leaf(memory: Memory, node: SearchNode, rows: np.ndarray, depth: int) -> OpenLeaf:
    """Sum the rows of a leaf on the left side of each candidate split."""
    problem, layout = memory.problem, memory.problem.layout
    sums = problem.moments[rows].sum(axis=0)
    if not layout.categorical:
        return OpenLeaf(node, rows, depth, sums, memory.leaf(rows), None)
    histogram = problem.histogram(rows)
    order = layout.order(histogram, _main_direction(histogram, sums))
    return OpenLeaf(node, rows, depth, sums, LeftSums.of(layout.left_sums(histogram, order)), order)


def _main_direction(histogram: np.ndarray, sums: np.ndarray) -> np.ndarray:
    # Categories have no order of their own: cut them along the line on which their means differ most.
    counts = np.maximum(histogram[:, :1], 1.0)
    offsets = (histogram[:, 1:] / counts - sums[1:] / max(sums[0], 1.0)) * np.sqrt(histogram[:, :1])
    return np.linalg.eigh(offsets.T @ offsets)[1][:, -1]


def grow(
    memory: Memory,
    root: SearchNode,
    max_leaves: int,
    anchor: np.ndarray,
    allowed: np.ndarray | None = None,
    noise: float = 0.0,
    rng: np.random.Generator | None = None,
) -> None:
    """Split leaves, the most useful first, until the tree is full.

    Parameters
    ----------
    memory : Memory
        Of the problem whose rows are grouped.
    root : SearchNode
        Changed in place.
    max_leaves : int
    anchor : ndarray of shape (n_groups, 1 + d)
        Mass added to each group while scoring. With none, the centres move with every split; with much, they stay
        where the mass lies.
    allowed : ndarray of bool of shape (n_candidates,) or None
        Candidates that may be used.
    noise : float, default 0.0
        Random noise on the gains before they are compared, as a share of them.
    rng : Generator or None
        Source of the noise.
    """
    problem = memory.problem
    everything = np.arange(problem.n_rows)
    open_leaves = [open_leaf(memory, *reached) for reached in leaf_rows(problem, root, everything)]
    while len(open_leaves) < max_leaves:
        sums = np.zeros_like(anchor)
        for leaf in open_leaves:
            sums[leaf.node.group] += leaf.sums
        usable = _usable(problem, root, allowed)
        made = [
            _offer(problem, leaf, open_leaves, sums, anchor, max_leaves, usable, noise, rng) for leaf in open_leaves
        ]
        offers = [offer for offer in made if offer is not None]
        if not offers:
            return
        best = max(offers, key=lambda offer: offer.gain)
        open_leaves = [leaf for leaf in open_leaves if leaf is not best.leaf] + _take(memory, best)


def _usable(problem: Problem, root: SearchNode, allowed: np.ndarray | None) -> np.ndarray | None:
    most = problem.limits.max_features
    if most is None:
        return allowed
    used = {node.feature for node in splits(root)}
    if len(used) < most:
        return allowed
    known = np.isin(problem.layout.feature, list(used))
    return known if allowed is None else known & allowed


def _take(memory: Memory, offer: Offer) -> list[OpenLeaf]:
    problem, leaf, layout = memory.problem, offer.leaf, memory.problem.layout
    feature = int(layout.feature[offer.candidate])
    table = layout.table(offer.candidate, leaf.order)
    leaf.node.split(feature, table, SearchNode(offer.left_group), SearchNode(offer.right_group))
    return [open_leaf(memory, *reached) for reached in leaf_rows(problem, leaf.node, leaf.rows, leaf.depth)]


def _offer(
    problem: Problem,
    leaf: OpenLeaf,
    open_leaves: list[OpenLeaf],
    sums: np.ndarray,
    anchor: np.ndarray,
    max_leaves: int,
    usable: np.ndarray | None,
    noise: float,
    rng: np.random.Generator | None,
) -> Offer | None:
    limits = problem.limits
    if (limits.max_depth is not None and leaf.depth >= limits.max_depth) or len(leaf.rows) < 2 * problem.min_leaf:
        return None
    rest = sums.copy()
    rest[leaf.node.group] -= leaf.sums
    # Counts are sums of floats: half a row of tolerance, here and below.
    empty = rest[:, 0] < 0.5
    base = rest + anchor
    to_left, to_right = _worth(base, leaf)
    small = np.minimum(leaf.candidates.left[:, 0], leaf.sums[0] - leaf.candidates.left[:, 0]) < problem.min_leaf - 0.5
    if usable is not None:
        small |= ~usable
    to_left[small] = -np.inf
    _close_full_groups(problem, leaf, open_leaves, to_left, to_right)
    # Every group needs a leaf: when only so many splits are left, they go to groups without rows.
    must_fill = int(empty.sum()) - (max_leaves - len(open_leaves) - 1)
    score, lefts, rights = _best_pair(to_left, to_right, empty, must_fill)
    now = float(explained(base[leaf.node.group] + leaf.sums) - explained(base[leaf.node.group]))
    gain = score - now
    if rng is not None and noise > 0.0:
        # Multiplied and not added: a split that is not allowed stays at minus infinity.
        gain = gain * (1.0 + noise * rng.random(len(gain)))
    best = int(np.argmax(gain))
    # A split that gives rows to an empty group is taken whatever it costs.
    floor = -np.inf if empty.any() else 1e-12
    if not gain[best] > floor:
        return None
    return Offer(float(gain[best]), leaf, best, int(lefts[best]), int(rights[best]))


def _worth(base: np.ndarray, leaf: OpenLeaf) -> tuple[np.ndarray, np.ndarray]:
    """What is explained of the cost when each side joins each group: two arrays of shape (n_candidates, n_groups)."""
    here = np.einsum("ij,ij->i", base[:, 1:], base[:, 1:])
    before = here / np.maximum(base[:, 0], 1e-9)
    # The squared length of a sum from its addends: one matrix product for all candidates and groups.
    along = leaf.candidates.left[:, 1:] @ base[:, 1:].T
    count = leaf.candidates.left[:, :1] + base[:, 0]
    to_left = (here + 2.0 * along + leaf.candidates.squares[:, None]) / np.maximum(count, 1e-9) - before
    all_along = leaf.sums[1:] @ base[:, 1:].T
    squares = (
        leaf.sums[1:] @ leaf.sums[1:] - 2.0 * (leaf.candidates.left[:, 1:] @ leaf.sums[1:]) + leaf.candidates.squares
    )
    count = (leaf.sums[0] - leaf.candidates.left[:, :1]) + base[:, 0]
    to_right = (here + 2.0 * (all_along - along) + squares[:, None]) / np.maximum(count, 1e-9) - before
    return to_left, to_right


def _close_full_groups(
    problem: Problem, leaf: OpenLeaf, open_leaves: list[OpenLeaf], to_left: np.ndarray, to_right: np.ndarray
) -> None:
    most = problem.limits.max_group_leaves
    if most is None:
        return
    held = np.bincount([other.node.group for other in open_leaves if other is not leaf], minlength=problem.n_groups)
    to_left[:, held >= most] = -np.inf
    to_right[:, held >= most] = -np.inf


def _best_pair(
    to_left: np.ndarray, to_right: np.ndarray, empty: np.ndarray, must_fill: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Best two different groups for the two sides of each candidate, with so many of the empty groups given a side."""
    if must_fill <= 0:
        return _best_different(to_left, to_right)
    left_empty = np.where(empty, to_left, -np.inf)
    right_empty = np.where(empty, to_right, -np.inf)
    if must_fill >= 2:
        return _best_different(left_empty, right_empty)
    first = _best_different(left_empty, to_right)
    second = _best_different(to_left, right_empty)
    better = first[0] >= second[0]
    return tuple(np.where(better, one, two) for one, two in zip(first, second, strict=True))  # type: ignore[return-value]


def _best_different(to_left: np.ndarray, to_right: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows = np.arange(len(to_left))
    # Whatever group the left side takes, the best for the right side is the best of all or, where the left side has
    # that one, the runner-up: so pairs of groups need not be tried one by one.
    first = np.argmax(to_right, axis=1)
    top = to_right[rows, first]
    others = to_right.copy()
    others[rows, first] = -np.inf
    second = np.argmax(others, axis=1)
    runner_up = others[rows, second]
    groups = np.arange(to_left.shape[1])
    clash = groups == first[:, None]
    total = to_left + np.where(clash, runner_up[:, None], top[:, None])
    lefts = np.argmax(total, axis=1)
    return total[rows, lefts], lefts, np.where(lefts == first, second, first)
