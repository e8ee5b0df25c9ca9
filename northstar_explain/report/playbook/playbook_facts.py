"""What every page of the playbook needs: the model with the plan's names, the plays, the colours, the rules as SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from northstar_explain.contract.features import Contract
from northstar_explain.model.learned_model import Model
from northstar_explain.model.names import called
from northstar_explain.model.segments import Segment
from northstar_explain.report.document import numbers as words
from northstar_explain.report.document.palette import accents
from northstar_explain.report.playbook.plan import Plan
from northstar_explain.report.playbook.plays import Play, plays_of

SEGMENT_PDF = "playbook-{}.pdf"


@dataclass(frozen=True)
class Book:
    """A playbook before it is laid out.

    Attributes
    ----------
    model : Model
        With the names that the plan gives to its segments.
    plan : Plan
    plays : mapping of str to Play
        By segment.
    colors : mapping of str to str
        By segment.
    sql : mapping of str to tuple of str
        By segment, a condition for each rule; empty where nobody handed them over.
    """

    model: Model
    plan: Plan
    plays: Mapping[str, Play]
    colors: Mapping[str, str]
    sql: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def contract(self) -> Contract:
        """The contract of the model."""
        return self.model.contract

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The segments, in the one order in which every page shows them."""
        return self.model.segmentation.segments

    @property
    def title(self) -> str:
        """The title of the book."""
        return self.plan.title or self.contract.title

    @property
    def names(self) -> dict[str, str]:
        """The name of each segment."""
        return {one.id: one.name for one in self.segments}

    @property
    def customers(self) -> int:
        """Rows of the table that the segments were made from."""
        return sum(one.customers for one in self.segments)

    @property
    def base_rate(self) -> float:
        """The rate of all, on the holdout."""
        return self.model.evaluation.purchase.holdout.base_rate

    @property
    def imprint(self) -> str:
        """What stands at the foot of every page."""
        parts = [self.title, f"model {self.model.id} of {words.day(str(self.model.manifest['date']))}"]
        if not self.model.evaluation.segments.eligible:
            # On every page, as any page may be read alone.
            parts.append("segments to be relied on with care")
        return " · ".join(parts)


def book_of(model: Model, plan: Plan | None = None, sql: Mapping[str, tuple[str, ...]] | None = None) -> Book:
    """The book of a model and marketing's plan for it."""
    plan = plan or Plan()
    # Before anything is written: the names of the plan are used on every page.
    model = planned(model, plan)
    ids = [one.id for one in model.segmentation.segments]
    colors = accents(ids, {id: one.color for id, one in plan.segments.items() if one.color})
    return Book(model, plan, plays_of(model, plan), colors, sql or {})


def planned(model: Model, plan: Plan) -> Model:
    """The model with the names that the plan gives to its segments."""
    given = {id: one.name for id, one in plan.segments.items() if one.name}
    return replace(model, segmentation=called(model.segmentation, given))
