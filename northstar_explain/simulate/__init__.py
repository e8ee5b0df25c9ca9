"""Northstar's customers, simulated event by event.

People with hidden traits visit, look, buy and read e-mails for 12 months before a snapshot and 30 days after
it. The 31 features are computed from what happens before, the label from what happens after; the one is never
a function of the other. Beside the table comes each customer's true probability given the hidden state, which
no model may see: it is the best that a model could predict.

People are simulated in waves that do not depend on the number of customers: the first thousand of a million
are the same as the thousand of a thousand. Memory is bounded by one wave.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from northstar_explain.simulate.calendar import PAST, Calendar, calendar_around
from northstar_explain.simulate.events import buys_next, live
from northstar_explain.simulate.people import draw_people
from northstar_explain.simulate.shop_features import FEATURES, features_of
from northstar_explain.simulate.truth import true_probability

__all__ = ["FEATURES", "SNAPSHOT", "customers", "simulate"]

SNAPSHOT = datetime.date(2026, 3, 1)
MOST = 10**8  # customers that the identifiers have room for

WAVE = 24_000  # people who ever signed up; less than half of them visited in the last 12 months
ID, LABEL, TRUTH = "customer_id", "purchased_next_30d", "true_probability"


def customers(
    n: int, seed: int, snapshot: datetime.date = SNAPSHOT, future: int = 0
) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
    """Simulate customers, some thousands at a time.

    Parameters
    ----------
    n : int
        How many customers, all with at least one visit in the 12 months before the snapshot.
    seed : int
        The same seed gives the same customers; of two sizes, the smaller is the beginning of the larger.
    snapshot : datetime.date
        The day on which the features are taken; its season counts. The base rate of 18% is calibrated at the
        default.
    future : int
        Which of the possible futures to simulate. Another number leaves customers, features and probabilities as
        they are and resamples the 30 days after the snapshot, and so the label.

    Yields
    ------
    customers : pyarrow.RecordBatch
        `customer_id`, the 31 `FEATURES` and the label `purchased_next_30d` (0 or 1).
    truth : pyarrow.RecordBatch
        `customer_id` and `true_probability`, the probability of the label given everything hidden.

    Raises
    ------
    ValueError
        When `n` is not between 1 and 100 million, or `seed` or `future` is negative.
    """
    if not 1 <= n <= MOST:
        raise ValueError(f"n: expected 1 to {MOST} customers; got {n}")
    for name, value in (("seed", seed), ("future", future)):
        if value < 0:
            raise ValueError(f"{name}: expected 0 or more; got {value}")
    return _waves(n, seed, calendar_around(snapshot), future)


def simulate(n: int, seed: int, snapshot: datetime.date = SNAPSHOT, future: int = 0) -> tuple[pa.Table, pa.Table]:
    """Simulate customers, all at once; parameters and errors as for `customers`.

    Returns
    -------
    customers, truth : pyarrow.Table

    Examples
    --------
    >>> table, truth = simulate(3, seed=1)
    >>> table.num_rows, table.num_columns, truth.column_names
    (3, 33, ['customer_id', 'true_probability'])
    """
    tables, truths = zip(*customers(n, seed, snapshot, future), strict=True)
    return pa.Table.from_batches(tables), pa.Table.from_batches(truths)


def _waves(n: int, seed: int, calendar: Calendar, future: int) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
    done = wave = 0
    while done < n:
        columns, label, truth = _wave(seed, wave, calendar, future)
        rows = min(len(label), n - done)
        ids = _ids(seed, done, rows)
        table = {ID: ids, **{name: column[:rows] for name, column in columns.items()}, LABEL: label[:rows]}
        yield pa.record_batch(table), pa.record_batch({ID: ids, TRUTH: truth[:rows]})
        done, wave = done + rows, wave + 1


def _wave(seed: int, wave: int, calendar: Calendar, future: int) -> tuple[dict[str, pa.Array], pa.Array, pa.Array]:
    """Everybody of one wave who visited: features, label and true probability."""
    past_rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(wave, 0)))
    future_rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(wave, 1, future)))
    people = draw_people(WAVE, PAST, past_rng)
    people = people.take(people.leaves > 0)  # the others left before the 12 months and cannot visit in them
    past = live(people, calendar, past_rng)
    columns, rows = features_of(people, past, calendar, past_rng)
    label = buys_next(people, past.state, calendar, future_rng)[rows]
    truth = true_probability(people, past.state, calendar)[rows]
    return columns, pa.array(label.astype(np.int8)), pa.array(truth)


def _ids(seed: int, first: int, rows: int) -> pa.Array:
    """Identifiers that never repeat and follow no order: the row times an odd number without 5, wrapped."""
    # A factor prime to 10**8 makes this a permutation; near 10**8 / golden ratio, it scatters neighbours.
    numbers = ((first + np.arange(rows, dtype=np.int64)) * 61_803_399 + 7_919 * (seed % MOST)) % MOST
    return pa.array([f"C{number:08d}" for number in numbers])
