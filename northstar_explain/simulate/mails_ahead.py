"""The e-mails of the month after a snapshot, given the visits that some of them started."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from northstar_explain.simulate.calendar import FUTURE, PAST, PERIOD_START, Calendar
from northstar_explain.simulate.event_tables import joined, moved
from northstar_explain.simulate.events import AFTERGLOW, Ahead, Mails, Reads, click_rate, open_share, trip_rate
from northstar_explain.simulate.people import People


def mails_on(
    mails: Mails, people: People, ahead: Ahead, away: np.ndarray, calendar: Calendar, rng: np.random.Generator
) -> Mails:
    """The e-mails of the 12 months that end 30 days on.

    Parameters
    ----------
    mails : Mails
        Of the 12 months before.
    people : People
    ahead : Ahead
        What people do in the 30 days; visits that clicks started are among it.
    away : ndarray of bool, shape (people,)
        Who makes none of these visits after all, so does not click.
    calendar : Calendar
        Around the earlier snapshot.
    rng : numpy.random.Generator

    Returns
    -------
    Mails
        Days count from the start of the later 12 months.
    """
    unopened, reads = _month(people, ahead, calendar, rng)
    reads = replace(reads, clicked=reads.clicked & ~away[reads.who])
    rest = rng.binomial(mails.unopened[:, 1], _rest_of_first_month(people))
    kept = np.column_stack([rest, mails.unopened[:, 2:], unopened])
    return Mails(kept, joined(moved(mails.reads, FUTURE), moved(reads, FUTURE)))


def _rest_of_first_month(people: People) -> np.ndarray:
    """Share of the first whole month's e-mails that are not yet 12 months old a month later; shape (people,)."""
    # The first month of the 12 has 5 days, so 30 days on the second has 5 days left.
    start, end = PERIOD_START[1], PERIOD_START[2]
    known_from = people.born.clip(start, end)
    left = end - np.maximum(known_from, FUTURE)
    # `np.where` computes both branches: the lower limit only avoids a division by 0.
    share: np.ndarray = np.where(known_from < end, left / np.maximum(end - known_from, 1e-9), 0.0)
    return share


def _month(people: People, ahead: Ahead, calendar: Calendar, rng: np.random.Generator) -> tuple[np.ndarray, Reads]:
    """E-mails of the 30 days: how many each person did not open, and those that were opened."""
    n = len(people)
    level = ahead.state.level
    opens, mails = open_share(people, level), people.mail_per_day
    # Leaving takes effect between days, as it does for trips.
    here = np.ceil(ahead.leaves - PAST).clip(0, FUTURE)
    gone = FUTURE - here
    clicked = _started_by_click(people, ahead, calendar, rng)
    # Openings of a Poisson number of e-mails, with and without a click, are Poisson and independent.
    who_here = np.repeat(np.arange(n), rng.poisson(mails * opens * (1.0 - people.clicks) * here))
    who_gone = np.repeat(np.arange(n), rng.poisson(mails * opens * AFTERGLOW * gone))
    unopened = rng.poisson(mails * ((1.0 - opens) * FUTURE + opens * (1.0 - AFTERGLOW) * gone))
    when_here = PAST + rng.random(len(who_here)) * here[who_here]
    when_gone = PAST + FUTURE - rng.random(len(who_gone)) * gone[who_gone]
    reads = Reads(
        who=np.concatenate([ahead.trip_who[clicked], who_here, who_gone]),
        when=np.concatenate([ahead.trip_when[clicked], when_here, when_gone]),
        clicked=np.repeat([True, False], [int(clicked.sum()), len(who_here) + len(who_gone)]),
    )
    return unopened, reads


def _started_by_click(people: People, ahead: Ahead, calendar: Calendar, rng: np.random.Generator) -> np.ndarray:
    """Which of the new trips started from a click in an e-mail; they are a thinning of all."""
    level, who = ahead.state.level, ahead.trip_who
    day = ahead.trip_when.astype(np.int64)
    by_click = click_rate(people, level)
    by_self = trip_rate(people, calendar, slice(PAST, PAST + FUTURE))[who, day - PAST] * np.exp(level)[who]
    clicked: np.ndarray = rng.random(len(who)) * (by_click[who] + by_self) < by_click[who]
    return clicked
