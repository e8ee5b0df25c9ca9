"""Whom a campaign contacts under its budget, and who of the audience is its control."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from northstar_explain.contract.economics import Economics
from northstar_explain.evaluate.campaigns.power import control_needed
from northstar_explain.model.campaign.value import spend_per_contact, value_per_contact
from northstar_explain.score.control import salted


@dataclass(frozen=True)
class Candidates:
    """Customers who may be contacted, and what a contact is expected to bring.

    Attributes
    ----------
    ids : pyarrow.Array of string, shape (n,)
    probability : ndarray of float, shape (n,)
        Of a purchase without the contact.
    uplift : ndarray of float, shape (n,)
        Expected.
    measured : bool
        Whether the uplifts were measured, and not assumed.
    """

    ids: pa.Array
    probability: np.ndarray
    uplift: np.ndarray
    measured: bool

    def value(self, economics: Economics) -> np.ndarray:
        """Money that a contact of each is expected to earn; shape (n,)."""
        return value_per_contact(self.probability, self.uplift, economics)

    def spend(self, economics: Economics) -> np.ndarray:
        """What a contact of each is expected to take from the budget; shape (n,)."""
        return spend_per_contact(self.probability, self.uplift, economics)


@dataclass(frozen=True)
class Chosen:
    """Positions of candidates.

    Attributes
    ----------
    treated, control : ndarray of int
        The audience in its two groups, each in the order of the candidates.
    worth : int
        Candidates whose contact is expected to earn money, in the audience or not.
    """

    treated: np.ndarray
    control: np.ndarray
    worth: int


def choose_audience(candidates: Candidates, economics: Economics, uplift: float, power: float, salt: str) -> Chosen:
    """Choose an audience under the budget, and its control.

    Measured uplifts rank customers by money earned per money spent. Assumed ones know nothing of who is persuadable, so
    customers are taken at random: the campaign then measures uplift in every segment and decile.

    Parameters
    ----------
    candidates : Candidates
    economics : Economics
        With the budget, which counts the treated only.
    uplift, power : float
        The control is large enough to detect this uplift with this probability; never more than half of the audience.
    salt : str
        Another salt gives another control, and other random choices.

    Returns
    -------
    Chosen
        Empty where no contact is worth its cost, or the budget is too small for one.
    """
    value, spend = candidates.value(economics), candidates.spend(economics)
    worth = np.flatnonzero(value > 0)
    order = worth[_ranked(candidates, value, spend, worth, salt)]
    # Groups by the lowest of another hash: neither rank nor standing control group has a part in it.
    draw = salted(candidates.ids, f"control of {salt}")
    size = _most(candidates.probability[order], spend[order], economics.budget, uplift, power)
    while size > 1:
        treated, control = _split(order[:size], draw, candidates.probability, uplift, power)
        over = spend[treated].sum() - (np.inf if economics.budget is None else economics.budget)
        if over <= 0:
            return Chosen(np.sort(treated), np.sort(control), len(worth))
        # Chance put a little more into the contacts than on average: leave out as many as that takes, at least one.
        size -= max(1, int(over / spend[order[:size]].max()))
    nobody = np.empty(0, dtype=np.int64)
    return Chosen(nobody, nobody, len(worth))


def _ranked(candidates: Candidates, value: np.ndarray, spend: np.ndarray, worth: np.ndarray, salt: str) -> np.ndarray:
    chance = salted(candidates.ids, f"order of {salt}")[worth]
    if not candidates.measured:
        return np.argsort(chance, kind="stable")
    # A contact that costs nothing comes before all that cost something.
    gain = np.where(spend[worth] > 0, value[worth] / np.where(spend[worth] > 0, spend[worth], 1.0), np.inf)
    return np.lexsort((chance, -gain))


def _most(probability: np.ndarray, spend: np.ndarray, budget: float | None, uplift: float, power: float) -> int:
    """How many of the ranked customers the budget allows, on average over who of them is treated."""
    if budget is None:
        return len(spend)
    total, buyers = spend.cumsum(), probability.cumsum()
    # By halving, as a larger audience spends more.
    low, high = 0, len(spend)
    while low < high:
        size = (low + high + 1) // 2
        control = control_needed(size, buyers[size - 1] / size, uplift, power)
        if total[size - 1] * (size - control) / size <= budget:
            low = size
        else:
            high = size - 1
    return low


def _split(
    rows: np.ndarray, draw: np.ndarray, probability: np.ndarray, uplift: float, power: float
) -> tuple[np.ndarray, np.ndarray]:
    control = control_needed(len(rows), float(probability[rows].mean()), uplift, power)
    drawn = rows[np.argsort(draw[rows], kind="stable")]
    return drawn[control:], drawn[:control]
