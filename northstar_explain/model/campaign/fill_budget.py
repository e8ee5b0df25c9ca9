"""Which customers a budget pays for: cells by money earned per money spent.

`templates/budget.js` computes the same in the playbook's page, and a test compares the two.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from northstar_explain.contract.economics import Economics
from northstar_explain.model.campaign.value import spend_per_contact, value_per_contact


@dataclass(frozen=True)
class Offer:
    """Customers who may be contacted.

    Attributes
    ----------
    decile : int
        1 to 10; of cells that are worth as much, the highest comes first.
    contactable : int
        Customers.
    probability : float
        Mean probability of a purchase without a contact.
    uplift : float
        Expected of a contact.
    """

    decile: int
    contactable: int
    probability: float
    uplift: float

    @property
    def limited(self) -> float:
        """The uplift, with which no fewer than nobody and no more than everybody buys."""
        return max(min(self.uplift, 1.0 - self.probability), -self.probability)


def fill_budget(offers: Sequence[Offer], economics: Economics) -> tuple[int, ...]:
    """How many customers of each cell a budget pays for.

    Parameters
    ----------
    offers : sequence of Offer
    economics : Economics
        With the budget; without one, all are contacted whose contact earns money.

    Returns
    -------
    tuple of int
        In the order of the offers; 0 where a contact is not expected to earn.

    Examples
    --------
    >>> fill_budget([Offer(10, 100, 0.5, 0.04), Offer(1, 100, 0.1, 0.01)], Economics(24, 0.5, budget=30))
    (60, 0)
    """
    probability, uplift = (np.array([of(one) for one in offers]) for of in (_probability, _uplift))
    values = value_per_contact(probability, uplift, economics).tolist()
    spends = spend_per_contact(probability, uplift, economics).tolist()
    order = sorted(range(len(offers)), key=lambda i: (-_gain(values[i], spends[i]), -offers[i].decile, i))
    left = math.inf if economics.budget is None else economics.budget
    contacted = [0] * len(offers)
    for i in order:
        if values[i] <= 0:
            continue
        # A contact that costs nothing needs no budget.
        most = math.floor(min(left / spends[i], 1e15)) if spends[i] > 0 else offers[i].contactable
        contacted[i] = min(offers[i].contactable, most)
        left -= contacted[i] * spends[i]
    return tuple(contacted)


def _probability(offer: Offer) -> float:
    return offer.probability


def _uplift(offer: Offer) -> float:
    return offer.limited


def _gain(value: float, spend: float) -> float:
    return value / spend if spend > 0 else math.inf
