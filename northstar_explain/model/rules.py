"""Segments as rules: a small tree whose leaves partition the customers.

The tree guarantees the partition, since each row takes one path. People read the rules, one per leaf, with the
conditions of its path merged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from northstar_explain.contract import Columns, Contract, Feature
from northstar_explain.model.conditions import Condition, NumberCondition, from_json, simplify, to_json, union


@dataclass(frozen=True)
class Leaf:
    """A leaf of the tree; `segment` is a segment's id."""

    segment: str


@dataclass(frozen=True)
class Split:
    """An inner node: rows that match `test` continue to `yes`, all others to `no`."""

    test: Condition
    yes: Node
    no: Node


Node = Leaf | Split


@dataclass(frozen=True)
class Rule:
    """Conditions, all of which must match, and the segment of the rows that match."""

    conditions: tuple[Condition, ...]
    segment: str

    def matches(self, columns: Columns) -> np.ndarray:
        """Rows that match every condition, as a mask."""
        masks = [c.matches(columns[c.feature]) for c in self.conditions]  # type: ignore[arg-type]
        return np.logical_and.reduce(masks) if masks else np.ones(_rows(columns), dtype=bool)


def rules(tree: Node, contract: Contract | Mapping[str, Feature]) -> tuple[Rule, ...]:
    """The rules of the leaves, from left to right.

    A leaf that no row can reach has none. Leaves of one segment that differ in one condition share a rule.
    """
    # The order of leaves decides the order of rules in a definition, so merging keeps the first position.
    merged = ((simplify(path), leaf.segment) for path, leaf in _paths(tree, contract, ()))
    kept = [Rule(conditions, segment) for conditions, segment in merged if conditions is not None]
    while pair := next(_mergeable(kept, contract), None):
        i, j, both = pair
        kept[i] = both
        del kept[j]
    return tuple(kept)


def _mergeable(rules: Sequence[Rule], contract: Contract | Mapping[str, Feature]) -> Iterator[tuple[int, int, Rule]]:
    for j, other in enumerate(rules):
        for i, one in enumerate(rules[:j]):
            if one.segment == other.segment and (both := _merged(one, other, contract)):
                yield i, j, both


def _merged(one: Rule, other: Rule, contract: Contract | Mapping[str, Feature]) -> Rule | None:
    first, second = ({c.feature: c for c in rule.conditions} for rule in (one, other))
    differ = [name for name in first if name in second and first[name] != second[name]]
    if set(first) != set(second) or len(differ) != 1:
        return None
    both = union(first[differ[0]], second[differ[0]])
    if both is None:
        return None
    first[differ[0]] = both
    return Rule(tuple(c for c in first.values() if not _always_matches(c, contract)), one.segment)


def _always_matches(condition: Condition, contract: Contract | Mapping[str, Feature]) -> bool:
    if not isinstance(condition, NumberCondition) or condition.lower is not None or condition.upper is not None:
        return False
    return condition.missing or contract[condition.feature].missing is None


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
    return np.array(names)[assign_codes(tree, columns, names)]


def assign_codes(tree: Node, columns: Columns, names: Sequence[str]) -> np.ndarray:
    """The segment of each row, as its index in `names`: shape (n,)."""
    codes = _codes(tree, columns, {name: np.intp(code) for code, name in enumerate(names)})
    return np.full(_rows(columns), codes) if isinstance(tree, Leaf) else codes


def leaves(tree: Node) -> Iterator[Leaf]:
    """The leaves from left to right."""
    if isinstance(tree, Leaf):
        yield tree
    else:
        yield from leaves(tree.yes)
        yield from leaves(tree.no)


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


def rename(tree: Node, names: dict[str, str]) -> Node:
    """The same tree with other segment ids."""
    if isinstance(tree, Leaf):
        return Leaf(names[tree.segment])
    return Split(tree.test, rename(tree.yes, names), rename(tree.no, names))


def _paths(
    node: Node, contract: Contract | Mapping[str, Feature], path: tuple[Condition, ...]
) -> Iterator[tuple[tuple[Condition, ...], Leaf]]:
    if isinstance(node, Leaf):
        yield path, node
        return
    may_miss = contract[node.test.feature].missing is not None
    yield from _paths(node.yes, contract, (*path, node.test))
    yield from _paths(node.no, contract, (*path, node.test.opposite(may_miss)))


def _codes(node: Node, columns: Columns, codes: dict[str, np.intp]) -> Any:
    if isinstance(node, Leaf):
        return codes[node.segment]
    # Every test is applied to every row: for trees this small, that is faster than routing subsets of rows.
    matches = node.test.matches(columns[node.test.feature])  # type: ignore[arg-type]
    return np.where(matches, _codes(node.yes, columns, codes), _codes(node.no, columns, codes))


def _rows(columns: Columns) -> int:
    return len(next(iter(columns.values())))
