"""Segments as rules: a small tree whose leaves partition the customers.

The tree guarantees the partition, since each row takes one path. People read the rules, one per leaf, with the
conditions of its path merged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from northstar_explain.contract.columns import Columns, count_rows
from northstar_explain.contract.conditions import Condition, NumberCondition, from_json, simplify, to_json, union
from northstar_explain.contract.features import Contract, Feature
from northstar_explain.model.tree import Leaf, Split, Tree, leaves, translated

__all__ = [
    "Leaf",
    "Node",
    "Rule",
    "Split",
    "assign",
    "assign_codes",
    "leaves",
    "merged_rules",
    "rename",
    "rules",
    "tree_from_json",
    "tree_to_json",
]

# Whether a feature, by its name, may be missing.
MayMiss = Callable[[str], bool]


# The tree of a segmentation: conditions on features, ids of segments.
Node = Tree[Condition, str]


@dataclass(frozen=True)
class Rule:
    """Conditions, all of which must match, and the segment of the rows that match."""

    conditions: tuple[Condition, ...]
    segment: str

    def matches(self, columns: Columns) -> np.ndarray:
        """Rows that match every condition, as a mask."""
        masks = [c.matches(columns[c.feature]) for c in self.conditions]  # type: ignore[arg-type]
        return np.logical_and.reduce(masks) if masks else np.ones(count_rows(columns), dtype=bool)


def rules(tree: Node, contract: Contract | Mapping[str, Feature]) -> tuple[Rule, ...]:
    """The rules that the leaves make, as `merged_rules`, of features that a contract describes."""
    return merged_rules(tree, lambda name: contract[name].missing is not None)


def merged_rules(tree: Node, may_miss: MayMiss) -> tuple[Rule, ...]:
    """The rules that the leaves make, from left to right.

    A leaf that no row can reach has none, and leaves of one segment that differ in one condition share a rule.

    Parameters
    ----------
    tree : Node
    may_miss : callable
        Whether a feature, by its name, may be missing.

    Returns
    -------
    tuple of Rule
        Together they cover every row exactly once.
    """
    simplified = ((simplify(path), leaf.segment) for path, leaf in _paths(tree, may_miss, ()))
    merged = [Rule(conditions, segment) for conditions, segment in simplified if conditions is not None]
    # Again from the start after each: two rules that are joined may then be joined with a third.
    while pair := next(_joined(merged, may_miss), None):
        i, j, both = pair
        merged[i] = both
        del merged[j]
    return tuple(merged)


def _joined(rules: Sequence[Rule], may_miss: MayMiss) -> Iterator[tuple[int, int, Rule]]:
    for j, other in enumerate(rules):
        for i, one in enumerate(rules[:j]):
            if one.segment == other.segment and (both := _either(one, other, may_miss)):
                yield i, j, both


def _either(one: Rule, other: Rule, may_miss: MayMiss) -> Rule | None:
    """The one rule that fits the rows that either fits; None where no single rule does."""
    first, second = ({c.feature: c for c in rule.conditions} for rule in (one, other))
    differ = [name for name in first if name in second and first[name] != second[name]]
    if set(first) != set(second) or len(differ) != 1:
        return None
    both = union(first[differ[0]], second[differ[0]])
    if both is None:
        return None
    first[differ[0]] = both
    return Rule(tuple(c for c in first.values() if not _always_fits(c, may_miss)), one.segment)


def _always_fits(condition: Condition, may_miss: MayMiss) -> bool:
    if not isinstance(condition, NumberCondition) or condition.lower is not None or condition.upper is not None:
        return False
    return condition.missing or not may_miss(condition.feature)


def assign(tree: Node, columns: Columns) -> np.ndarray:
    """The segment of each row.

    Parameters
    ----------
    tree : Node
    columns : mapping
        Name to float64 array or `Category`, for every feature in the tree.

    Returns
    -------
    ndarray of str, shape (n,)
        Segment ids.
    """
    names = sorted({leaf.segment for leaf in leaves(tree)})
    segments: np.ndarray = np.array(names)[assign_codes(tree, columns, names)]
    return segments


def assign_codes(tree: Node, columns: Columns, names: Sequence[str]) -> np.ndarray:
    """The segment of each row, as its index in `names`: shape (n,)."""
    codes = _codes(tree, columns, {name: np.intp(code) for code, name in enumerate(names)})
    # A tree that is one leaf tests no column, and so does not know how many rows there are.
    return np.full(count_rows(columns), codes) if isinstance(tree, Leaf) else codes


def tree_to_json(tree: Node) -> dict[str, Any]:
    """The tree as JSON data."""
    if isinstance(tree, Leaf):
        return {"segment": tree.segment}
    return {"if": to_json(tree.test), "then": tree_to_json(tree.yes), "else": tree_to_json(tree.no)}


def tree_from_json(data: dict[str, Any]) -> Node:
    """The tree that `tree_to_json` wrote."""
    if "segment" in data:
        return Leaf(data["segment"])
    return Split(from_json(data["if"]), tree_from_json(data["then"]), tree_from_json(data["else"]))


def rename(tree: Node, names: Mapping[str, str]) -> Node:
    """The same tree with other segment ids."""
    return translated(tree, lambda test: test, names.__getitem__)


def _paths(
    node: Node, may_miss: MayMiss, path: tuple[Condition, ...]
) -> Iterator[tuple[tuple[Condition, ...], Leaf[str]]]:
    if isinstance(node, Leaf):
        yield path, node
        return
    yield from _paths(node.yes, may_miss, (*path, node.test))
    yield from _paths(node.no, may_miss, (*path, node.test.opposite(may_miss(node.test.feature))))


def _codes(node: Node, columns: Columns, codes: dict[str, np.intp]) -> Any:
    if isinstance(node, Leaf):
        return codes[node.segment]
    # Every test is applied to every row: for trees this small, that is faster than routing subsets of rows.
    matches = node.test.matches(columns[node.test.feature])  # type: ignore[arg-type]
    return np.where(matches, _codes(node.yes, columns, codes), _codes(node.no, columns, codes))
