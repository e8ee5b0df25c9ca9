"""The best possible prediction: the probability of an order in the next 30 days, given everything hidden.

It is computed, not counted. Trips that sell arrive as a Poisson process given the drift and the day of
leaving, so no sale from new trips has probability exp(-expected sales); the drift of the coming month is
integrated by Gauss-Hermite quadrature and the day of leaving by summing over the 30 days. A trip already
under way has a constant chance per day to sell and to end, so its probability has a closed form.
"""

from __future__ import annotations

import numpy as np

from northstar_explain.simulate.calendar import FUTURE, PAST, Calendar
from northstar_explain.simulate.events import State, click_rate, next_level, trip_rate
from northstar_explain.simulate.people import People

# Seven points integrate polynomials up to degree 13 exactly; the integrand is smooth in the drift.
_POINTS, _WEIGHTS = np.polynomial.hermite_e.hermegauss(7)
# The rule is for the weight exp(-x**2 / 2); divided by their sum, its weights are those of the standard normal.
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()


def true_probability(people: People, state: State, calendar: Calendar) -> np.ndarray:
    """Probability of at least one order in the 30 days after the snapshot, given the hidden state.

    Parameters
    ----------
    people : People
        Hidden traits.
    state : State
        As `live` leaves it.
    calendar : Calendar
        For the season of the coming month.

    Returns
    -------
    ndarray of float, shape (n,)
    """
    # Trips are independent, so the chance that none sells is a power.
    no_old_sale = (1.0 - _sells_within(people, np.array([float(FUTURE)]))[:, 0]) ** state.open_trips
    no_new_sale = np.zeros(len(people))
    for point, weight in zip(_POINTS, _WEIGHTS, strict=True):
        # The drift of the coming month is one normal shock away from what the state holds.
        no_new_sale += weight * _no_new_sale(people, next_level(people, state.level, float(point)), calendar)
    probability: np.ndarray = 1.0 - no_old_sale * np.where(state.here, no_new_sale, 1.0)
    return probability


def _sells_within(people: People, days: np.ndarray) -> np.ndarray:
    """Chance that a trip waiting for its next visit sells within some days; shape (people, days)."""
    # Per day: a visit ends a wait of exponential length, and then sells, goes on or ends the trip.
    sells = people.buys / people.gap_days
    ends = (1.0 - people.buys) * (1.0 - people.goes_on) / people.gap_days
    rate = sells + ends
    # expm1 keeps its digits where the rate is small and 1 - exp(-x) would lose them.
    chance: np.ndarray = (sells / rate)[:, None] * -np.expm1(-rate[:, None] * days)
    return chance


def _no_new_sale(people: People, level: np.ndarray, calendar: Calendar) -> np.ndarray:
    """Chance that no trip of the coming month sells within it, for people who are here at its start."""
    # Trips start in the middle of a day on average, and what follows the first visit may come too late.
    left = FUTURE - np.arange(FUTURE) - 0.5
    waits = ((1.0 - people.buys) * people.goes_on)[:, None] * _sells_within(people, left)
    rate = trip_rate(people, calendar, slice(PAST, PAST + FUTURE)) * np.exp(level)[:, None]
    rate += click_rate(people, level)[:, None]
    # A trip sells at its first visit, or goes on and sells within the days that are left.
    no_sale = np.exp(-np.cumsum(rate * (people.buys[:, None] + waits), axis=1))
    stays = np.exp(-people.leave_rate[:, None] * np.arange(FUTURE + 1))
    # Trips start on each day whose beginning finds the person still here; the first day always does.
    stays[:, FUTURE] = 0.0
    # No sale until the day of leaving, weighted by the chance to leave on that day.
    chance: np.ndarray = (no_sale * (stays[:, :-1] - stays[:, 1:])).sum(axis=1)
    return chance
