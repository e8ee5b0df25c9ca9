"""What to do with customers by probability, the same in every report."""

from __future__ import annotations

from northstar_explain.model.evaluation.limits import CONTACT_BANDS

_WORDS = {
    "first": "Contact first, with the segment's message",
    "next": "Contact as far as the budget goes, with the segment's offer",
    "rest": "No paid contact, a random test apart: own channels only",
}
# Deciles, best first; a key; and what to do with the customers in them.
TREATMENTS = tuple((steps, key, _WORDS[key]) for key, steps in CONTACT_BANDS.items())
