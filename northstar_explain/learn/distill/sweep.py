"""Improving a grown tree: each split re-chosen given all the others, and each leaf given its best group."""

from __future__ import annotations

import numpy as np

from .memory import LeftSums, Memory, slots_of
from .problem import explained
from .search_node import SearchNode, divide, leaf_rows, route, splits

# A change must gain this share of the total to be made: less is rounding error, and sweeps might never end.
TINY = 1e-10
# How many of the best candidates are tried where limits on rows can forbid the first.
TRIES = 8


class Sweep:
    """One tree's groups and their sums, kept up to date while its splits are re-chosen one after another."""

    def __init__(self, memory: Memory, root: SearchNode, anchor: np.ndarray) -> None:
        self.memory = memory
        self.problem = problem = memory.problem
        self.root = root
        self.anchor = anchor
        self.everything = np.arange(problem.n_rows)
        self.groups = np.zeros(problem.n_rows, dtype=np.intp)
        self.buffer = np.zeros(problem.n_rows, dtype=np.intp)
        self.refresh()

    def refresh(self) -> None:
        """Recompute the groups and their sums from the tree."""
        route(self.problem, self.root, self.everything, self.groups)
        self.sums = self.problem.group_sums(self.everything, self.groups)

    @property
    def value(self) -> float:
        """What the groups explain of the total cost."""
        return float(explained(self.sums).sum())

    def run(self, max_sweeps: int) -> None:
        """Sweep over all splits and leaves until nothing changes."""
        for _ in range(max_sweeps):
            changed = self._visit(self.root, self.everything)
            changed |= self.relabel()
            if not changed:
                break
        # From the rows again: the sums were kept by differences, each with a rounding error.
        self.refresh()

    def _visit(self, node: SearchNode, rows: np.ndarray) -> bool:
        if node.table is None or len(rows) == 0:
            return False
        changed = self.choose(node, rows)
        left, right = divide(self.problem, node, rows)
        changed |= self._visit(node.left, left)
        changed |= self._visit(node.right, right)
        return changed

    def _reach(self, node: SearchNode, rows: np.ndarray) -> np.ndarray:
        route(self.problem, node, rows, self.buffer)
        reached: np.ndarray = self.buffer[rows]
        return reached

    def choose(self, node: SearchNode, rows: np.ndarray) -> bool:
        """Re-choose one split; return whether it changed."""
        to_left, to_right = self._reach(node.left, rows), self._reach(node.right, rows)
        affected = to_left != to_right
        if not affected.any():
            return False
        problem = self.problem
        # What every group would hold with all these rows on the right: only those now elsewhere move.
        now = self.groups[rows]
        moving = now != to_right
        leaving, joining = problem.moved_sums(rows[moving], now[moving], to_right[moving])
        base = self.sums - leaving + joining
        used = self._used(to_left[affected], to_right[affected])
        scores, order = self._scores(rows[affected], to_left[affected], to_right[affected], base, used)
        scores = self._forbid(node, scores)
        floor = explained(self.sums + self.anchor).sum()
        floor += TINY * abs(floor)
        if self.sums[used, 0].min() < problem.min_group - 0.5:
            floor = -np.inf  # a group is too small: any split that gives it more rows is better
        checked = problem.min_leaf > 1 or problem.limits.max_features is not None
        for candidate in _best_first(scores, TRIES if checked else 1):
            if not scores[candidate] > floor:
                return False
            if self._try(node, rows, int(candidate), order):
                return True
        return False

    def _used(self, to_left: np.ndarray, to_right: np.ndarray) -> np.ndarray:
        k = self.problem.n_groups
        return np.flatnonzero(np.bincount(to_left, minlength=k) + np.bincount(to_right, minlength=k))

    def _scores(
        self, rows: np.ndarray, to_left: np.ndarray, to_right: np.ndarray, base: np.ndarray, used: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """What the groups would explain after each candidate split."""
        problem, layout = self.problem, self.problem.layout
        order = None
        if layout.categorical:
            slot = slots_of(used, problem.n_groups)
            moved = problem.transfer(rows, slot[to_left], slot[to_right], len(used))
            order = self._category_order(moved, used)
            gains: tuple[LeftSums, ...] = tuple(LeftSums.of(layout.left_sums(one, order)) for one in moved)
        else:
            gains = self._known_gains(rows, to_left, to_right, used)
        fixed = base + self.anchor
        # Groups that none of these rows can reach or leave explain the same, whatever the candidate.
        scores = np.full(len(layout.feature), explained(fixed).sum() - explained(fixed[used]).sum())
        for gain, group in zip(gains, used, strict=True):
            scores += gain.explained_with(fixed[group])
            scores[gain.left[:, 0] + base[group, 0] < problem.min_group - 0.5] = -np.inf
        return scores, order

    def _known_gains(
        self, rows: np.ndarray, to_left: np.ndarray, to_right: np.ndarray, used: np.ndarray
    ) -> tuple[LeftSums, ...]:
        if len(used) != 2 or not (to_left == to_left[0]).all():
            return self.memory.transfer(rows, to_left, to_right, used)
        # Two groups only: what one gains the other loses, and these sums are often known from growing.
        gain = self.memory.leaf(rows)
        loss = LeftSums(-gain.left, gain.squares)
        return (gain, loss) if used[0] == to_left[0] else (loss, gain)

    def _category_order(self, moved: np.ndarray, used: np.ndarray) -> np.ndarray:
        """Sort the codes of each category by how much less their rows cost on the left, centres fixed."""
        layout = self.problem.layout
        centre = self.sums + self.anchor
        centre = centre[used, 1:] / np.maximum(centre[used, :1], 1.0)
        cost = np.einsum("gd,gd->g", centre, centre)
        worth = np.einsum("gbd,gd->b", moved[:, :, 1:], 2.0 * centre) - moved[:, :, 0].T @ cost
        order = np.arange(layout.n_bins)
        for feature in layout.categorical:
            span = slice(layout.offsets[feature], layout.offsets[feature + 1])
            order[span] = layout.offsets[feature] + np.argsort(-worth[span], kind="stable")
        return order

    def _forbid(self, node: SearchNode, scores: np.ndarray) -> np.ndarray:
        most = self.problem.limits.max_features
        if most is not None:
            used = {other.feature for other in splits(self.root) if other is not node}
            if len(used) >= most:
                scores[~np.isin(self.problem.layout.feature, list(used))] = -np.inf
        return scores

    def _try(self, node: SearchNode, rows: np.ndarray, candidate: int, order: np.ndarray | None) -> bool:
        problem = self.problem
        before = (node.feature, node.table)
        node.feature = int(problem.layout.feature[candidate])
        node.table = problem.layout.table(candidate, order)
        if problem.min_leaf > 1 and any(
            len(members) < problem.min_leaf for _, members, _ in leaf_rows(problem, node, rows)
        ):
            node.feature, node.table = before
            return False
        new = self._reach(node, rows)
        leaving, joining = problem.moved_sums(rows, self.groups[rows], new)
        self.sums += joining - leaving
        self.groups[rows] = new
        return True

    def relabel(self) -> bool:
        """Give each leaf the group in which it costs least, while every group keeps its fewest rows."""
        problem = self.problem
        changed = False
        for leaf, rows, _ in list(leaf_rows(problem, self.root, self.everything)):
            if len(rows) == 0:
                continue
            sums = problem.moments[rows].sum(axis=0)
            rest = self.sums.copy()
            rest[leaf.group] -= sums
            # Without this leaf its group would be too small.
            if rest[leaf.group, 0] < problem.min_group - 0.5:
                continue
            base = rest + self.anchor
            worth = explained(base + sums) - explained(base)
            worth[self._full_groups(leaf)] = -np.inf
            best = int(np.argmax(worth))
            if worth[best] > worth[leaf.group] + TINY * abs(worth[leaf.group]):
                leaf.group = best
                self.sums = rest
                self.sums[best] += sums
                self.groups[rows] = best
                changed = True
        return changed

    def _full_groups(self, leaf: SearchNode) -> np.ndarray:
        most = self.problem.limits.max_group_leaves
        full = np.zeros(self.problem.n_groups, dtype=bool)
        if most is not None:
            others = [
                other.group
                # Without rows, as only the groups of the leaves are asked for.
                for other, _, _ in leaf_rows(self.problem, self.root, self.everything[:0])
                if other is not leaf
            ]
            full = np.bincount(others, minlength=self.problem.n_groups) >= most
            full[leaf.group] = False
        return full


def _best_first(scores: np.ndarray, count: int) -> np.ndarray:
    if count == 1:
        return np.array([np.argmax(scores)])
    # Partitioned before it is sorted, as there are thousands of candidates and few are tried.
    top = np.argpartition(-scores, min(count, len(scores) - 1))[:count]
    return top[np.argsort(-scores[top], kind="stable")]
