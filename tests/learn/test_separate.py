"""Trees that separate centres, and groups that are given the rows they lack."""

from __future__ import annotations

import numpy as np
import pytest

from northstar_explain.learn.distill import FeatureBins, Limits
from northstar_explain.learn.distill.layout import lay_out
from northstar_explain.learn.distill.memory import Memory
from northstar_explain.learn.distill.problem import Problem, build_problem, explained
from northstar_explain.learn.distill.recentre import recentred
from northstar_explain.learn.distill.repair import repaired
from northstar_explain.learn.distill.search import LocalSearch, Scored, improved_peers
from northstar_explain.learn.distill.search_node import SearchNode, leaf_rows, route, splits
from northstar_explain.learn.distill.separate import Separation
from northstar_explain.learn.distill.starts import peers_trees


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


@pytest.mark.parametrize("seed", range(3))
def test_the_bound_rules_out_no_cut_among_the_best(seed: int) -> None:
    one, centres = problem(Limits(5), seed)
    few, every = Separation(Memory(one), centres, width=1), Separation(Memory(one), centres, width=10**6)
    rows, together = np.arange(one.n_rows), np.arange(5)
    bounded, all_sides = few._costs(rows, together, None, 5)
    summed, _ = every._costs(rows, together, None, 5)
    assert np.isfinite(bounded).sum() < np.isfinite(summed).sum()
    assert bounded.min() == summed.min()
    best = int(np.argmin(summed))
    on_left = all_sides[best]
    left = one.cells[:, one.layout.feature[best]] < one.layout.stop[best]
    expected = np.where(left, few.distances[:, on_left].min(axis=1), few.distances[:, ~on_left].min(axis=1)).sum()
    assert summed[best] == pytest.approx(expected)


@pytest.mark.parametrize("limits", [Limits(5), Limits(5, max_depth=3), Limits(5, min_group_share=0.05)])
def test_centres_that_are_moved_give_other_trees_and_leave_the_first_as_it_is(limits: Limits) -> None:
    one, centres = problem(limits)
    memory, rng = Memory(one), np.random.default_rng(0)
    root = Separation(memory, centres).trees()[0].root
    before = _groups(one, root)
    others = [recentred(memory, root, rng) for _ in range(6)]
    assert np.array_equal(_groups(one, root), before)
    groups = [_groups(one, other) for other in others if other is not None]
    assert groups and any(not np.array_equal(each, before) for each in groups)
    assert all(np.bincount(each, minlength=5).min() >= one.min_group for each in groups)


def test_a_found_tree_is_never_above_those_that_other_tools_would_grow() -> None:
    one, centres = problem(Limits(7), 3)
    labels = np.argmin(np.square(one.moments[:, None, 1:] - centres).sum(axis=2), axis=1)
    memory = Memory(one)
    # From the worst tree there is, so that only the others can help.
    worst = LocalSearch(one, memory).complete(SearchNode())
    found = improved_peers(memory, labels, [Scored(worst.value - 1e6, worst.root)])
    best = max(tree.value for tree in found)
    for root in peers_trees(memory, labels):
        value = explained(one.group_sums(np.arange(one.n_rows), _groups(one, root))).sum()
        assert value <= best * (1 + 1e-12)


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
