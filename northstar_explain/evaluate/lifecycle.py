"""Stages of a customer's life, worked out for each customer from the contract's roles."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from northstar_explain.contract.columns import Columns
from northstar_explain.contract.definedness import defined
from northstar_explain.contract.features import Contract, Feature
from northstar_explain.contract.time_units import DAYS_IN, days_in_one
from northstar_explain.model.evaluation.audience_facts import (
    GROWING,
    LAPSING,
    LOST,
    LOYAL,
    NEW,
    NO_ORDER,
    ONE_ORDER,
    STAGES,
    LifecycleFacts,
)
from northstar_explain.model.evaluation.limits import LAPSING_FROM, LOST_FROM, LOYAL_SHARE, NEW_SHARE_OF_WINDOW

UNKNOWN = "unknown"
_WINDOW = re.compile(r"last (\d+) (day|week|month|year)s?", re.IGNORECASE)


def lifecycle_facts(
    contract: Contract, columns: Columns, ids: np.ndarray, order: Sequence[str]
) -> LifecycleFacts | None:
    """Count each segment's customers by stage.

    Parameters
    ----------
    contract : Contract
        The first numeric feature with each of the roles ``frequency``, ``recency`` and ``tenure`` is used; of the last
        two, if it is known how many days they are.
    columns : mapping
        Raw features of every customer.
    ids : ndarray of str, shape (n,)
        The segment of each.
    order : sequence of str
        The segments.

    Returns
    -------
    LifecycleFacts or None
        None without a count of role ``frequency``.
    """
    counted = _with_role(contract, "frequency")
    if counted is None or not counted.kind.counts:
        return None
    orders, by_role = _values(counted, columns), {role: _in_days(contract, role) for role in ("recency", "tenure")}
    recency, tenure = (_days(one, columns) for one in by_role.values())
    window = _window(counted, recency)
    new_within = window * NEW_SHARE_OF_WINDOW if window is not None and tenure is not None else None
    loyal_from = _loyal_from(orders)
    stage = _stages(orders, recency, tenure, window, new_within, loyal_from)
    return LifecycleFacts(
        frequency=counted.name,
        recency=by_role["recency"].name if by_role["recency"] else None,
        tenure=by_role["tenure"].name if by_role["tenure"] else None,
        window_days=window,
        new_within=new_within,
        loyal_from=loyal_from,
        lapsing_from=LAPSING_FROM,
        lost_from=LOST_FROM,
        segments={
            id: {one: int(np.count_nonzero(stage[ids == id] == one)) for one in (*STAGES, UNKNOWN)} for id in order
        },
    )


def _stages(
    orders: np.ndarray,
    recency: np.ndarray | None,
    tenure: np.ndarray | None,
    window: float | None,
    new_within: float | None,
    loyal_from: float,
) -> np.ndarray:
    quiet = np.zeros(len(orders))
    if recency is not None and window is not None:
        quiet = quietness(orders, recency, tenure, window)
    new = np.zeros(len(orders), dtype=bool)
    if tenure is not None and new_within is not None:
        new = tenure <= new_within  # False where it is not known
    # The first that applies.
    stages = (
        (np.isnan(orders), UNKNOWN), (orders < 1, NO_ORDER), (new, NEW), (quiet >= LOST_FROM, LOST),
        (quiet >= LAPSING_FROM, LAPSING), (orders < 2, ONE_ORDER), (orders >= loyal_from, LOYAL),
    )  # fmt: skip
    return np.select([mask for mask, _ in stages], [name for _, name in stages], GROWING)


def quietness(orders: np.ndarray, recency: np.ndarray, tenure: np.ndarray | None, window: float) -> np.ndarray:
    """How many times as long ago the last order is as a customer's orders were apart; 0 with fewer than two.

    Parameters
    ----------
    orders, recency, tenure : ndarray of float, shape (n,)
        Orders in the window, days since the last, and days since the first or since an account was opened; NaN where
        not known.
    window : float
        Days that orders are counted over.

    Returns
    -------
    ndarray of float, shape (n,)
    """
    had = np.full(len(orders), window)
    if tenure is not None:
        # Who opened an account a month ago had a month to order in.
        had = np.where((tenure < window) & (tenure > recency), tenure, window)
    # Orders were apart by the time up to the last one over their number: a week each for ten in ten weeks. If orders
    # came at random at that rate, the share of customers who are quiet so long would be exp(-quiet).
    # A day at least, where the last order is as old as the account or the window.
    before = np.maximum(had - recency, 1.0)
    known = (orders >= 2) & ~np.isnan(recency)  # one order is not apart from any
    quiet: np.ndarray = np.where(known, recency * orders / before, 0.0)
    return quiet


def _loyal_from(orders: np.ndarray) -> float:
    several = orders[orders >= 2]
    # Three at least: two orders are a second one, and no habit yet.
    return max(3.0, float(np.ceil(np.quantile(several, 1 - LOYAL_SHARE)))) if len(several) else 3.0


def _window(counted: Feature, recency: np.ndarray | None) -> float | None:
    """Days that orders are counted over: what the feature's words say, or as long ago as any last order is."""
    if recency is None or np.isnan(recency).all():
        return None
    longest = float(np.nanmax(recency))
    said = _WINDOW.search(counted.words)
    return max(longest, int(said[1]) * DAYS_IN[said[2].lower()]) if said else longest


def _with_role(contract: Contract, role: str) -> Feature | None:
    found = (one for one in contract.features if one.role == role and one.kind.numeric and not one.sensitive)
    return next(found, None)


def _in_days(contract: Contract, role: str) -> Feature | None:
    found = _with_role(contract, role)
    # 12 months are not 12 days, and a tenure of 12 that does not say of what is neither.
    return found if found and days_in_one(found) else None


def _days(feature: Feature | None, columns: Columns) -> np.ndarray | None:
    each = days_in_one(feature) if feature else None
    return None if feature is None or each is None else _values(feature, columns) * each


def _values(feature: Feature, columns: Columns) -> np.ndarray:
    """The feature's values, NaN where it has no meaning."""
    column, applies = columns[feature.name], defined(feature, columns)
    assert isinstance(column, np.ndarray)
    return column if applies is None else np.where(applies, column, np.nan)
