"""The rules of an earlier model as one more candidate: an update keeps them while they are still good enough."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from northstar_explain.contract.columns import Columns
from northstar_explain.contract.features import Feature
from northstar_explain.learn.distill.engine import match_groups
from northstar_explain.learn.segment_options import SegmentOptions
from northstar_explain.model.rules import Node, assign_codes, rename
from northstar_explain.model.tree import Leaf, leaves, split_tests


def may_stay(
    tree: Node, names: list[str], columns: Columns, features: Sequence[Feature], options: SegmentOptions
) -> bool:
    """Whether rules are such as the options and the contract allow, and give every segment some customers.

    Parameters
    ----------
    tree : Node
        Of the model that is updated.
    names : list of str
        Its segments.
    columns : mapping
        The customers that are learned from now.
    features : sequence of Feature
        Those that a rule may ask about.
    options : SegmentOptions

    Returns
    -------
    bool
    """
    by_segment = Counter(leaf.segment for leaf in leaves(tree))
    return (
        options.k in (None, len(names))
        and _conditions(tree, features) <= options.conditions
        and (options.rules is None or max(by_segment.values()) <= options.rules)
        and {test.feature for test in split_tests(tree)} <= {feature.name for feature in features}
        and len(np.unique(assign_codes(tree, columns, names))) == len(names)
    )


def _conditions(tree: Node, features: Sequence[Feature]) -> int:
    """The most conditions on the way to a segment, without those that say for whom another one has a meaning."""
    if isinstance(tree, Leaf):
        return 0
    given = any(tree.test in feature.defined_when for feature in features)
    return int(not given) + max(_conditions(tree.yes, features), _conditions(tree.no, features))


def by_cluster(tree: Node, names: list[str], columns: Columns, labels: np.ndarray) -> Node:
    """The same rules, each segment named by the number of the cluster that it shares most customers with.

    Parameters
    ----------
    tree : Node
    names : list of str
        Its segments.
    columns : mapping
    labels : ndarray of int of shape (n,)
        Clusters of the customers, as many as there are segments.

    Returns
    -------
    Node
    """
    groups = assign_codes(tree, columns, names).astype(np.intp)
    clusters = match_groups(groups, labels.astype(np.intp), len(names))
    return rename(tree, {name: str(cluster) for name, cluster in zip(names, clusters, strict=True)})
