"""Tables of the same customers month after month, with the truth beside."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from northstar_explain.errors import Fault, TableError
from northstar_explain.simulate.calendar import FUTURE
from northstar_explain.simulate.crowd import Snapshot, Treatment, Wave
from northstar_explain.simulate.responses import probability_contacted, response_names

SNAPSHOT = datetime.date(2026, 3, 1)
MOST = 10**8  # customers that the identifiers have room for
MOST_MONTHS = 60
ID, LABEL, TRUTH = "customer_id", "purchased_next_30d", "true_probability"
IF_NOT, IF_CONTACTED, IF_VOUCHER = "if_not_contacted", "if_contacted", "if_contacted_with_voucher"
RESPONSE, CONTACTED, EFFECT = "response", "contacted", "true_effect"


@dataclass(frozen=True)
class Campaign:
    """Customers who are contacted in the 30 days after a snapshot.

    Attributes
    ----------
    month : int
        The snapshot, 1 for the first.
    ids : pyarrow.Array of string
        Those contacted.
    voucher : ndarray of bool, shape (n,)
        Who of them with a voucher.
    """

    month: int
    ids: pa.Array
    voucher: np.ndarray


def date_of(month: int, first: datetime.date = SNAPSHOT) -> datetime.date:
    """The date of a snapshot, 1 for the first: they are 30 days apart, as long as the label looks ahead."""
    return first + datetime.timedelta(days=FUTURE * (month - 1))


def monthly(
    n: int,
    seed: int,
    months: int,
    campaign: Campaign | None = None,
    snapshot: datetime.date = SNAPSHOT,
    future: int = 0,
) -> Iterator[list[tuple[pa.RecordBatch, pa.RecordBatch]]]:
    """Simulate customers over months, some thousands of people at a time.

    Parameters
    ----------
    n : int
        Customers in the first month; later ones have those who visited in the 12 months before.
    seed : int
        The same seed gives the same customers; each month of a smaller shop is contained in that of a larger one.
    months : int
        How many snapshots, 30 days apart.
    campaign : Campaign, optional
        Without it nobody is contacted. It changes the label of its own month and the features of later ones, and only
        of those contacted.
    snapshot : datetime.date
        The first one.
    future : int
        Which of the possible futures after the first snapshot.

    Yields
    ------
    list of (customers, truth), one pair for each month
        As of `simulate.customers`. The truth has the true probability of the label (`true_probability`), of a purchase
        without a contact, with one, and with one that has a voucher (`if_not_contacted`, `if_contacted`,
        `if_contacted_with_voucher`), the hidden `response`, whether the customer was `contacted`, and the
        `true_effect` of that on the probability, 0 without a contact.

    Raises
    ------
    ValueError
        When a number is out of range.
    TableError
        At the end, when somebody of the campaign is not in the table of its month.
    """
    # Checked here and not in the generator, which would raise only when the first batch is asked for.
    for name, value, low, high in (("n", n, 1, MOST), ("months", months, 1, MOST_MONTHS)):
        if not low <= value <= high:
            what = "customers" if name == "n" else "months"
            raise ValueError(f"{name}: expected {low} to {high} {what}; got {value}")
    for name, value in (("seed", seed), ("future", future)):
        if value < 0:
            raise ValueError(f"{name}: expected 0 or more; got {value}")
    if campaign is not None and not 1 <= campaign.month <= months:
        raise ValueError(f"campaign month: expected 1 to {months}; got {campaign.month}")
    return _waves(n, seed, months, campaign, snapshot, future)


def _waves(
    n: int, seed: int, months: int, campaign: Campaign | None, snapshot: datetime.date, future: int
) -> Iterator[list[tuple[pa.RecordBatch, pa.RecordBatch]]]:
    numbers, contacts = _Numbers(seed), _Contacts(campaign)
    done = wave = 0
    while done < n:
        crowd = Wave(seed, wave, snapshot, future)
        register = _Register(numbers, done, n - done)
        batches = []
        for month in range(1, months + 1):
            if month > 1:
                crowd.live_on()
            chosen = contacts.choose(crowd, register) if contacts.month == month else None
            batches.append(_tables(crowd.snapshot(chosen), register, crowd))
        yield batches
        done, wave = done + batches[0][0].num_rows, wave + 1
    contacts.require_all_found()


def _tables(snapshot: Snapshot, register: _Register, crowd: Wave) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    ids = register.ids(snapshot.rows, crowd)
    inside = pa.array(register.inside(snapshot.rows, crowd))
    table = {ID: ids, **snapshot.columns, LABEL: snapshot.label}
    truth = {ID: ids, **_truth(snapshot)}
    return pa.record_batch(table).filter(inside), pa.record_batch(truth).filter(inside)


def _truth(snapshot: Snapshot) -> dict[str, pa.Array]:
    alone, response, state = snapshot.probability, snapshot.response, snapshot.state
    contacted, with_voucher = (probability_contacted(alone, response, state, voucher) for voucher in (False, True))
    treated, voucher = snapshot.treatment
    true = np.where(treated, np.where(voucher, with_voucher, contacted), alone)
    columns = {TRUTH: true, IF_NOT: alone, IF_CONTACTED: contacted, IF_VOUCHER: with_voucher}
    columns |= {RESPONSE: response_names(alone, response), CONTACTED: treated, EFFECT: true - alone}
    return {name: pa.array(values) for name, values in columns.items()}


class _Numbers:
    """Identifiers that never repeat and follow no order.

    Numbers from 0 on are for the customers of the first month, whatever happens later, those from the last one
    down for everybody else.
    """

    def __init__(self, seed: int):
        # The remainder keeps identifiers within 64 bits while they are computed, whatever the seed.
        self._shift = 7_919 * (seed % MOST)
        self._last = MOST

    def further(self, count: int) -> np.ndarray:
        """Numbers for so many people who were not in the table of the first month."""
        self._last -= count
        return np.arange(self._last + count - 1, self._last - 1, -1, dtype=np.int64)

    def ids(self, numbers: np.ndarray) -> pa.Array:
        """The identifiers of numbers."""
        # A factor prime to 10**8 makes this a permutation; near 10**8 / golden ratio, it scatters neighbours.
        scattered = (numbers * 61_803_399 + self._shift) % MOST
        return pa.array([f"C{number:08d}" for number in scattered])


class _Register:
    """Which numbers the people of a wave have, and who of them is a customer of this shop.

    The last wave has more people than a shop of n customers: those after the last one, and as many of those who
    arrive later, are left out of every table.
    """

    def __init__(self, numbers: _Numbers, first: int, most: int):
        self._numbers, self._first, self._most = numbers, first, most
        self._number = np.empty(0, dtype=np.int64)
        self._inside = np.empty(0, dtype=bool)
        self._share = 1.0

    def ids(self, rows: np.ndarray, crowd: Wave) -> pa.Array:
        """The identifiers of people, by position; those not in a table before get one."""
        self._grow(rows, crowd)
        unknown = rows[self._number[rows] < 0]
        self._number[unknown] = self._numbers.further(len(unknown))
        return self._numbers.ids(self._number[rows])

    def inside(self, rows: np.ndarray, crowd: Wave) -> np.ndarray:
        """Who of some people is a customer of this shop: bool, shape (n,)."""
        self._grow(rows, crowd)
        inside: np.ndarray = self._inside[rows]
        return inside

    def _grow(self, rows: np.ndarray, crowd: Wave) -> None:
        if not len(self._inside):
            self._number = np.full(crowd.size, -1, dtype=np.int64)
            # Numbered before any limit, so that later numbers are the same in a larger shop.
            self._number[rows] = self._first + np.arange(len(rows))
            last = rows[self._most - 1] if len(rows) > self._most else crowd.size - 1
            self._inside = np.arange(crowd.size) <= last
            self._share = float(self._inside.mean())
        if new := crowd.size - len(self._inside):
            self._number = np.concatenate([self._number, np.full(new, -1, dtype=np.int64)])
            self._inside = np.concatenate([self._inside, np.arange(new) < self._share * new])


class _Contacts:
    """Finds the customers of a campaign among the people of each wave."""

    def __init__(self, campaign: Campaign | None):
        self.month = campaign.month if campaign else 0
        self._ids = campaign.ids if campaign else pa.array([], pa.string())
        self._voucher = campaign.voucher if campaign else np.empty(0, dtype=bool)
        self._found = np.zeros(len(self._ids), dtype=bool)

    def choose(self, crowd: Wave, register: _Register) -> Callable[[np.ndarray], Treatment]:
        """What `Wave.snapshot` takes."""

        def treatment(rows: np.ndarray) -> Treatment:
            place = pc.index_in(register.ids(rows, crowd), self._ids).fill_null(-1).to_numpy()
            chosen = (place >= 0) & register.inside(rows, crowd)
            self._found[place[chosen]] = True
            treated, voucher = np.zeros((2, crowd.size), dtype=bool)
            treated[rows[chosen]] = True
            voucher[rows[chosen]] = self._voucher[place[chosen]]
            return Treatment(treated, voucher)

        return treatment

    def require_all_found(self) -> None:
        """Raise TableError when somebody of the campaign was in no table of its month."""
        missing = np.flatnonzero(~self._found)
        if len(missing):
            got = f"{len(missing):,} others, such as {self._ids[int(missing[0])]}"
            todo = "Give the same --customers, --seed and month as for the table that the audience was chosen from."
            raise TableError("campaign", [Fault("ids", f"customers of month {self.month}", got, todo)])
