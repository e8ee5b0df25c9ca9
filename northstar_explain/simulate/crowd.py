"""The people of one wave, month after month: they live on, new ones arrive, and a snapshot is taken of each month."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import NamedTuple, TypeVar

import numpy as np
import pyarrow as pa

from northstar_explain.simulate.calendar import FUTURE, PAST, calendar_around
from northstar_explain.simulate.event_tables import Log, joined, moved, of_people, taken
from northstar_explain.simulate.events import Ahead, Mails, State, buyers, live, live_ahead
from northstar_explain.simulate.mails_ahead import mails_on
from northstar_explain.simulate.people import People, draw_people
from northstar_explain.simulate.responses import Contacted, Response, contact, draw_responses
from northstar_explain.simulate.shop_features import features_of
from northstar_explain.simulate.truth import true_probability
from northstar_explain.simulate.visit_details import Tastes, draw_details, draw_tastes

WAVE = 24_000  # people who ever signed up; less than half of them visited in the last 12 months
P = TypeVar("P", People, Response, State)

# New customers a month, against those of the last month before the first snapshot: that was a time of growth.
ARRIVALS = 0.5


class Treatment(NamedTuple):
    """Who of a crowd is contacted after a snapshot, and who of them with a voucher: bool, shape (people,)."""

    treated: np.ndarray
    voucher: np.ndarray


class Snapshot(NamedTuple):
    """A crowd at a date.

    Attributes
    ----------
    rows : ndarray of int, shape (n,)
        The positions of those who visited in the 12 months.
    columns : dict of pyarrow.Array
        Their features.
    label : pyarrow.Array
        Whether they buy in the 30 days after.
    probability : ndarray of float, shape (n,)
        True probability of that without a contact.
    response : Response
        Theirs.
    state : State
        Theirs.
    treatment : Treatment
        Theirs.
    """

    rows: np.ndarray
    columns: dict[str, pa.Array]
    label: pa.Array
    probability: np.ndarray
    response: Response
    state: State
    treatment: Treatment


@dataclass(frozen=True)
class _Crowd:
    people: People
    tastes: Tastes
    response: Response
    state: State
    log: Log
    mails: Mails

    def joined(self, more: _Crowd) -> _Crowd:
        """These people, followed by further ones."""
        first = len(self.people)
        log = {
            one.name: joined(getattr(self.log, one.name), of_people(getattr(more.log, one.name), first))
            for one in fields(Log)
        }
        unopened = np.concatenate([self.mails.unopened, more.mails.unopened])
        return _Crowd(
            people=_stacked(self.people, more.people),
            tastes=Tastes(np.concatenate([self.tastes.upto, more.tastes.upto])),
            response=_stacked(self.response, more.response),
            state=_stacked(self.state, more.state),
            log=Log(**log),
            mails=Mails(unopened, joined(self.mails.reads, of_people(more.mails.reads, first))),
        )


class Wave:
    """The people of one wave at a snapshot, and their next 30 days.

    Parameters
    ----------
    seed, wave : int
        The same people for the same two.
    snapshot : datetime.date
        The first one.
    future : int
        Which of the possible futures.

    Attributes
    ----------
    month : int
        0 for the first snapshot.
    size : int
        People so far. Those who arrive take the places after the others.
    """

    def __init__(self, seed: int, wave: int, snapshot: datetime.date, future: int = 0):
        self._key = seed, wave
        self._future = future
        self._date = snapshot
        self.month = 0
        self._calendar = calendar_around(snapshot)
        rng = self._rng(0)
        people = draw_people(WAVE, PAST, rng)
        people = people.take(people.leaves > 0)  # the others left before the 12 months and cannot visit in them
        self._crowd = self._lived(people, rng, self._rng(2))
        self._look_ahead()

    @property
    def size(self) -> int:
        return len(self._crowd.people)

    def snapshot(self, choose: Callable[[np.ndarray], Treatment] | None = None) -> Snapshot:
        """Features, label and truth; with `choose`, of a month in which people are contacted.

        Parameters
        ----------
        choose : callable, optional
            From the positions of those in the table to who of the crowd is contacted.
        """
        crowd = self._crowd
        columns, rows = features_of(crowd.people, crowd.log, crowd.mails)
        treatment = choose(rows) if choose else self._nobody()
        self._contacted = contact(crowd.response, crowd.state, *treatment, self._rng(6, self.month, self._future))
        away, orders = self._contacted
        # Who is put off loses the visits already drawn, who is persuaded gains one; nothing else differs.
        label = (buyers(self._ahead.visits, self.size) & ~away | buyers(orders, self.size))[rows]
        return Snapshot(
            rows,
            columns,
            pa.array(label.astype(np.int8)),
            true_probability(crowd.people, crowd.state, self._calendar)[rows],
            crowd.response.take(rows),
            State(*(getattr(crowd.state, one.name)[rows] for one in fields(State))),
            Treatment(*(mask[rows] for mask in treatment)),
        )

    def live_on(self) -> None:
        """Go on to the next snapshot, 30 days later."""
        crowd, ahead = self._crowd, self._ahead
        away, orders = self._contacted
        mails = mails_on(crowd.mails, crowd.people, ahead, away, self._calendar, self._rng(3, self.month))
        self.month += 1
        self._date += datetime.timedelta(days=FUTURE)
        self._calendar = calendar_around(self._date)
        # Days count from the start of the 12 months, which moves on.
        people = replace(crowd.people, born=crowd.people.born - FUTURE, leaves=crowd.people.leaves - FUTURE)
        # Details of orders after a contact have draws of their own: those of other visits stay as they are.
        visits, more = (moved(visits, FUTURE) for visits in (ahead.visits, orders))
        new = draw_details(people, visits, crowd.tastes, self._calendar, self._rng(4, self.month)).without(away)
        new = new.and_of(draw_details(people, more, crowd.tastes, self._calendar, self._rng(7, self.month)))
        moved_on = _Crowd(people, crowd.tastes, crowd.response, ahead.state, crowd.log.followed_by(FUTURE, new), mails)
        self._crowd = moved_on.joined(self._arrived())
        self._look_ahead()

    def _rng(self, *purpose: int) -> np.random.Generator:
        # A purpose and a month have numbers of their own, so that one more draw somewhere changes nothing elsewhere.
        seed, wave = self._key
        return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(wave, *purpose)))

    def _lived(self, people: People, rng: np.random.Generator, response_rng: np.random.Generator) -> _Crowd:
        """People after the 12 months before the snapshot."""
        past = live(people, self._calendar, rng)
        tastes = draw_tastes(people, rng)
        log = draw_details(people, past.visits, tastes, self._calendar, rng)
        return _Crowd(people, tastes, draw_responses(people, response_rng), past.state, log, past.mails)

    def _arrived(self) -> _Crowd:
        """Those who signed up in the 30 days before the snapshot."""
        rng = self._rng(5, self.month)
        # Drawn like everybody else, of whom those who signed up lately are kept: newcomers are of the same mix.
        people = draw_people(WAVE, PAST, rng)
        new = (people.born >= PAST - FUTURE) & (rng.random(len(people)) < ARRIVALS)
        return self._lived(people.take(new), rng, self._rng(2, self.month))

    def _look_ahead(self) -> None:
        # The key of the first snapshot has no month: a seed keeps the customers that it has always given.
        key = (1, self._future, self.month) if self.month else (1, self._future)
        crowd = self._crowd
        self._ahead: Ahead = live_ahead(crowd.people, crowd.state, self._calendar, self._rng(*key))
        self._contacted = Contacted(np.zeros(self.size, dtype=bool), taken(self._ahead.visits, np.empty(0, dtype=int)))

    def _nobody(self) -> Treatment:
        nobody = np.zeros(len(self._crowd.people), dtype=bool)
        return Treatment(nobody, nobody)


def _stacked(one: P, more: P) -> P:
    """Arrays per person, followed by those of further people."""
    names = [field.name for field in fields(one)]
    return type(one)(**{name: np.concatenate([getattr(one, name), getattr(more, name)]) for name in names})
