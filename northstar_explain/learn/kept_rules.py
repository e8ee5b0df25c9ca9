"""The rules of an earlier model as one more candidate: an update keeps them while they are still good enough."""

from __future__ import annotations

from collections import Counter

import numpy as np
from sklearn.cluster import KMeans

from northstar_explain.learn.distill.engine import match_groups
from northstar_explain.learn.segment_options import SegmentOptions
from northstar_explain.learn.segment_search import Material, names_of
from northstar_explain.model.rules import Node, assign_codes, rename
from northstar_explain.model.tree import Leaf, leaves, split_tests


def may_stay(tree: Node, material: Material, options: SegmentOptions) -> bool:
    """Whether rules are such as the options and the contract allow, and give every segment some customers.

    Parameters
    ----------
    tree : Node
        Of the model that is updated.
    material : Material
        The customers that are learned from now.
    options : SegmentOptions

    Returns
    -------
    bool
    """
    names = names_of(tree)
    by_segment = Counter(leaf.segment for leaf in leaves(tree))
    allowed = {feature.name for feature in material.features.rules}
    return (
        options.k in (None, len(names))
        and _conditions(tree, material) <= options.conditions
        and (options.rules is None or max(by_segment.values()) <= options.rules)
        and {test.feature for test in split_tests(tree)} <= allowed
        and len(np.unique(assign_codes(tree, material.columns, names))) == len(names)
    )


def _conditions(tree: Node, material: Material) -> int:
    """The most conditions on the way to a segment, without those that say for whom another one has a meaning."""
    if isinstance(tree, Leaf):
        return 0
    given = any(tree.test in feature.defined_when for feature in material.features.rules)
    return int(not given) + max(_conditions(tree.yes, material), _conditions(tree.no, material))


def by_cluster(tree: Node, material: Material, kmeans: KMeans) -> Node:
    """The same rules, each segment named by the number of the cluster that it shares most customers with.

    Parameters
    ----------
    tree : Node
    material : Material
    kmeans : KMeans
        With as many clusters as the tree has segments.

    Returns
    -------
    Node
    """
    names = names_of(tree)
    groups = assign_codes(tree, material.columns, names).astype(np.intp)
    clusters = match_groups(groups, kmeans.labels_.astype(np.intp), len(names))
    return rename(tree, {name: str(cluster) for name, cluster in zip(names, clusters, strict=True)})
