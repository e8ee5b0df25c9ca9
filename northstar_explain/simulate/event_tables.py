"""What happened, event by event, as a shop keeps it: tables that can be shortened, joined and moved in time."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Protocol, TypeVar

import numpy as np

from northstar_explain.simulate.calendar import PAST


class _Events(Protocol):
    @property
    def who(self) -> np.ndarray: ...
    @property
    def when(self) -> np.ndarray: ...


E = TypeVar("E", bound=_Events)


@dataclass(frozen=True)
class VisitLog:
    """Visits: who, when, and what happened; seconds and pages are of the whole visit."""

    who: np.ndarray
    when: np.ndarray
    bought: np.ndarray
    bounced: np.ndarray
    pages: np.ndarray
    seconds: np.ndarray
    carted: np.ndarray
    searched: np.ndarray


@dataclass(frozen=True)
class Views:
    """Product pages seen per visit, for visits of the last 30 days."""

    who: np.ndarray
    when: np.ndarray
    views: np.ndarray


@dataclass(frozen=True)
class Looks:
    """Wishlist adds and departments looked at (one column each), for visits of the last 90 days."""

    who: np.ndarray
    when: np.ndarray
    wishes: np.ndarray
    departments: np.ndarray


@dataclass(frozen=True)
class Orders:
    """Orders; `back` is the day on which one comes back, infinite if it does not. Departments have a column each."""

    who: np.ndarray
    when: np.ndarray
    items: np.ndarray
    amount: np.ndarray
    discounted: np.ndarray
    back: np.ndarray
    departments: np.ndarray


@dataclass(frozen=True)
class Log:
    """Everything that a shop records of its customers, e-mails aside."""

    visits: VisitLog
    views: Views
    looks: Looks
    orders: Orders

    def without(self, people: np.ndarray) -> Log:
        """The log without the events of some people: a mask."""
        return Log(**{one.name: _apart(getattr(self, one.name), people) for one in fields(self)})

    def and_of(self, more: Log) -> Log:
        """The log with further events of the same 12 months."""
        return Log(**{one.name: joined(getattr(self, one.name), getattr(more, one.name)) for one in fields(self)})

    def followed_by(self, days: int, later: Log) -> Log:
        """The log some days later: events older than 12 months are dropped, those of `later` added."""
        orders = moved(self.orders, days)
        orders = replace(orders, back=orders.back - days)
        kept = Log(
            visits=moved(self.visits, days),
            # Views and looks are kept only as long as a feature looks back on them.
            views=moved(self.views, days, PAST - 30),
            looks=moved(self.looks, days, PAST - 90),
            orders=orders,
        )
        return kept.and_of(later)


def moved(events: E, days: int, since: int = 0) -> E:
    """Events by a calendar that begins some days later; those before day `since` of it are dropped."""
    # Exact: a day less a smaller whole number needs no further binary digits.
    kept = taken(events, events.when >= days + since)
    return replace(kept, when=kept.when - days)  # type: ignore[type-var]


def taken(events: E, rows: np.ndarray) -> E:
    """Some of the events (a mask or positions)."""
    return type(events)(**{one.name: getattr(events, one.name)[rows] for one in fields(events)})  # type: ignore[arg-type]


def joined(events: E, more: E) -> E:
    """Events and further ones after them."""
    names = [one.name for one in fields(events)]  # type: ignore[arg-type]
    return type(events)(**{name: np.concatenate([getattr(events, name), getattr(more, name)]) for name in names})


def _apart(events: E, people: np.ndarray) -> E:
    return taken(events, ~people[events.who])


def of_people(events: E, first: int) -> E:
    """The events of people who take their places after `first` others."""
    return replace(events, who=events.who + first)  # type: ignore[type-var]
