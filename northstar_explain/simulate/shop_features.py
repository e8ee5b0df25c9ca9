"""What a shop records of its customers: the 31 features, computed from the events before the snapshot.

Nothing here sees the hidden `State` or the events after the snapshot.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from northstar_explain.simulate.calendar import PAST, Calendar
from northstar_explain.simulate.events import Mails, Past, Visits
from northstar_explain.simulate.people import AGE_BANDS, CHANNELS, COUNTRIES, DEVICES, People

TIERS = ("none", "bronze", "silver", "gold")
TIER_SPEND = (0.0, 200.0, 600.0)  # dollars spent by the last review, for members: bronze, silver, gold
REVIEW_DAYS = 60  # days before the snapshot of that review
NEVER = PAST + 1  # days since something that did not happen in the 12 months
CATEGORIES = 12  # departments of the shop
SALE_DISCOUNT = 1.1  # added to the log-odds of using a discount on sale days
BASKET_SPREAD = 0.45  # standard deviation of the log of one person's orders

BEHAVIOR = (
    "sessions_30d", "sessions_90d", "active_days_90d", "avg_session_duration", "pages_per_visit",
    "product_views_30d", "add_to_cart_rate", "cart_abandonment_rate", "search_rate", "wishlist_adds_90d",
    "bounce_rate", "categories_viewed_90d",
)  # fmt: skip
TRANSACTIONS = (
    "orders_90d", "orders_365d", "spend_365d", "avg_order_value", "items_per_order", "discount_usage_rate",
    "return_rate", "categories_bought_365d",
)  # fmt: skip
PROFILE = ("acquisition_channel", "country", "device_type", "loyalty_tier", "account_age_days", "age_band")
MAIL = ("email_open_rate", "email_click_rate", "days_since_last_email_open")
ENGAGEMENT = ("days_since_last_visit", "days_since_last_order", *MAIL)
FEATURES = (*BEHAVIOR, *TRANSACTIONS, *PROFILE, *ENGAGEMENT)


def features_of(
    people: People, past: Past, calendar: Calendar, rng: np.random.Generator
) -> tuple[dict[str, pa.Array], np.ndarray]:
    """Compute the features of those who visited in the 12 months.

    Parameters
    ----------
    people : People
        Everybody, visitors or not.
    past : Past
        What they did.
    calendar : Calendar
        For the sale days.
    rng : numpy.random.Generator
        For what happens within a visit: pages, searches, carts, items, amounts.

    Returns
    -------
    columns : dict of pyarrow.Array
        One per name in `FEATURES`, in that order.
    rows : ndarray of int
        The positions of the people they belong to.
    """
    tastes = _tastes(people, rng)
    orders = _orders(people, past.visits, tastes, calendar, rng)
    columns = {
        **_behavior(people, past.visits, tastes, rng),
        **_transactions(people, orders),
        **_profile(people, orders),
        **_engagement(people, past.visits, orders, past.mails),
    }
    rows = np.flatnonzero(columns["days_since_last_visit"] < NEVER)
    # A guest has no account to hold a profile, and a mailbox without tracking no record of openings.
    unknown = dict.fromkeys(PROFILE, people.guest[rows])
    unknown |= dict.fromkeys(MAIL, people.mail_unknown[rows])
    return {name: _arrow(columns[name][rows], unknown.get(name)) for name in FEATURES}, rows


@dataclass(frozen=True)
class _Tastes:
    """For each person, the share of each department, summed up from the first one on."""

    upto: np.ndarray

    def pick(self, who: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """A department for each entry of `who`."""
        # Single precision suffices to pick one of 12, and halves the largest array of a wave.
        below = self.upto[who] < rng.random((len(who), 1), dtype=np.float32)
        picked: np.ndarray = below.sum(axis=1).clip(max=CATEGORIES - 1)
        return picked

    def distinct(self, who: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """How many different departments each person gets, picking one for each entry of `who`."""
        n = len(self.upto)
        # Person and department in one number: a count over pairs needs no sorting.
        seen = np.bincount(who * CATEGORIES + self.pick(who, rng), minlength=n * CATEGORIES) > 0
        counts: np.ndarray = seen.reshape(n, CATEGORIES).sum(axis=1)
        return counts


@dataclass(frozen=True)
class _Orders:
    """The orders of the 12 months; `departments_bought` is per person, all else per order."""

    who: np.ndarray
    when: np.ndarray
    items: np.ndarray
    amount: np.ndarray
    discounted: np.ndarray
    returned: np.ndarray
    departments_bought: np.ndarray


def _tastes(people: People, rng: np.random.Generator) -> _Tastes:
    # Before personal taste, the most popular department is seven times as popular as the least.
    popular = np.linspace(1.0, -1.0, CATEGORIES)
    weights = np.exp(popular + 1.1 * rng.standard_normal((len(people), CATEGORIES)))
    weights /= weights.sum(axis=1, keepdims=True)
    return _Tastes(weights.cumsum(axis=1).astype(np.float32))


def _orders(people: People, visits: Visits, tastes: _Tastes, calendar: Calendar, rng: np.random.Generator) -> _Orders:
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
    returned = (rng.random(len(who)) < people.returns[who]) & (back < PAST)
    bought = tastes.distinct(np.repeat(who, items), rng)
    return _Orders(who, when, items, amount, discounted, returned, bought)


def _behavior(people: People, visits: Visits, tastes: _Tastes, rng: np.random.Generator) -> dict[str, np.ndarray]:
    n, who, when, bought = len(people), visits.who, visits.when, visits.bought
    month, quarter = when >= PAST - 30, when >= PAST - 90
    bounced = ~bought & (rng.random(len(who)) < people.bounces[who])
    stayed = ~bounced
    # Somebody who stays sees two pages and some more; an order takes at least three for the checkout.
    more = rng.poisson(people.depth[who] * rng.standard_exponential(len(who)))
    pages = np.where(bounced, 1, 2 + more + 3 * bought)
    # Two hours at most: a shop's session ends even if the page stays open.
    seconds = (pages * people.pace[who] * rng.gamma(4.0, 0.25, len(who))).clip(max=7200.0)
    # An order goes through the cart; others fill one and leave it.
    carted = bought | (stayed & (rng.random(len(who)) < people.carts[who]))
    searched = stayed & (rng.random(len(who)) < people.searches[who])
    views = rng.binomial(pages[month], 0.45)
    wishes = rng.poisson(people.wishes[who[quarter]] * stayed[quarter])
    looks = 1 + rng.poisson(people.tastes[who[quarter]] * stayed[quarter])

    visited, visited_90d = _count(who, n), _count(who[quarter], n)
    carts = _count(who[carted], n)
    seconds_90d = _ratio(_sum(who[quarter], seconds[quarter], n), visited_90d)
    seconds_365d = _ratio(_sum(who, seconds, n), visited)
    return {
        "sessions_30d": _count(who[month], n),
        "sessions_90d": visited_90d,
        "active_days_90d": _active_days(who[quarter], when[quarter], n),
        # Without a visit in 90 days the mean over the year stands in, as it has to mean something for everybody.
        "avg_session_duration": np.round(np.where(visited_90d > 0, seconds_90d, seconds_365d), 1),
        "pages_per_visit": np.round(_ratio(_sum(who, pages, n), visited), 2),
        "product_views_30d": _sum(who[month], views, n).astype(np.int64),
        "add_to_cart_rate": _rate(carts, visited),
        "cart_abandonment_rate": _rate(_count(who[carted & ~bought], n), carts),
        "search_rate": _rate(_count(who[searched], n), visited),
        "wishlist_adds_90d": _sum(who[quarter], wishes, n).astype(np.int64),
        "bounce_rate": _rate(_count(who[bounced], n), visited),
        "categories_viewed_90d": tastes.distinct(np.repeat(who[quarter], looks), rng),
    }


def _transactions(people: People, orders: _Orders) -> dict[str, np.ndarray]:
    n, who = len(people), orders.who
    number = _count(who, n)
    spend = np.round(_sum(who, orders.amount, n), 2)
    return {
        "orders_90d": _count(who[orders.when >= PAST - 90], n),
        "orders_365d": number,
        "spend_365d": spend,
        "avg_order_value": np.round(_ratio(spend, number), 2),
        "items_per_order": np.round(_ratio(_sum(who, orders.items, n), number), 2),
        "discount_usage_rate": _rate(_count(who[orders.discounted], n), number),
        "return_rate": _rate(_count(who[orders.returned], n), number),
        "categories_bought_365d": orders.departments_bought,
    }


def _profile(people: People, orders: _Orders) -> dict[str, np.ndarray]:
    # The tier is that of the last review: a shop does not promote customers overnight.
    reviewed = orders.when < PAST - REVIEW_DAYS
    spend = _sum(orders.who[reviewed], orders.amount[reviewed], len(people))
    tier = np.searchsorted(TIER_SPEND, spend, side="right") * people.member
    return {
        "acquisition_channel": np.array(CHANNELS)[people.channel],
        "country": np.array(COUNTRIES)[people.country],
        "device_type": np.array(DEVICES)[people.device],
        "loyalty_tier": np.array(TIERS)[tier],
        "account_age_days": np.ceil(PAST - people.born).astype(np.int64),
        "age_band": np.array(AGE_BANDS)[people.age],
    }


def _engagement(people: People, visits: Visits, orders: _Orders, mails: Mails) -> dict[str, np.ndarray]:
    n = len(people)
    return {
        "days_since_last_visit": _days_since(visits.who, visits.when, n),
        "days_since_last_order": _days_since(orders.who, orders.when, n),
        "email_open_rate": _rate(_count(mails.opened_who, n), mails.sent),
        "email_click_rate": _rate(mails.clicked, mails.sent),
        "days_since_last_email_open": _days_since(mails.opened_who, mails.opened_when, n),
    }


def _days_since(who: np.ndarray, when: np.ndarray, n: int) -> np.ndarray:
    """Days from a person's last event to the snapshot: 1 for the day before it, `NEVER` without an event."""
    # Starts at the day that makes the difference NEVER for those without an event.
    last = np.full(n, PAST - NEVER, dtype=np.int64)
    # Unbuffered, as one person has many events in the arrays.
    np.maximum.at(last, who, when.astype(np.int64))
    return PAST - last


def _active_days(who: np.ndarray, when: np.ndarray, n: int) -> np.ndarray:
    day = when.astype(np.int64) - (PAST - 90)
    seen = np.zeros((n, 90), dtype=bool)
    seen[who, day] = True
    days: np.ndarray = seen.sum(axis=1)
    return days


def _count(who: np.ndarray, n: int) -> np.ndarray:
    return np.bincount(who, minlength=n)


def _sum(who: np.ndarray, what: np.ndarray, n: int) -> np.ndarray:
    return np.bincount(who, weights=what, minlength=n)


def _ratio(numerator: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Numerator / whole, 0 where there is nothing to divide by."""
    ratio: np.ndarray = numerator / np.maximum(whole, 1)
    return ratio


def _rate(numerator: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.round(_ratio(numerator, whole), 4)


def _arrow(values: np.ndarray, unknown: np.ndarray | None) -> pa.Array:
    """Whole numbers as int32, other numbers as float64, text as strings; null where unknown."""
    kind = {"i": pa.int32(), "f": pa.float64(), "U": pa.string()}[values.dtype.kind]
    return pa.array(values.astype(np.int32) if kind == pa.int32() else values, type=kind, mask=unknown)
