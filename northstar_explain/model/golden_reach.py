"""How much of a model its golden rows reach: a bin that none of them falls into is not proved by their agreement."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from northstar_explain.contract.columns import columns_of
from northstar_explain.model.learned_model import Model
from northstar_explain.model.scorecard import Term


@dataclass(frozen=True)
class Reach:
    """What the golden rows reach.

    Attributes
    ----------
    bins, populated : int
        Bins and cells of the scorecard that hold training customers: reached, and in all.
    rules, all_rules : int
        Rules of the segments.
    """

    bins: int
    populated: int
    rules: int
    all_rules: int

    def __str__(self) -> str:
        return (
            f"{self.bins:,} of {self.populated:,} bins and cells with training customers, "
            f"{self.rules:,} of {self.all_rules:,} rules"
        )


def reach_of(model: Model) -> Reach:
    """What the golden rows of a model reach."""
    columns = columns_of(model.golden, model.contract.features)
    masks = [(_reached(term, term.index(columns)), term.customers.ravel() > 0) for term in model.scorecard.terms]
    rules = [rule for segment in model.segmentation.segments for rule in segment.rules]
    return Reach(
        bins=sum(int((reached & populated).sum()) for reached, populated in masks),
        populated=sum(int(populated.sum()) for _, populated in masks),
        rules=sum(bool(rule.matches(columns).any()) for rule in rules),
        all_rules=len(rules),
    )


def _reached(term: Term, places: np.ndarray) -> np.ndarray:
    reached = np.zeros(term.points.size, dtype=bool)
    reached[places] = True
    return reached
