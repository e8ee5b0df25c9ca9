"""Growing a tree: the best split of a leaf, into which two groups, by the exact change in k-means cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .memory import LeftSums, Memory
from .problem import Problem, explained
from .search_node import SearchNode, leaf_rows, splits


@dataclass(frozen=True)
class Fan:
    """A leaf, and what lies left of each of its candidate splits."""

    node: SearchNode
    rows: np.ndarray
    depth: int
    sums: np.ndarray
    candidates: LeftSums
    order: np.ndarray | None


@dataclass(frozen=True)
class Offer:
    """A split of one leaf, and what it gains."""

    gain: float
    fan: Fan
    candidate: int
    left_group: int
    right_group: int


def open_fan(memory: Memory, node: SearchNode, rows: np.ndarray, depth: int) -> Fan:
    """Sum the rows of a leaf on the left side of each candidate split."""
    problem, layout = memory.problem, memory.problem.layout
    sums = problem.moments[rows].sum(axis=0)
    if not layout.categorical:
        return Fan(node, rows, depth, sums, memory.leaf(rows), None)
    histogram = problem.histogram(rows)
    order = layout.order(histogram, _main_direction(histogram, sums))
    return Fan(node, rows, depth, sums, LeftSums.of(layout.left_sums(histogram, order)), order)


def _main_direction(histogram: np.ndarray, sums: np.ndarray) -> np.ndarray:
    # Categories have no order of their own: cut them along the line on which their means differ most.
    counts = np.maximum(histogram[:, :1], 1.0)
    apart = (histogram[:, 1:] / counts - sums[1:] / max(sums[0], 1.0)) * np.sqrt(histogram[:, :1])
    return np.linalg.eigh(apart.T @ apart)[1][:, -1]


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
        Mass added to each group while scoring. None of it lets the centres move with every split; much of it
        nails them to where the mass lies.
    allowed : ndarray of bool of shape (n_candidates,) or None
        Candidates that may be used.
    noise : float, default 0.0
        How far, as a share, gains are shaken before they are compared.
    rng : Generator or None
        Shakes the gains.
    """
    problem = memory.problem
    everything = np.arange(problem.n_rows)
    fans = [open_fan(memory, *leaf) for leaf in leaf_rows(problem, root, everything)]
    while len(fans) < max_leaves:
        sums = np.zeros_like(anchor)
        for fan in fans:
            sums[fan.node.group] += fan.sums
        usable = _usable(problem, root, allowed)
        made = [_offer(problem, fan, fans, sums, anchor, max_leaves, usable, noise, rng) for fan in fans]
        offers = [offer for offer in made if offer is not None]
        if not offers:
            return
        best = max(offers, key=lambda offer: offer.gain)
        fans = [fan for fan in fans if fan is not best.fan] + _take(memory, best)


def _usable(problem: Problem, root: SearchNode, allowed: np.ndarray | None) -> np.ndarray | None:
    most = problem.limits.max_features
    if most is None:
        return allowed
    used = {node.feature for node in splits(root)}
    if len(used) < most:
        return allowed
    known = np.isin(problem.layout.feature, list(used))
    return known if allowed is None else known & allowed


def _take(memory: Memory, offer: Offer) -> list[Fan]:
    problem, fan, layout = memory.problem, offer.fan, memory.problem.layout
    feature = int(layout.feature[offer.candidate])
    table = layout.table(offer.candidate, fan.order)
    fan.node.split(feature, table, SearchNode(offer.left_group), SearchNode(offer.right_group))
    return [open_fan(memory, *leaf) for leaf in leaf_rows(problem, fan.node, fan.rows, fan.depth)]


def _offer(
    problem: Problem,
    fan: Fan,
    fans: list[Fan],
    sums: np.ndarray,
    anchor: np.ndarray,
    max_leaves: int,
    usable: np.ndarray | None,
    noise: float,
    rng: np.random.Generator | None,
) -> Offer | None:
    limits = problem.limits
    if (limits.max_depth is not None and fan.depth >= limits.max_depth) or len(fan.rows) < 2 * problem.min_leaf:
        return None
    rest = sums.copy()
    rest[fan.node.group] -= fan.sums
    dead = rest[:, 0] < 0.5
    base = rest + anchor
    to_left, to_right = _worth(base, fan)
    small = np.minimum(fan.candidates.left[:, 0], fan.sums[0] - fan.candidates.left[:, 0]) < problem.min_leaf - 0.5
    if usable is not None:
        small |= ~usable
    to_left[small] = -np.inf
    _close_full_groups(problem, fan, fans, to_left, to_right)
    revive = int(dead.sum()) - (max_leaves - len(fans) - 1)
    score, lefts, rights = _best_pair(to_left, to_right, dead, revive)
    now = float(explained(base[fan.node.group] + fan.sums) - explained(base[fan.node.group]))
    gain = score - now
    if rng is not None and noise > 0.0:
        gain = gain * (1.0 + noise * rng.random(len(gain)))
    best = int(np.argmax(gain))
    floor = -np.inf if dead.any() else 1e-12
    if not gain[best] > floor:
        return None
    return Offer(float(gain[best]), fan, best, int(lefts[best]), int(rights[best]))


def _worth(base: np.ndarray, fan: Fan) -> tuple[np.ndarray, np.ndarray]:
    """What is explained when each side joins each group: two arrays of shape (n_candidates, n_groups)."""
    here = np.einsum("ij,ij->i", base[:, 1:], base[:, 1:])
    before = here / np.maximum(base[:, 0], 1e-9)
    along = fan.candidates.left[:, 1:] @ base[:, 1:].T
    count = fan.candidates.left[:, :1] + base[:, 0]
    to_left = (here + 2.0 * along + fan.candidates.squares[:, None]) / np.maximum(count, 1e-9) - before
    all_along = fan.sums[1:] @ base[:, 1:].T
    squares = fan.sums[1:] @ fan.sums[1:] - 2.0 * (fan.candidates.left[:, 1:] @ fan.sums[1:]) + fan.candidates.squares
    count = (fan.sums[0] - fan.candidates.left[:, :1]) + base[:, 0]
    to_right = (here + 2.0 * (all_along - along) + squares[:, None]) / np.maximum(count, 1e-9) - before
    return to_left, to_right


def _close_full_groups(problem: Problem, fan: Fan, fans: list[Fan], to_left: np.ndarray, to_right: np.ndarray) -> None:
    most = problem.limits.max_group_leaves
    if most is None:
        return
    held = np.bincount([other.node.group for other in fans if other is not fan], minlength=problem.n_groups)
    to_left[:, held >= most] = -np.inf
    to_right[:, held >= most] = -np.inf


def _best_pair(
    to_left: np.ndarray, to_right: np.ndarray, dead: np.ndarray, revive: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Best two different groups for the two sides of each candidate, with so many dead groups brought back."""
    if revive <= 0:
        return _best_different(to_left, to_right)
    left_dead = np.where(dead, to_left, -np.inf)
    right_dead = np.where(dead, to_right, -np.inf)
    if revive >= 2:
        return _best_different(left_dead, right_dead)
    first = _best_different(left_dead, to_right)
    second = _best_different(to_left, right_dead)
    better = first[0] >= second[0]
    return tuple(np.where(better, one, two) for one, two in zip(first, second, strict=True))  # type: ignore[return-value]


def _best_different(to_left: np.ndarray, to_right: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows = np.arange(len(to_left))
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
