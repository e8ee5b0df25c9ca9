"""What people do: trips to the shop of one or more visits, orders that end them, e-mails that may start them.

A trip starts on its own (more often in the gift season and on sale days), from a click in an e-mail, or by
signing up. Each of its visits ends in an order or not; without one, the person may come back after some
days. Starting trips can stop for good, on a day that nobody sees. All waiting times have no memory, so what
lies ahead at the snapshot depends on traits and the hidden `State` alone, and its probability can be computed
(see `truth`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from northstar_explain.simulate.calendar import FUTURE, PAST, PERIOD, PERIOD_START, PERIODS, Calendar
from northstar_explain.simulate.people import People

STAYS = 0.85  # correlation of the drift from one month to the next
MAIL_FOLLOWS = 0.5  # how far opening e-mails follows the drift of the visits
AFTERGLOW = 0.35  # people who have left still open some of the e-mails, but visit no more


@dataclass(frozen=True)
class Visits:
    """Visits in no order: who, when (in days from the start of the 12 months), and whether it ended in an order."""

    who: np.ndarray
    when: np.ndarray
    bought: np.ndarray


@dataclass(frozen=True)
class Reads:
    """E-mails that were opened, in no order: by whom, when, and whether a click followed."""

    who: np.ndarray
    when: np.ndarray
    clicked: np.ndarray


@dataclass(frozen=True)
class Mails:
    """E-mails in the 12 months.

    Attributes
    ----------
    unopened : ndarray of int, shape (people, months)
        Sent and not opened, by month of `PERIOD`.
    reads : Reads
        Those that were opened.
    """

    unopened: np.ndarray
    reads: Reads


@dataclass(frozen=True)
class State:
    """What is hidden at the snapshot and decides what happens after it.

    Attributes
    ----------
    here : ndarray of bool
        The person still starts trips.
    level : ndarray of float
        Drift of the log visit rate in the last month.
    open_trips : ndarray of int
        Trips that will go on with another visit.
    """

    here: np.ndarray
    level: np.ndarray
    open_trips: np.ndarray


@dataclass(frozen=True)
class Past:
    """Twelve months of events, and the state in which they leave each person."""

    visits: Visits
    mails: Mails
    state: State


def live(people: People, calendar: Calendar, rng: np.random.Generator) -> Past:
    """Let people live through the 12 months before the snapshot."""
    levels = _drift(people, rng)
    mails, click_who, click_when = _mails(people, levels, rng)
    start_who, start_when = _arrivals(people, levels, calendar, rng)
    # Signing up is a visit: who signed up in the 12 months has at least one.
    signed_up = np.flatnonzero(people.born >= 0)
    who = np.concatenate([start_who, click_who, signed_up])
    when = np.concatenate([start_when, click_when, people.born[signed_up]])
    visits, unfinished = walk(people, who, when, float(PAST), rng)
    state = State(
        here=people.leaves > PAST,
        level=levels[:, -1],
        open_trips=np.bincount(unfinished, minlength=len(people)),
    )
    return Past(visits, mails, state)


@dataclass(frozen=True)
class Ahead:
    """The 30 days after a snapshot; days count as in `Visits`, so they lie from 365 on.

    Attributes
    ----------
    visits : Visits
    trip_who, trip_when : ndarray
        The trips that start in these days.
    leaves : ndarray of float
        Day from which no trip is started any more; 0 for those who had left.
    state : State
        What is hidden at the end.
    """

    visits: Visits
    trip_who: np.ndarray
    trip_when: np.ndarray
    leaves: np.ndarray
    state: State


def live_ahead(people: People, state: State, calendar: Calendar, rng: np.random.Generator) -> Ahead:
    """Let people live through the 30 days after the snapshot."""
    days = slice(PAST, PAST + FUTURE)
    level = next_level(people, state.level, rng.standard_normal(len(people)))
    # Drawn again for those who are still here, which is right as leaving has no memory: `truth`, given the state alone,
    # does not know the day either.
    leaves = np.where(state.here, PAST + rng.exponential(1.0 / people.leave_rate), 0.0)
    rate = trip_rate(people, calendar, days) * np.exp(level)[:, None] + click_rate(people, level)[:, None]
    # Leaving takes effect between days; `truth` sums over the same days.
    rate *= np.arange(PAST, PAST + FUTURE) < leaves[:, None]
    who, day = scatter(rng.poisson(rate))
    # Trips under way at the snapshot go on even if the person has left: leaving stops new trips alone.
    old_who = np.repeat(np.arange(len(people)), state.open_trips)
    old_when = PAST + rng.exponential(people.gap_days[old_who])
    new_when = PAST + day + rng.random(len(day))
    every_who, every_when = np.concatenate([who, old_who]), np.concatenate([new_when, old_when])
    soon = every_when < PAST + FUTURE
    visits, unfinished = walk(people, every_who[soon], every_when[soon], float(PAST + FUTURE), rng)
    still = np.concatenate([unfinished, every_who[~soon]])
    after = State(leaves > PAST + FUTURE, level, np.bincount(still, minlength=len(people)))
    return Ahead(visits, who, new_when, leaves, after)


def buyers(visits: Visits, n: int) -> np.ndarray:
    """Who of n people has at least one order among some visits: bool, shape (n,)."""
    bought: np.ndarray = np.bincount(visits.who[visits.bought], minlength=n) > 0
    return bought


def walk(
    people: People, who: np.ndarray, when: np.ndarray, until: float, rng: np.random.Generator
) -> tuple[Visits, np.ndarray]:
    """Follow trips visit by visit up to a day.

    Returns
    -------
    visits : Visits
        Including the first visit of each trip.
    unfinished : ndarray of int
        The people of the trips whose next visit comes later; one entry per trip.
    """
    # An empty round first, so that there are arrays to join where nobody makes a trip.
    rounds = [Visits(who[:0], when[:0], np.empty(0, dtype=bool))]
    unfinished: list[np.ndarray] = [np.empty(0, dtype=np.int64)]
    while len(who):
        # All trips advance together, one visit a round: as many rounds as the longest trip has visits.
        bought = rng.random(len(who)) < people.buys[who]
        rounds.append(Visits(who, when, bought))
        on = ~bought & (rng.random(len(who)) < people.goes_on[who])
        who, when = who[on], when[on]
        when = when + rng.exponential(people.gap_days[who])
        later = when >= until
        unfinished.append(who[later])
        who, when = who[~later], when[~later]
    visits = Visits(
        who=np.concatenate([one.who for one in rounds]),
        when=np.concatenate([one.when for one in rounds]),
        bought=np.concatenate([one.bought for one in rounds]),
    )
    return visits, np.concatenate(unfinished)


def trip_rate(people: People, calendar: Calendar, days: slice) -> np.ndarray:
    """Trips that start per day at an average level; shape (people, days)."""
    # Gift season and sales add up where they overlap: multiplied, black week would dwarf the rest of the year.
    season = 1.0 + people.gift[:, None] * calendar.gift[days] + people.sale[:, None] * calendar.sale[days]
    rate: np.ndarray = people.visits_per_day[:, None] * calendar.weekday[days] * season
    return rate


def click_rate(people: People, level: np.ndarray) -> np.ndarray:
    """Trips per day that start from a click in an e-mail."""
    rate: np.ndarray = people.mail_per_day * open_share(people, level) * people.clicks
    return rate


def open_share(people: People, level: np.ndarray) -> np.ndarray:
    """Chance to open an e-mail; people run along the last axis of `level`."""
    return 1.0 / (1.0 + np.exp(-(people.opens + MAIL_FOLLOWS * level)))


def next_level(people: People, level: np.ndarray, shock: np.ndarray | float) -> np.ndarray:
    """The drift one month on, for a standard normal shock."""
    # The shock is scaled so that the spread stays the same from month to month.
    drifted: np.ndarray = STAYS * level + np.sqrt(1.0 - STAYS**2) * people.drift * shock
    return drifted


def _drift(people: People, rng: np.random.Generator) -> np.ndarray:
    levels = np.empty((len(people), PERIODS - 1))
    # Drift is at its long-run spread when the 12 months begin.
    levels[:, 0] = people.drift * rng.standard_normal(len(people))
    for month in range(1, PERIODS - 1):
        levels[:, month] = next_level(people, levels[:, month - 1], rng.standard_normal(len(people)))
    return levels


def _arrivals(
    people: People, levels: np.ndarray, calendar: Calendar, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    day = np.arange(PAST)
    rate = trip_rate(people, calendar, slice(0, PAST))
    rate *= np.exp(levels)[:, PERIOD[:PAST]]
    rate *= (day < people.leaves[:, None]) & (day >= people.born[:, None])
    who, start = scatter(rng.poisson(rate))
    return who, start + rng.random(len(who))


def _mails(people: People, levels: np.ndarray, rng: np.random.Generator) -> tuple[Mails, np.ndarray, np.ndarray]:
    """E-mails sent, opened and clicked; and who came to the shop by a click, and when."""
    # Nobody gets e-mails before signing up, so the first month may be a part of one.
    known_from = np.maximum(people.born[:, None], PERIOD_START[: PERIODS - 1])
    days = (PERIOD_START[1:PERIODS] - known_from).clip(min=0.0)
    sent = rng.poisson(people.mail_per_day[:, None] * days)
    opened = rng.binomial(sent, open_share(people, levels.T).T)
    who, month = scatter(opened)
    when = known_from[who, month] + rng.random(len(who)) * days[who, month]
    # Who has left may still read, by habit, but comes to the shop no more: a click would be a visit.
    here = when < people.leaves[who]
    read = here | (rng.random(len(who)) < AFTERGLOW)
    clicked = here & (rng.random(len(who)) < people.clicks[who])
    read_by = np.bincount(who[read] * sent.shape[1] + month[read], minlength=sent.size).reshape(sent.shape)
    mails = Mails(sent - read_by, Reads(who[read], when[read], clicked[read]))
    return mails, who[clicked], when[clicked]


def scatter(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Row and column of each single event of a table of counts."""
    row, column = np.nonzero(counts)
    times = counts[row, column]
    return np.repeat(row, times), np.repeat(column, times)
