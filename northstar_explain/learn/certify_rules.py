"""How far the segments' rules are proven to be from the best rules over the thresholds that people can say."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
from threadpoolctl import threadpool_limits

from northstar_explain.contract.columns import rows_of
from northstar_explain.learn import clusters, splits
from northstar_explain.learn.distill.certificate import certify_over
from northstar_explain.learn.distill_rules import Coding
from northstar_explain.learn.segment_search import Material, count_rules, names_of
from northstar_explain.model.evaluation.certificate_facts import RulesCertificate
from northstar_explain.model.rules import Node, assign_codes

# A proof takes as long as it has rows: of more customers a sample is compared.
MOST_ROWS = 2_000
# Of more categories than this there are too many ways to divide them.
MOST_CATEGORIES = 6
OVER = "over these thresholds"


def certified(material: Material, tree: Node, seed: int) -> RulesCertificate:
    """Compare the rules with every tree of as many rules over the same thresholds and categories.

    Limits on the size of segments and on the length of rules do not bind the trees that are compared, so that these
    can only cost less. Of a number that may be missing, the missing ones go to either side.

    Parameters
    ----------
    material : Material
        What the rules were learned from.
    tree : Node
        The rules.
    seed : int
        Of the sample.

    Returns
    -------
    RulesCertificate
        In KMeans' space.
    """
    rows = splits.sample(len(material.points), MOST_ROWS, seed, None)
    points, codes = material.points[rows], material.coded.codes[rows]
    names = names_of(tree)
    cost = clusters.cost(points, assign_codes(tree, rows_of(material.columns, rows), names))
    codings, rules = material.coded.codings, count_rules(tree)
    ranks = [one for coding, column in zip(codings, codes.T, strict=True) for one in _ranks(coding, column)]
    over = OVER
    if wide := [coding.feature.name for coding, column in zip(codings, codes.T, strict=True) if _wide(coding, column)]:
        over += f", but for the categories of {', '.join(wide)}"
    with threadpool_limits(limits=1):  # with more, sums are added in the order in which threads finish
        found = certify_over(points, ranks, cost, len(names), rules, over)
    return RulesCertificate(
        gap=float(found.gap) if np.isfinite(found.gap) else None,
        proven=found.reason.startswith("proven"),
        reason=found.reason,
        customers=len(rows),
        divisions=sum(len(np.unique(one)) - 1 for one in ranks),
        rules=rules,
    )


def _ranks(coding: Coding, codes: np.ndarray) -> Iterator[np.ndarray]:
    """The orders in which the codes of a feature can be cut."""
    present = np.unique(codes)
    if coding.bins.categorical:
        yield from () if _wide(coding, codes) else _divisions(codes, present)
        return
    if len(present) > 1:
        yield codes.astype(np.intp)
    # Code 0 is a missing value, or one that has no meaning: a cut sends it to either side.
    if coding.first and len(present) > 2 and present[0] == 0:
        yield np.where(codes == 0, present[-1] + 1, codes).astype(np.intp)


def _wide(coding: Coding, codes: np.ndarray) -> bool:
    return bool(coding.bins.categorical and len(np.unique(codes)) > MOST_CATEGORIES)


def _divisions(codes: np.ndarray, present: np.ndarray) -> Iterator[np.ndarray]:
    """Every way to divide categories in two, each once: with the first of them on the left."""
    others = present[1:].tolist()
    for many in range(len(others)):
        for left in combinations(others, many):
            yield (~np.isin(codes, [present[0], *left])).astype(np.intp)
