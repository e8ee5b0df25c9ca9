"""The one tree: walks over it, whatever its tests and segments are."""

from __future__ import annotations

from northstar_explain.model.tree import Leaf, Split, depth, leaves, split_tests, translated

TREE = Split("a", Split("b", Leaf(2), Leaf(0)), Leaf(1))


def test_walks_go_from_the_root_down_and_from_yes_to_no() -> None:
    assert [leaf.segment for leaf in leaves(TREE)] == [2, 0, 1]
    assert list(split_tests(TREE)) == ["a", "b"]
    assert depth(TREE) == 2


def test_a_leaf_is_a_tree_of_its_own() -> None:
    assert list(leaves(Leaf("S1"))) == [Leaf("S1")]
    assert list(split_tests(Leaf("S1"))) == []
    assert depth(Leaf("S1")) == 0


def test_a_translated_tree_has_the_same_shape() -> None:
    other = translated(TREE, str.upper, "S{}".format)
    assert other == Split("A", Split("B", Leaf("S2"), Leaf("S0")), Leaf("S1"))
    assert TREE.yes == Split("b", Leaf(2), Leaf(0))
    assert translated(other, str.lower, lambda segment: int(segment[1:])) == TREE
