"""What to do with customers by probability, the same in every report."""

from __future__ import annotations

from northstar_explain.model.evaluation.limits import CONTACT_BANDS
from northstar_explain.model.learned_model import Model

_WORDS = {
    "first": "Contact first, with the segment's message",
    "next": "Contact as far as the budget goes, with the segment's offer if it has one",
    "rest": "No paid contact, a random test apart: own channels only",
}
_NEXT_UNPAID = "Own channels only: at the amounts of the contract no contact pays"
Treatment = tuple[tuple[int, ...], str, str]
# Deciles, best first; a key; and what to do with the customers in them.
TREATMENTS: tuple[Treatment, ...] = tuple((steps, key, _WORDS[key]) for key, steps in CONTACT_BANDS.items())


def may_pay(model: Model) -> bool:
    """Whether some contact is worth its cost; true where no amounts are known."""
    money = model.evaluation.money
    return money is None or money.proposal.contacted > 0


def treatments(model: Model) -> tuple[Treatment, ...]:
    """`TREATMENTS` as a model's amounts of money allow."""
    if may_pay(model):
        return TREATMENTS
    return tuple((steps, key, _NEXT_UNPAID if key == "next" else words) for steps, key, words in TREATMENTS)
