"""Trees that separate centres, and groups that are given the rows they lack."""

from __future__ import annotations

import numpy as np
import pytest

from northstar_explain.learn.distill import FeatureBins, Limits
from northstar_explain.learn.distill.layout import lay_out
from northstar_explain.learn.distill.memory import Memory
from northstar_explain.learn.distill.problem import Problem, build_problem
from northstar_explain.learn.distill.repair import repaired
from northstar_explain.learn.distill.search_node import SearchNode, leaf_rows, route, splits
from northstar_explain.learn.distill.separate import Separation


def problem(limits: Limits, seed: int = 0, groups: int = 5, rows: int = 600) -> tuple[Problem, np.ndarray]:
    """Rows about random centres, with some of their coordinates as features; and the centres."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(scale=2.0, size=(groups, 4))
    Z = centres[rng.integers(0, groups, rows)] + rng.normal(size=(rows, 4))
    codes = np.clip(np.floor(Z[:, :3] + 6), 0, 11).astype(np.intp)
    return build_problem(Z, codes, lay_out([FeatureBins(12)] * 3), limits, groups), centres


def surrogate(one: Problem, centres: np.ndarray, root: SearchNode) -> float:
    """Squared distances of the rows to the centres of their leaves, less the squared lengths of the rows."""
    groups = np.zeros(one.n_rows, dtype=np.intp)
    route(one, root, np.arange(one.n_rows), groups)
    Z = one.moments[:, 1:]
    return float(np.square(Z - centres[groups]).sum() - np.square(Z).sum())


@pytest.mark.parametrize("seed", range(4))
def test_every_centre_has_a_leaf_and_a_wider_beam_costs_no_more(seed: int) -> None:
    one, centres = problem(Limits(5), seed)
    trees = [Separation(Memory(one), centres, width, kept).trees() for width, kept in ((1, 1), (2, 3), (3, 6))]
    for found in trees:
        assert [tree.cost for tree in found] == sorted(tree.cost for tree in found)
        for tree in found:
            assert sorted(leaf.group for leaf, _, _ in leaf_rows(one, tree.root, np.arange(0))) == list(range(5))
            assert tree.cost == pytest.approx(surrogate(one, centres, tree.root))
    costs = [found[0].cost for found in trees]
    assert costs == sorted(costs, reverse=True)


@pytest.mark.parametrize("limits", [Limits(5, max_depth=3), Limits(5, min_group_share=0.12)])
def test_trees_that_separate_keep_depth_and_shares(limits: Limits) -> None:
    one, centres = problem(limits)
    found = Separation(Memory(one), centres).trees()
    assert found
    for tree in found:
        leaves = list(leaf_rows(one, tree.root, np.arange(one.n_rows)))
        assert limits.max_depth is None or max(depth for _, _, depth in leaves) <= limits.max_depth
        assert min(len(rows) for _, rows, _ in leaves) >= one.min_group


def test_centres_that_no_feature_tells_apart_have_no_tree() -> None:
    one, centres = problem(Limits(5))
    alike = build_problem(one.moments[:, 1:], np.zeros((one.n_rows, 3), dtype=np.intp), one.layout, Limits(5), 5)
    assert Separation(Memory(alike), centres).trees() == []


def test_a_group_that_lacks_a_few_rows_gets_them_by_one_split() -> None:
    one, centres = problem(Limits(5))
    root = Separation(Memory(one), centres).trees()[0].root
    sizes = one.group_sums(np.arange(one.n_rows), _groups(one, root))[:, 0]
    strict = one.within(Limits(5, min_group_share=(sizes.min() + 1) / one.n_rows))
    other = repaired(Memory(strict), root)
    assert other is not None
    assert np.bincount(_groups(one, other), minlength=5).min() >= strict.min_group > sizes.min()
    same = [
        a.feature == b.feature and np.array_equal(np.asarray(a.table), np.asarray(b.table))
        for a, b in zip(splits(root), splits(other), strict=True)
    ]
    assert same.count(False) == 1


def _groups(one: Problem, root: SearchNode) -> np.ndarray:
    groups = np.zeros(one.n_rows, dtype=np.intp)
    route(one, root, np.arange(one.n_rows), groups)
    return groups
