"""What to do with customers by probability, the same in every report."""

from __future__ import annotations

# Deciles, best first; a key; and what to do with the customers in them.
TREATMENTS = (
    ((10, 9), "first", "Contact first, with the segment's message"),
    ((8, 7, 6), "next", "Contact as far as the budget goes, with the segment's offer"),
    ((5, 4, 3, 2, 1), "rest", "No paid contact: own channels only"),
)
