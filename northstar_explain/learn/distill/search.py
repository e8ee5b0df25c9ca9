"""The search: many starting trees, then the best of them broken and mended again and again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from .grow import grow
from .memory import Memory
from .problem import Problem
from .prune import cut_to_depth, dead_groups, simplify, trim
from .search_node import SearchNode, count_leaves, leaf_rows, splits
from .starts import starting_trees
from .sweep import Sweep

FIRST_SWEEPS, MOST_SWEEPS = 2, 20
# How much dearer than the best, as a share of its cost, a mended tree may be after the first sweeps.
HOPELESS = 0.04
# How much dearer than the best, as a share of its cost, the tree may be that the search goes on from at first.
SLACK = 0.02


@dataclass(frozen=True)
class Budget:
    """How long to search, in counts, so that the result does not depend on the clock.

    Parameters
    ----------
    n_random : int
        Starting trees grown on random subsets of the features, besides the fixed ones.
    n_kept : int
        Starting trees, the best ones, that are broken and mended.
    n_mends : int
        How often each of those is broken and mended.
    patience : int
        After so many mends without a better tree the search of one start ends.
    """

    n_random: int
    n_kept: int
    n_mends: int
    patience: int


@dataclass(frozen=True)
class Found:
    """A tree and what it explains; minus infinity where it breaks a limit."""

    value: float
    root: SearchNode


class Workshop:
    """Brings trees within the limits and improves them; remembers what it has seen."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.free = np.zeros((problem.n_groups, problem.moments.shape[1]))
        self.memory = Memory(problem)
        self.seen: set[bytes] = set()

    def complete(
        self,
        root: SearchNode,
        rng: np.random.Generator | None = None,
        noise: float = 0.0,
        hopeless: float = -np.inf,
    ) -> Found:
        """Fill a tree up to the limits and improve it until nothing changes, or it has proven hopeless.

        A tree that groups the rows as one before it did is not improved again: it would end where that one did.
        """
        problem, most = self.problem, self.problem.limits.max_leaves
        cut_to_depth(problem, root)
        simplify(problem, root)
        trim(problem, root, most - dead_groups(problem, root))
        value = -np.inf
        for _ in range(4):
            if count_leaves(root) < most:
                allowed = None
                if rng is not None and noise > 0.0 and rng.random() < 0.5:
                    allowed = _random_features(problem, rng)
                grow(self.memory, root, most, self.free, allowed, noise, rng)
                noise, rng = 0.0, None
            sweep = Sweep(self.memory, root, self.free)
            if self._knows(sweep.groups):
                break
            sweep.run(FIRST_SWEEPS)
            if sweep.value < hopeless:
                break
            sweep.run(MOST_SWEEPS)
            value = sweep.value
            self._knows(sweep.groups)
            if not simplify(problem, root) or count_leaves(root) == most:
                break
        return Found(value if is_valid(problem, root) else -np.inf, root)

    def _knows(self, groups: np.ndarray) -> bool:
        mark = hashlib.blake2b(groups.astype(np.uint8).tobytes(), digest_size=16).digest()
        known = mark in self.seen
        self.seen.add(mark)
        return known


def _random_features(problem: Problem, rng: np.random.Generator) -> np.ndarray:
    chosen = rng.random(len(problem.columns)) < 0.5
    return chosen[problem.layout.feature]


def is_valid(problem: Problem, root: SearchNode) -> bool:
    """Tell whether a tree keeps all limits on rows, groups, leaves, depth and features."""
    limits = problem.limits
    leaves = list(leaf_rows(problem, root, np.arange(problem.n_rows)))
    rows = np.zeros(problem.n_groups)
    held = np.zeros(problem.n_groups)
    for leaf, members, _ in leaves:
        rows[leaf.group] += len(members)
        held[leaf.group] += 1
    used = {node.feature for node in splits(root)}
    return bool(
        len(leaves) <= limits.max_leaves
        and min(len(members) for _, members, _ in leaves) >= problem.min_leaf
        and rows.min() >= problem.min_group
        and (limits.max_depth is None or max(depth for _, _, depth in leaves) <= limits.max_depth)
        and (limits.max_group_leaves is None or held.max() <= limits.max_group_leaves)
        and (limits.max_features is None or len(used) <= limits.max_features)
    )


def search(problem: Problem, labels: np.ndarray, seed: int, budget: Budget) -> Found:
    """Find a tree that explains as much of the cost as possible."""
    workshop = Workshop(problem)
    trees = starting_trees(workshop.memory, labels, seed, budget.n_random)
    found = [workshop.complete(root) for root in trees]
    found.sort(key=lambda one: -one.value)
    kept = _distinct(found)[: budget.n_kept]
    mended = [mend(workshop, one, np.random.default_rng([seed, place]), budget) for place, one in enumerate(kept)]
    best = max(mended, key=lambda one: one.value)
    if not np.isfinite(best.value):
        raise ValueError("no tree within the limits was found: allow more leaves, more depth or smaller leaves")
    return best


def _distinct(found: list[Found]) -> list[Found]:
    kept: list[Found] = []
    for one in found:
        if all(abs(one.value - other.value) > 1e-9 * abs(one.value) for other in kept if np.isfinite(one.value)):
            kept.append(one)
    return kept


def mend(workshop: Workshop, start: Found, rng: np.random.Generator, budget: Budget) -> Found:
    """Break a tree at a random place, mend it, and go on from the better of the two."""
    best = current = start
    total = float(np.square(workshop.problem.moments[:, 1:]).sum())
    idle = 0
    for turn in range(budget.n_mends):
        root = current.root.copy()
        _break(root, rng)
        noise = 1.0 if rng.random() < 0.5 else 0.2
        new = workshop.complete(root, rng, noise, best.value - HOPELESS * (total - best.value))
        # Early on a slightly worse tree is taken too: the way to a better one can lead through it.
        slack = SLACK * (1.0 - turn / budget.n_mends) * (total - best.value) if np.isfinite(best.value) else 0.0
        if new.value >= current.value or new.value > best.value - slack * rng.random():
            current = new
        idle += 1
        if new.value > best.value:
            best, idle = new, 0
        if idle > budget.patience:
            break
    return best


def _break(root: SearchNode, rng: np.random.Generator) -> None:
    """Take out one to three splits, each with one of its sides or both."""
    for _ in range(int(rng.integers(1, 4))):
        nodes = list(splits(root))
        if not nodes:
            return
        node = nodes[int(rng.integers(len(nodes)))]
        kind = rng.random()
        if kind < 0.4:
            node.become(node.left)
        elif kind < 0.8:
            node.become(node.right)
        else:
            leaf = node
            while leaf.table is not None:
                leaf = leaf.left
            node.collapse(leaf.group)
