"""Counting who has the contract's traits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from northstar_explain.contract.columns import Columns
from northstar_explain.contract.conditions import matches
from northstar_explain.contract.features import Contract
from northstar_explain.evaluate.customers import Customers
from northstar_explain.model.evaluation.trait_facts import TraitCounts, TraitFacts
from northstar_explain.model.rules import Node, assign


def trait_facts(
    contract: Contract, columns: Columns, tree: Node, order: Sequence[str], holdout: Customers
) -> TraitFacts | None:
    """Count the customers with each trait.

    Parameters
    ----------
    contract : Contract
    columns : mapping
        Raw features of every customer.
    tree : Node
        Which segment a customer is in.
    order : sequence of str
        The segments' ids.
    holdout : Customers
        Those whose purchases are counted.

    Returns
    -------
    TraitFacts or None
        None where the contract has no traits.
    """
    if not contract.traits:
        return None
    segments = assign(tree, columns)
    facts = []
    for trait in contract.traits:
        has, bought = matches(trait.conditions, columns), holdout.label[matches(trait.conditions, holdout.columns)]
        facts.append(
            TraitCounts(
                name=trait.name,
                customers=int(has.sum()),
                share=float(has.mean()),
                segments={id: int(np.count_nonzero(segments[has] == id)) for id in order},
                holdout_n=len(bought),
                # Of the holdout alone, like every rate of purchases; customers are counted among all rows.
                purchase_rate=float(bought.mean()) if len(bought) else None,
            )
        )
    return TraitFacts(len(segments), tuple(facts))
