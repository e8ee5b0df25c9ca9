"""The search: many starting trees, then iterated local search from the best (Lourenço, Martin and Stützle 2003)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from .grow import grow
from .memory import Memory
from .problem import Problem
from .prune import cut_to_depth, empty_groups, is_valid, simplify, trim
from .recentre import recentred
from .search_node import SearchNode, count_leaves, splits
from .starts import peers_trees, starting_trees
from .sweep import Sweep

# After the first few, a tree that is still far from the best is given up: see HOPELESS.
FIRST_SWEEPS, MOST_SWEEPS = 2, 20
# How much more than the best a perturbed tree may cost after the first sweeps, as a share of the best cost.
HOPELESS = 0.04
# How much more than the best the tree that the search goes on from may cost at first, as a share of the best cost.
SLACK = 0.02
# Share of the perturbations that move centres; the others take out splits.
RECENTRED = 0.7
# Trees whose values differ by less, as a share, are the same tree or a mirror image.
ALIKE = 1e-9
# Trees that are handed on: on all rows, and with all bins, another one may be the best.
MOST_FOUND = 4


@dataclass(frozen=True)
class Budget:
    """How long to search, in counts, so that the result does not depend on the clock.

    Parameters
    ----------
    n_random : int
        Starting trees grown on random subsets of the features, besides the fixed ones.
    n_kept : int
        Starting trees, the best ones, that the local search goes on from.
    n_perturbations : int
        How often each of those is perturbed and improved again.
    patience : int
        After so many perturbations without a better tree the search from one start ends.
    """

    n_random: int
    n_kept: int
    n_perturbations: int
    patience: int


@dataclass(frozen=True)
class Scored:
    """A tree and what it explains of the cost; minus infinity where it breaks a limit."""

    value: float
    root: SearchNode


class LocalSearch:
    """Brings trees within the limits and improves them to a local optimum, each grouping of the rows once."""

    def __init__(self, problem: Problem, memory: Memory | None = None) -> None:
        self.problem = problem
        self.memory = memory or Memory(problem)
        self.free = self.memory.no_anchor()
        self._ends: dict[bytes, Scored] = {}

    def complete(
        self,
        root: SearchNode,
        rng: np.random.Generator | None = None,
        noise: float = 0.0,
        hopeless: float = -np.inf,
    ) -> Scored:
        """Fill a tree up to the limits and improve it until nothing changes, or it is not worth going on.

        A tree that groups the rows as an earlier one did is not improved again: it would end at the same optimum.
        The tree that is returned must not be changed.
        """
        problem, most = self.problem, self.problem.limits.max_leaves
        cut_to_depth(problem, root)
        simplify(problem, root)
        # With room for groups that no row reaches: growing gives each of them a leaf.
        trim(problem, root, most - empty_groups(problem, root))
        met: list[bytes] = []
        value = -np.inf
        # Sweeps can leave splits without effect; dropping them makes room to grow again.
        for _ in range(4):
            if count_leaves(root) < most:
                allowed = None
                if rng is not None and noise > 0.0 and rng.random() < 0.5:
                    allowed = _random_features(problem, rng)
                grow(self.memory, root, most, self.free, allowed, noise, rng)
                # Only the first growth is random: what is added later is the best there is.
                noise, rng = 0.0, None
            sweep = Sweep(self.memory, root, self.free)
            met.append(_digest(sweep.groups))
            if met[-1] in self._ends:
                return self._remember(met, self._ends[met[-1]])
            sweep.run(FIRST_SWEEPS)
            if sweep.value < hopeless:
                return self._remember(met, Scored(-np.inf, root))
            sweep.run(MOST_SWEEPS)
            value = sweep.value
            met.append(_digest(sweep.groups))
            if not simplify(problem, root) or count_leaves(root) == most:
                break
        return self._remember(met, Scored(value if is_valid(problem, root) else -np.inf, root))

    def met(self) -> list[Scored]:
        """The trees within the limits that were improved, in the order in which they were met."""
        return [one for one in dict.fromkeys(self._ends.values()) if np.isfinite(one.value)]

    def _remember(self, met: list[bytes], end: Scored) -> Scored:
        for one in met:
            self._ends.setdefault(one, end)
        return end


def _digest(groups: np.ndarray) -> bytes:
    return hashlib.blake2b(groups.astype(np.uint8).tobytes(), digest_size=16).digest()


def _random_features(problem: Problem, rng: np.random.Generator) -> np.ndarray:
    used = rng.random(len(problem.columns)) < 0.5
    bins: np.ndarray = used[problem.layout.feature]
    return bins


def search(problem: Problem, labels: np.ndarray, seed: int, budget: Budget) -> list[Scored]:
    """Find trees that explain as much of the cost as possible, the best first."""
    local = LocalSearch(problem)
    trees = starting_trees(local.memory, labels, seed, budget.n_random)
    scored = [local.complete(root) for root in trees]
    scored.sort(key=lambda one: -one.value)
    kept = _distinct(scored)[: budget.n_kept]
    _chains(local, kept, seed, budget)
    # Every tree that was met, and not the best of each start alone: of the rows that are searched, many cost the same.
    found = _varied(sorted(local.met(), key=lambda one: -one.value))[:MOST_FOUND]
    if not found:
        raise ValueError("no tree within the limits was found: allow more leaves, more depth or smaller leaves")
    return found


def improved_peers(memory: Memory, labels: np.ndarray, found: list[Scored], far: float = np.inf) -> list[Scored]:
    """Add to trees those that other tools would grow, improved: what is found in the end is never above theirs.

    One that costs more than the best of ``found`` by the share ``far``, or stays far behind after two sweeps, is given
    up; it is then above the best of ``found``.
    """
    local = LocalSearch(memory.problem, memory)
    total = float(np.square(memory.problem.moments[:, 1:]).sum())
    best = max(one.value for one in found)
    hopeless = best - HOPELESS * (total - best)
    near = best - far * (total - best) if total > best else -np.inf
    trees = (root for root in peers_trees(memory, labels) if Sweep(memory, root, local.free).value > near)
    ends = [local.complete(root, hopeless=hopeless) for root in trees]
    ends.sort(key=lambda one: -one.value)
    return [*found, *(one for one in ends[:1] if np.isfinite(one.value))]


def _chains(local: LocalSearch, kept: list[Scored], seed: int, budget: Budget) -> None:
    """Search on from several trees, until two searches end at the same best one; the search remembers what it meets."""
    improved: list[Scored] = []
    for place, one in enumerate(kept):
        improved.append(iterate(local, one, np.random.default_rng([seed, place]), budget))
        best = max(one.value for one in improved)
        if sum(one.value >= best - ALIKE * abs(best) for one in improved) > 1:
            break


def _distinct(scored: list[Scored]) -> list[Scored]:
    """Trees of different value; two of the same are almost always the same tree, or a mirror image."""
    kept: list[Scored] = []
    for one in scored:
        if all(abs(one.value - other.value) > ALIKE * abs(one.value) for other in kept if np.isfinite(one.value)):
            kept.append(one)
    return kept


def _varied(best_first: list[Scored]) -> list[Scored]:
    """Trees of different values whose features stand in different orders.

    All bins and rows lead trees of the same order to the same one; trees of the same value are the same groups.
    """
    kept: dict[tuple[int, ...], Scored] = {}
    last = np.inf
    for one in best_first:
        if last - one.value > ALIKE * abs(one.value):
            kept.setdefault(tuple(node.feature for node in splits(one.root)), one)
            last = one.value
    return list(kept.values())


def iterate(local: LocalSearch, start: Scored, rng: np.random.Generator, budget: Budget) -> Scored:
    """Perturb a tree at random places, improve it again, and go on from the better of the two."""
    best = current = start
    # A tree's cost is this total less its value.
    total = float(np.square(local.problem.moments[:, 1:]).sum())
    idle = 0
    for turn in range(budget.n_perturbations):
        root = recentred(local.memory, current.root, rng) if rng.random() < RECENTRED else None
        if root is None:
            root = current.root.copy()
            _perturb(root, rng)
        noise = 1.0 if rng.random() < 0.5 else 0.2
        new = local.complete(root, rng, noise, best.value - HOPELESS * (total - best.value))
        # Early on a slightly worse tree is accepted too, so that the search can leave a local optimum.
        slack = SLACK * (1.0 - turn / budget.n_perturbations) * (total - best.value) if np.isfinite(best.value) else 0.0
        if new.value >= current.value or new.value > best.value - slack * rng.random():
            current = new
        idle += 1
        if new.value > best.value:
            best, idle = new, 0
        if idle > budget.patience:
            break
    return best


def _perturb(root: SearchNode, rng: np.random.Generator) -> None:
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
