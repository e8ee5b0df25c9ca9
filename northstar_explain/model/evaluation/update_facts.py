"""An earlier model's segments in the new model, and migration by changed rules or changed customers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class SegmentTrend:
    """A segment beside its size in the earlier model.

    Attributes
    ----------
    customers_before : int
        Then.
    share_before : float
        Of all customers then.
    change : float
        In its customers, as a share of what they were.
    """

    customers_before: int
    share_before: float
    change: float


@dataclass(frozen=True)
class Trend:
    """Sizes beside those of the earlier model, measured on its own customers at its own date.

    Attributes
    ----------
    since_date : str
        Of the earlier model.
    customers_before : int
        In all segments then.
    change : float
        In their number, as a share of what it was.
    segments : mapping of str to SegmentTrend
        By segment that was there before.
    """

    since_date: str
    customers_before: int
    change: float
    segments: Mapping[str, SegmentTrend]


@dataclass(frozen=True)
class MatchedSegment:
    """A segment that continues one of the earlier model.

    Attributes
    ----------
    id : str
        Its id, which it keeps.
    name : str
        As learned.
    jaccard : float
        Customers by both rules over customers by either.
    customers_before : int
        Today's customers by the old rules.
    customers_now : int
        Today's customers by the new rules.
    """

    id: str
    name: str
    jaccard: float
    customers_before: int
    customers_now: int


@dataclass(frozen=True)
class RetiredSegment:
    """A segment of the earlier model that no new one continues.

    Attributes
    ----------
    id : str
        Its id, which is not used again.
    name : str
        As learned.
    went_to : mapping of str to int
        New segment to today's customers who were in this one.
    """

    id: str
    name: str
    went_to: Mapping[str, int]


@dataclass(frozen=True)
class AddedSegment:
    """A segment that continues none of the earlier model.

    Attributes
    ----------
    id : str
        Its id, never used before.
    name : str
        As learned.
    came_from : mapping of str to int
        Old segment to today's customers in this one.
    """

    id: str
    name: str
    came_from: Mapping[str, int]


@dataclass(frozen=True)
class Moves:
    """Customers who were scored before: who moved, and why.

    Attributes
    ----------
    customers : int
        Scored before and in today's table.
    new : int
        In today's table, not scored before.
    gone : int
        Scored before, not in today's table.
    moved_by_customer : int
        By the old rules, in another segment with today's values than before.
    moved_by_model : int
        On today's values, in another segment by the new rules than by the old.
    moved_by_both : int
        Both of these.
    moved_back : int
        Of those, in the segment where they were before.
    customer_moves : mapping of str to mapping of str to int
        Segment before to segment now, both by the old rules, to customers.
    """

    customers: int
    new: int
    gone: int
    moved_by_customer: int
    moved_by_model: int
    moved_by_both: int
    moved_back: int
    customer_moves: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class Update:
    """The model against the one it follows, both applied to today's customers.

    Attributes
    ----------
    previous_model_id : str
        Of the earlier model.
    previous_date : str
        Of the earlier model.
    same_above : float
        Jaccard above which a segment continues an earlier one.
    matched : tuple of MatchedSegment
        Segments that continue earlier ones.
    retired : tuple of RetiredSegment
        Segments that are not continued.
    added : tuple of AddedSegment
        New segments.
    customers : int
        Today's.
    moved_by_model : int
        Of them, in another segment by the new rules than by the old.
    model_moves : mapping of str to mapping of str to int
        Old id to new id to customers, those who stayed included.
    since_scores : Moves or None
        Null without the earlier model's last scores.
    """

    previous_model_id: str
    previous_date: str
    same_above: float
    matched: tuple[MatchedSegment, ...]
    retired: tuple[RetiredSegment, ...]
    added: tuple[AddedSegment, ...]
    customers: int
    moved_by_model: int
    model_moves: Mapping[str, Mapping[str, int]]
    since_scores: Moves | None
