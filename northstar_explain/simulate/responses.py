"""How people respond to a campaign: hidden, drawn once per person, and never in a table.

Some are persuaded by a contact, or only by a voucher; some buy anyway (sure things) or never (lost causes), whatever is
sent; some are put off. Who is likely to buy is mostly no one to be persuaded: browsers who hesitate and read their
e-mails are, while a shop's most frequent visitors rather mind being pushed. These are assumptions, chosen so that
choosing by probability and choosing by uplift differ, as Ascarza (2018, Journal of Marketing Research 55(1)) found.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np

from northstar_explain.simulate.calendar import PAST
from northstar_explain.simulate.events import State, Visits
from northstar_explain.simulate.people import LOG_CONVERSION, People

PERSUADABLE, SURE_THING, LOST_CAUSE, PUT_OFF = "persuadable", "sure thing", "lost cause", "put off"
SURE_FROM = 0.5  # probability from which somebody who does not respond is a sure thing
AWAY = 0.2  # of the response that is left in people who have left the shop
SOON = 14  # days within which a contact persuades


@dataclass(frozen=True)
class Response:
    """Hidden responses, one array entry per person.

    Attributes
    ----------
    contact, voucher : ndarray of float
        Chance that a contact alone, or one with a voucher, leads to an order within `SOON` days.
    put_off : ndarray of float
        Chance that a contact of either kind keeps the person away for the 30 days.
    """

    contact: np.ndarray
    voucher: np.ndarray
    put_off: np.ndarray

    def take(self, rows: np.ndarray) -> Response:
        """Those of some of the people (a mask or positions)."""
        return Response(**{one.name: getattr(self, one.name)[rows] for one in fields(self)})


def draw_responses(people: People, rng: np.random.Generator) -> Response:
    """Draw how people respond; it depends on their traits and on chance."""
    n = len(people)
    # On scales where 0 is usual and 1 is much.
    visits_often = np.log(people.visits_per_day) + 2.6
    hesitates = LOG_CONVERSION - np.log(people.buys)
    reads = people.opens + 1.35
    likes_deals = people.discount + 1.35
    chance = _share(-1.2 + 0.5 * visits_often + 0.7 * hesitates + 0.8 * reads)
    persuadable = rng.random(n) < chance
    # Who has no mailbox that is read is reached late or not at all; who likes deals waits for a voucher.
    contact = persuadable * _share(-2.0 + 0.4 * rng.standard_normal(n))
    more = persuadable * _share(-3.2 + 1.0 * likes_deals + 0.4 * rng.standard_normal(n))
    minds = ~persuadable & (rng.random(n) < _share(-1.9 + 0.5 * visits_often - 0.5 * hesitates - 0.7 * reads))
    # The contact and its voucher persuade independently: with a voucher, nobody is less likely to be persuaded.
    return Response(contact, 1.0 - (1.0 - contact) * (1.0 - more), minds * 0.12)


def probability_contacted(
    probability: np.ndarray, response: Response, state: State, voucher: bool | np.ndarray
) -> np.ndarray:
    """Probability of an order in the 30 days after a contact, given everything hidden.

    Parameters
    ----------
    probability : ndarray of float, shape (n,)
        Without a contact.
    response : Response
    state : State
    voucher : bool, or ndarray of bool of shape (n,)
        Whether the contact has a voucher.

    Returns
    -------
    ndarray of float, shape (n,)
    """
    stays = 1.0 - response.put_off
    contacted: np.ndarray = 1.0 - (1.0 - stays * probability) * (1.0 - persuaded(response, state, voucher))
    return contacted


def persuaded(response: Response, state: State, voucher: bool | np.ndarray) -> np.ndarray:
    """Chance that a contact leads to an order that would not come otherwise; shape (n,)."""
    chance: np.ndarray = np.where(voucher, response.voucher, response.contact) * np.where(state.here, 1.0, AWAY)
    return chance


def response_names(probability: np.ndarray, response: Response) -> np.ndarray:
    """What each person is called, by response and by probability without a contact; text of shape (n,)."""
    indifferent = np.where(probability >= SURE_FROM, SURE_THING, LOST_CAUSE)
    names: np.ndarray = np.where(response.put_off > 0, PUT_OFF, indifferent)
    return np.where(response.contact > 0, PERSUADABLE, names)


class Contacted(NamedTuple):
    """What a contact changes in the 30 days after it.

    Attributes
    ----------
    away : ndarray of bool, shape (people,)
        Who is put off, and makes none of the visits that would otherwise be made.
    orders : Visits
        A visit with an order for each person who is persuaded.
    """

    away: np.ndarray
    orders: Visits


def contact(
    response: Response, state: State, treated: np.ndarray, voucher: np.ndarray, rng: np.random.Generator
) -> Contacted:
    """Contact people after a snapshot.

    Parameters
    ----------
    response : Response
    state : State
        At the snapshot.
    treated, voucher : ndarray of bool, shape (people,)
        Who is contacted, and who of them with a voucher.
    rng : numpy.random.Generator
    """
    n = len(treated)
    # One draw for everybody: who else is contacted changes nothing for a person.
    away = treated & (rng.random(n) < response.put_off)
    who = np.flatnonzero(treated & (rng.random(n) < persuaded(response, state, voucher)))
    when = PAST + SOON * rng.random(n)[who]
    return Contacted(away, Visits(who, when, np.ones(len(who), dtype=bool)))


def _share(log_odds: np.ndarray) -> np.ndarray:
    share: np.ndarray = 1.0 / (1.0 + np.exp(-log_odds))
    return share
