"""From tests on bins to conditions: a rule asks about a feature only where the feature has a meaning."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from northstar_explain.contract.conditions import Condition, NumberCondition
from northstar_explain.contract.features import Feature
from northstar_explain.model.rules import Leaf, Node, Split
from northstar_explain.model.tree import Tree

if TYPE_CHECKING:
    from northstar_explain.learn.distill import BinTest

# Feature to the one condition that all tests on the way add up to.
Path = Mapping[str, Condition]


def conditional_tree(
    tree: Tree[BinTest, int],
    features: Sequence[Feature],
    condition_of: Callable[[BinTest, Condition | None], Condition | None],
    by_name: Mapping[str, Feature],
) -> Node:
    """Put a distilled tree into conditions on raw features.

    Code 0 of a feature stands for a missing value and for one that is not applicable. Where a test is asked of
    customers to whom its feature does not apply, the condition that makes it apply is asked first, and they go where
    code 0 goes. A test that cannot divide the rows that reach it is left out.

    Parameters
    ----------
    tree : Split or Leaf
    features : sequence of Feature
        By their number in the tests.
    condition_of : callable
        The condition of a test, of the rows for which its feature applies, given the condition on this feature that
        the tests before it add up to; None where all these rows fail it.
    by_name : mapping
        Every feature that may be asked about or define another.

    Returns
    -------
    Node
        Segments are named by the number of their group.
    """

    def build(node: Tree[BinTest, int], path: Path) -> Node:
        if isinstance(node, Leaf):
            return Leaf(str(node.segment))
        feature, test = features[node.test.feature], node.test
        without = node.yes if test.missing else node.no

        def asked(path: Path) -> Node:
            condition = condition_of(test, path.get(feature.name))
            if condition is None:
                return build(node.no, path)
            return split(condition, path, lambda here: build(node.yes, here), lambda here: build(node.no, here))

        def applicable(left: Sequence[Condition], path: Path) -> Node:
            if not left:
                return asked(path)
            first, *rest = left
            return split(first, path, lambda here: applicable(rest, here), lambda here: build(without, here))

        return applicable(feature.defined_when, path)

    def split(condition: Condition, path: Path, yes: Callable[[Path], Node], no: Callable[[Path], Node]) -> Node:
        may_miss = by_name[condition.feature].missing is not None
        holds, fails = _joined(path, condition), _joined(path, condition.opposite(may_miss))
        if holds is None:
            return no(path)
        if fails is None or holds == path or _always(condition, may_miss):
            return yes(path)
        left, right = yes(holds), no(fails)
        return left if left == right else Split(condition, left, right)

    return build(tree, {})


def _always(condition: Condition, may_miss: bool) -> bool:
    """Whether every value fits."""
    unbounded = isinstance(condition, NumberCondition) and condition.lower is None and condition.upper is None
    return unbounded and (not may_miss or getattr(condition, "missing", False))


def _joined(path: Path, condition: Condition) -> Path | None:
    """The path with one more condition; None where no row meets all of it."""
    before = path.get(condition.feature)
    both = condition if before is None else before & condition
    return None if both is None else {**path, condition.feature: both}
