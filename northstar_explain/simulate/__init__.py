"""Northstar's customers, simulated event by event.

People with hidden traits visit, look, buy and read e-mails for 12 months before a snapshot and 30 days after
it. The 31 features are computed from what happens before, the label from what happens after; the one is never
a function of the other. Beside the table comes each customer's true probability given the hidden state, which
no model may see: it is the best that a model could predict.

`monthly` lets the same people live on from month to month, and contacts some of them: see `responses`.

People are simulated in waves that do not depend on the number of customers: the first thousand of a million
are the same as the thousand of a thousand. Memory is bounded by one wave.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

import pyarrow as pa

from northstar_explain.simulate.months import CONTACTED, EFFECT, ID, LABEL, SNAPSHOT, TRUTH, Campaign, date_of, monthly
from northstar_explain.simulate.shop_features import FEATURES

__all__ = [
    "CONTACTED",
    "EFFECT",
    "FEATURES",
    "ID",
    "LABEL",
    "SNAPSHOT",
    "TRUTH",
    "Campaign",
    "customers",
    "date_of",
    "monthly",
    "simulate",
]


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
    return _first_month(monthly(n, seed, 1, None, snapshot, future))


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


def _first_month(
    waves: Iterator[list[tuple[pa.RecordBatch, pa.RecordBatch]]],
) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
    # Nobody is contacted, so there is nothing to be said of contacts.
    return ((table, truth.select([ID, TRUTH])) for ((table, truth),) in waves)
