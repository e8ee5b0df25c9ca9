"""Segments: the tree, and each segment's rules, words and facts."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from northstar_explain.contract.features import Contract
from northstar_explain.model import borders
from northstar_explain.model.borders import Borders
from northstar_explain.model.rules import Node, Rule, rules, tree_from_json, tree_to_json
from northstar_explain.model.wording import capital, definition, rule_words


@dataclass(frozen=True)
class Profile:
    """How a segment's mean of one feature compares with the average customer.

    Attributes
    ----------
    feature : str
    mean, base : float
        Mean over the segment, and over all customers, of the known values of those for whom the feature has a meaning.
    index : float or None
        100 * mean / base: 100 is the average customer. None where the base is 0 or below, or nobody in the segment has
        a value.
    effect : float
        (mean - base) / standard deviation over all of these customers: Cohen's d against all.
    known : int
        Customers of the segment for whom the feature has a meaning and a known value.
    among : int
        Customers of the segment for whom it has a meaning; all where the contract has no `defined_when`.
    rank : float
        Mean mid-rank of the known values of the segment among those of all customers, 0 to 1: the chance that somebody
        of the segment has more than somebody drawn from all, ties counted half. A few large values do not move it.
        0.5 where nobody in the segment has a value.
    median, base_median : float
        Of the known values, in the segment and of all.
    zero, base_zero : float
        Share of the known values that are 0, in the segment and of all.
    """

    feature: str
    mean: float
    base: float
    index: float | None
    effect: float
    known: int
    among: int
    rank: float
    median: float
    base_median: float
    zero: float
    base_zero: float


@dataclass(frozen=True)
class Segment:
    """A group of customers, defined by its rules.

    Attributes
    ----------
    id, name, definition : str
    rules : tuple of Rule
    customers : int
        Number of training customers in it.
    share : float
        The same as a share of all training customers, 0 to 1.
    profile : tuple of Profile
        One for each numeric feature of the contract.
    precision, recall : float
        Agreement with the KMeans cluster it explains, on rows not used to learn the rules.
    """

    id: str
    name: str
    definition: str
    rules: tuple[Rule, ...]
    customers: int
    share: float
    profile: tuple[Profile, ...]
    precision: float
    recall: float


@dataclass(frozen=True)
class Retired:
    """A segment that an update of the model no longer has.

    Attributes
    ----------
    id, name, definition : str
    date : str
        Date of the model that dropped it.
    """

    id: str
    name: str
    definition: str
    date: str


@dataclass(frozen=True)
class Segmentation:
    """All segments: a partition of the customers.

    Attributes
    ----------
    tree : Node
    segments : tuple of Segment
        In the order of their ids.
    borders : mapping
        Which values are close to a threshold; see `borders`.
    retired : tuple of Retired
        Segments of earlier models; their ids are not used again.
    """

    tree: Node
    segments: tuple[Segment, ...]
    borders: Borders = field(default_factory=dict)
    retired: tuple[Retired, ...] = ()

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules of all segments."""
        return tuple(rule for segment in self.segments for rule in segment.rules)

    def __getitem__(self, id: str) -> Segment:
        for segment in self.segments:
            if segment.id == id:
                return segment
        raise KeyError(id)


def to_json(segmentation: Segmentation, contract: Contract) -> dict[str, Any]:
    """The segmentation as JSON data; nothing in it depends on the label."""
    return {
        "tree": tree_to_json(segmentation.tree),
        "segments": [_segment_to_json(segment, contract) for segment in segmentation.segments],
        "borders": borders.to_json(segmentation.borders),
        "retired": [asdict(one) for one in segmentation.retired],
    }


def _segment_to_json(segment: Segment, contract: Contract) -> dict[str, Any]:
    return {
        "id": segment.id,
        "name": segment.name,
        "definition": segment.definition,
        # Stored for readers of the file; loading derives them again.
        "rules": [capital(rule_words(rule, contract)) for rule in segment.rules],
        "customers": segment.customers,
        "share": segment.share,
        "precision": segment.precision,
        "recall": segment.recall,
        "profile": [asdict(profile) for profile in segment.profile],
    }


def from_json(data: dict[str, Any], contract: Contract) -> Segmentation:
    """The segmentation that `to_json` wrote; rules and words are derived from the tree again."""
    # The tree is the single source: stored rules and definitions are checked against it, never used.
    tree = tree_from_json(data["tree"])
    by_segment = rules_by_segment(tree, contract)
    segments = tuple(
        Segment(
            id=item["id"],
            name=item["name"],
            definition=definition(by_segment[item["id"]], contract),
            rules=by_segment[item["id"]],
            customers=item["customers"],
            share=item["share"],
            profile=tuple(Profile(**profile) for profile in item["profile"]),
            precision=item["precision"],
            recall=item["recall"],
        )
        for item in data["segments"]
    )
    retired = tuple(Retired(**one) for one in data["retired"])
    return Segmentation(tree, segments, borders.from_json(data["borders"]), retired)


def rules_by_segment(tree: Node, contract: Contract) -> dict[str, tuple[Rule, ...]]:
    """The rules of each segment, by its id."""
    grouped: dict[str, tuple[Rule, ...]] = {}
    for rule in rules(tree, contract):
        grouped[rule.segment] = (*grouped.get(rule.segment, ()), rule)
    return grouped
