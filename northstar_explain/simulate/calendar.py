"""When people shop: the week, the gift season and the sales, day by day around the snapshot."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import numpy as np

PAST = 365  # days before the snapshot
FUTURE = 30  # days after it
MONTH = 30  # days over which a person's rates stay the same; they drift from one to the next

# Visits by weekday, Monday first: online shops are busiest on Sunday and Monday, quietest on Saturday.
WEEKDAYS = np.array([1.07, 1.02, 1.00, 0.99, 0.94, 0.92, 1.06])

# Month for each day: periods of 30 days counted back from the snapshot (the first has the 5 left over), and
# the future as the last one.
PERIOD = (np.arange(PAST + FUTURE) - PAST) // MONTH + PAST // MONTH + 1
PERIODS = int(PERIOD[-1]) + 1
# PERIOD is sorted, so the first day of each month is found by search.
PERIOD_START = np.searchsorted(PERIOD, np.arange(PERIODS))


@dataclass(frozen=True)
class Calendar:
    """Season and sales on each of the 365 days before the snapshot and the 30 days from it on.

    Attributes
    ----------
    weekday : ndarray of float
        Factor on visits.
    gift, sale : ndarray of float
        1 in the weeks before Christmas and on sale days, else 0.
    """

    weekday: np.ndarray
    gift: np.ndarray
    sale: np.ndarray


def calendar_around(snapshot: datetime.date) -> Calendar:
    """The calendar of the year before a snapshot and the month after it."""
    days = [snapshot + datetime.timedelta(days=day - PAST) for day in range(PAST + FUTURE)]
    return Calendar(
        weekday=WEEKDAYS[[day.weekday() for day in days]],
        # Until 22 December: what is ordered later does not arrive in time.
        gift=np.array([float((11, 20) <= (day.month, day.day) <= (12, 22)) for day in days]),
        sale=np.array([float(_is_sale(day)) for day in days]),
    )


def _is_sale(day: datetime.date) -> bool:
    """Black week, the winter and summer sales, and three days of offers every month."""
    date = (day.month, day.day)
    black_week = (11, 24) <= date <= (12, 1)
    winter, summer = (1, 2) <= date <= (1, 12), (7, 1) <= date <= (7, 14)
    return black_week or winter or summer or 10 <= day.day <= 12
