"""What a shop records of its customers: the 31 features, computed from the events before the snapshot.

Nothing here sees the hidden `State` or the events after the snapshot.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from northstar_explain.simulate.calendar import PAST
from northstar_explain.simulate.event_tables import Log, Orders
from northstar_explain.simulate.events import Mails
from northstar_explain.simulate.people import AGE_BANDS, CHANNELS, COUNTRIES, DEVICES, People
from northstar_explain.simulate.visit_details import CATEGORIES

TIERS = ("none", "bronze", "silver", "gold")
TIER_SPEND = (0.0, 200.0, 600.0)  # dollars spent by the last review, for members: bronze, silver, gold
REVIEW_DAYS = 60  # days before the snapshot of that review
NEVER = PAST + 1  # days since something that did not happen in the 12 months

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


def features_of(people: People, log: Log, mails: Mails) -> tuple[dict[str, pa.Array], np.ndarray]:
    """Compute the features of those who visited in the 12 months.

    Parameters
    ----------
    people : People
        Everybody, visitors or not.
    log : Log
        What they did in the shop.
    mails : Mails
        The e-mails they got.

    Returns
    -------
    columns : dict of pyarrow.Array
        One per name in `FEATURES`, in that order.
    rows : ndarray of int
        The positions of the people they belong to.
    """
    columns = {
        **_behavior(len(people), log),
        **_transactions(len(people), log.orders),
        **_profile(people, log.orders),
        **_engagement(len(people), log, mails),
    }
    rows = np.flatnonzero(columns["days_since_last_visit"] < NEVER)
    # A guest has no account to hold a profile, and a mailbox without tracking no record of openings.
    unknown = dict.fromkeys(PROFILE, people.guest[rows])
    unknown |= dict.fromkeys(MAIL, people.mail_unknown[rows])
    return {name: _arrow(columns[name][rows], unknown.get(name)) for name in FEATURES}, rows


def _behavior(n: int, log: Log) -> dict[str, np.ndarray]:
    visits, looks = log.visits, log.looks
    who, when = visits.who, visits.when
    month, quarter = when >= PAST - 30, when >= PAST - 90
    visited, visited_90d = _count(who, n), _count(who[quarter], n)
    carts = _count(who[visits.carted], n)
    seconds_90d = _ratio(_sum(who[quarter], visits.seconds[quarter], n), visited_90d)
    seconds_365d = _ratio(_sum(who, visits.seconds, n), visited)
    return {
        "sessions_30d": _count(who[month], n),
        "sessions_90d": visited_90d,
        "active_days_90d": _active_days(who[quarter], when[quarter], n),
        # Without a visit in 90 days the mean over the year stands in, as it has to mean something for everybody.
        "avg_session_duration": np.round(np.where(visited_90d > 0, seconds_90d, seconds_365d), 1),
        "pages_per_visit": np.round(_ratio(_sum(who, visits.pages, n), visited), 2),
        "product_views_30d": _sum(log.views.who, log.views.views, n).astype(np.int64),
        "add_to_cart_rate": _rate(carts, visited),
        "cart_abandonment_rate": _rate(_count(who[visits.carted & ~visits.bought], n), carts),
        "search_rate": _rate(_count(who[visits.searched], n), visited),
        "wishlist_adds_90d": _sum(looks.who, looks.wishes, n).astype(np.int64),
        "bounce_rate": _rate(_count(who[visits.bounced], n), visited),
        "categories_viewed_90d": _departments(looks.who, looks.departments, n),
    }


def _transactions(n: int, orders: Orders) -> dict[str, np.ndarray]:
    who = orders.who
    number = _count(who, n)
    spend = np.round(_sum(who, orders.amount, n), 2)
    return {
        "orders_90d": _count(who[orders.when >= PAST - 90], n),
        "orders_365d": number,
        "spend_365d": spend,
        "avg_order_value": np.round(_ratio(spend, number), 2),
        "items_per_order": np.round(_ratio(_sum(who, orders.items, n), number), 2),
        "discount_usage_rate": _rate(_count(who[orders.discounted], n), number),
        "return_rate": _rate(_count(who[orders.back < PAST], n), number),
        "categories_bought_365d": _departments(who, orders.departments, n),
    }


def _profile(people: People, orders: Orders) -> dict[str, np.ndarray]:
    # The tier is that of the last review: a shop does not promote customers overnight.
    reviewed = orders.when < PAST - REVIEW_DAYS
    spend = _sum(orders.who[reviewed], orders.amount[reviewed], len(people))
    tier = np.searchsorted(TIER_SPEND, spend, side="right") * people.member
    return {
        "acquisition_channel": np.array(CHANNELS)[people.channel],
        "country": np.array(COUNTRIES)[people.country],
        "device_type": np.array(DEVICES)[people.device],
        "loyalty_tier": np.array(TIERS)[tier],
        # Rounded up, as with days since an event: an account opened within the last day is one day old.
        "account_age_days": np.ceil(PAST - people.born).astype(np.int64),
        "age_band": np.array(AGE_BANDS)[people.age],
    }


def _engagement(n: int, log: Log, mails: Mails) -> dict[str, np.ndarray]:
    reads = mails.reads
    opened = _count(reads.who, n)
    sent = mails.unopened.sum(axis=1) + opened
    return {
        "days_since_last_visit": _days_since(log.visits.who, log.visits.when, n),
        "days_since_last_order": _days_since(log.orders.who, log.orders.when, n),
        "email_open_rate": _rate(opened, sent),
        "email_click_rate": _rate(_count(reads.who[reads.clicked], n), sent),
        "days_since_last_email_open": _days_since(reads.who, reads.when, n),
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


def _departments(who: np.ndarray, departments: np.ndarray, n: int) -> np.ndarray:
    """How many different departments each person's events have together."""
    event, department = np.nonzero(departments)
    seen = np.bincount(who[event] * CATEGORIES + department, minlength=n * CATEGORIES) > 0
    counts: np.ndarray = seen.reshape(n, CATEGORIES).sum(axis=1)
    return counts


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
