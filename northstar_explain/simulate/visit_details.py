"""What happens within visits: pages, searches, carts, departments, items, amounts. Drawn once per visit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from northstar_explain.simulate.calendar import PAST, Calendar
from northstar_explain.simulate.event_tables import Log, Looks, Orders, Views, VisitLog
from northstar_explain.simulate.events import Visits
from northstar_explain.simulate.people import People

CATEGORIES = 12  # departments of the shop
SALE_DISCOUNT = 1.1  # added to the log-odds of using a discount on sale days
BASKET_SPREAD = 0.45  # standard deviation of the log of one person's orders


@dataclass(frozen=True)
class Tastes:
    """For each person, the share of each department, summed up from the first one on."""

    upto: np.ndarray

    def departments(self, who: np.ndarray, times: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Which departments each event of a person picks in so many picks: bool, shape (events, departments)."""
        events = len(who)
        event = np.repeat(np.arange(events), times)
        # Event and department in one number: a count over pairs needs no sorting.
        pairs = event * CATEGORIES + self._pick(who[event], rng)
        seen: np.ndarray = np.bincount(pairs, minlength=events * CATEGORIES).reshape(events, CATEGORIES) > 0
        return seen

    def _pick(self, who: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """A department for each entry of `who`."""
        # Single precision suffices to pick one of 12, and halves the largest array of a wave.
        below = self.upto[who] < rng.random((len(who), 1), dtype=np.float32)
        picked: np.ndarray = below.sum(axis=1).clip(max=CATEGORIES - 1)
        return picked


def draw_tastes(people: People, rng: np.random.Generator) -> Tastes:
    """Draw which departments each person prefers."""
    # Before personal taste, the most popular department is seven times as popular as the least.
    popular = np.linspace(1.0, -1.0, CATEGORIES)
    weights = np.exp(popular + 1.1 * rng.standard_normal((len(people), CATEGORIES)))
    weights /= weights.sum(axis=1, keepdims=True)
    return Tastes(weights.cumsum(axis=1).astype(np.float32))


def draw_details(people: People, visits: Visits, tastes: Tastes, calendar: Calendar, rng: np.random.Generator) -> Log:
    """Draw what happens within visits.

    Parameters
    ----------
    people : People
        Their hidden traits decide.
    visits : Visits
        In the 12 months before the snapshot.
    tastes : Tastes
    calendar : Calendar
        For the sale days.
    rng : numpy.random.Generator

    Returns
    -------
    Log
    """
    orders = _orders(people, visits, tastes, calendar, rng)
    who, when, bought = visits.who, visits.when, visits.bought
    month, quarter = when >= PAST - 30, when >= PAST - 90
    bounced = ~bought & (rng.random(len(who)) < people.bounces[who])
    stayed = ~bounced
    # Somebody who stays sees two pages and some more; an order takes at least three for the checkout.
    # A Poisson number whose mean is exponential: most visits are short, and a few very long.
    more = rng.poisson(people.depth[who] * rng.standard_exponential(len(who)))
    pages = np.where(bounced, 1, 2 + more + 3 * bought)
    # Two hours at most: a shop's session ends even if the page stays open.
    # The gamma factor has mean 1, so that `pace` is a person's mean.
    seconds = (pages * people.pace[who] * rng.gamma(4.0, 0.25, len(who))).clip(max=7200.0)
    # An order goes through the cart; others fill one and leave it.
    carted = bought | (stayed & (rng.random(len(who)) < people.carts[who]))
    searched = stayed & (rng.random(len(who)) < people.searches[who])
    views = rng.binomial(pages[month], 0.45)
    wishes = rng.poisson(people.wishes[who[quarter]] * stayed[quarter])
    looks = 1 + rng.poisson(people.tastes[who[quarter]] * stayed[quarter])
    return Log(
        VisitLog(who, when, bought, bounced, pages, seconds, carted, searched),
        Views(who[month], when[month], views),
        Looks(who[quarter], when[quarter], wishes, tastes.departments(who[quarter], looks, rng)),
        orders,
    )


def _orders(people: People, visits: Visits, tastes: Tastes, calendar: Calendar, rng: np.random.Generator) -> Orders:
    who, when = visits.who[visits.bought], visits.when[visits.bought]
    sale = calendar.sale[when.astype(np.int64)]
    log_odds = people.discount[who] + SALE_DISCOUNT * sale
    discounted = rng.random(len(who)) < 1.0 / (1.0 + np.exp(-log_odds))
    items = 1 + rng.poisson(people.items[who])
    # More items mean a larger order, though less than in proportion; discounts take 10 to 30% off.
    log_price = people.basket[who] + 0.6 * np.log(items / 2.0)
    log_price += BASKET_SPREAD * rng.standard_normal(len(who))
    price_cut = np.where(discounted, rng.uniform(0.1, 0.3, len(who)), 0.0)
    amount = np.round(np.exp(log_price) * (1.0 - price_cut), 2).clip(min=1.0)
    # Parcels come back after 4 days to some weeks: the latest orders show fewer returns than they will have.
    back = when + 4.0 + rng.exponential(9.0, len(who))
    # Infinite for what is kept, so that the comparison with any day is right without a mask.
    back = np.where(rng.random(len(who)) < people.returns[who], back, np.inf)
    return Orders(who, when, items, amount, discounted, back, tastes.departments(who, items, rng))
