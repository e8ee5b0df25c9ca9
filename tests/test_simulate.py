"""The simulated customers: consistent, reproducible, honest about what can be known."""

from __future__ import annotations

import datetime
from math import sqrt

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from northstar_explain.contract import northstar
from northstar_explain.simulate import FEATURES, SNAPSHOT, customers, simulate
from northstar_explain.simulate.shop_features import MAIL, PROFILE

N = 20_000
INT_COLUMNS = {
    "sessions_30d", "sessions_90d", "active_days_90d", "product_views_30d", "wishlist_adds_90d",
    "categories_viewed_90d", "orders_90d", "orders_365d", "categories_bought_365d", "account_age_days",
    "days_since_last_visit", "days_since_last_order", "days_since_last_email_open",
}  # fmt: skip
TEXT_COLUMNS = {"acquisition_channel", "country", "device_type", "loyalty_tier", "age_band"}
RATES = {name for name in FEATURES if name.endswith("_rate")}


@pytest.fixture(scope="module")
def both() -> tuple[pa.Table, pa.Table]:
    return simulate(N, seed=1)


@pytest.fixture(scope="module")
def table(both: tuple[pa.Table, pa.Table]) -> pa.Table:
    return both[0]


@pytest.fixture(scope="module")
def probability(both: tuple[pa.Table, pa.Table]) -> np.ndarray:
    values: np.ndarray = both[1]["true_probability"].to_numpy()
    return values


@pytest.fixture(scope="module")
def known(table: pa.Table) -> dict[str, np.ndarray]:
    """The number columns; NaN where missing."""
    return {name: table[name].to_numpy() for name in FEATURES if name not in TEXT_COLUMNS}


def label_of(table: pa.Table) -> np.ndarray:
    values: np.ndarray = table["purchased_next_30d"].to_numpy()
    return values


def test_columns_and_types_are_those_of_the_mission(table: pa.Table) -> None:
    assert table.column_names == ["customer_id", *FEATURES, "purchased_next_30d"]
    assert len(FEATURES) == 31
    expected = {name: pa.float64() for name in FEATURES}
    expected |= dict.fromkeys(INT_COLUMNS, pa.int32()) | dict.fromkeys(TEXT_COLUMNS, pa.string())
    expected |= {"customer_id": pa.string(), "purchased_next_30d": pa.int8()}
    assert {field.name: field.type for field in table.schema} == expected


def test_contract_describes_the_table(table: pa.Table) -> None:
    contract = northstar()
    assert tuple(feature.name for feature in contract.features) == FEATURES
    assert (contract.id, contract.label) == ("customer_id", "purchased_next_30d")
    for feature in contract.features:
        column = table[feature.name].combine_chunks()
        assert (feature.missing is not None) == (column.null_count > 0), feature.name
        if feature.kind.numeric:
            assert feature.minimum is not None and pc.min(column).as_py() >= feature.minimum, feature.name
            assert feature.maximum is not None and pc.max(column).as_py() <= feature.maximum, feature.name
        if feature.order:
            assert set(pc.unique(column.drop_null()).to_pylist()) == set(feature.order), feature.name


def test_counts_of_visits_agree(known: dict[str, np.ndarray]) -> None:
    month, quarter, last = known["sessions_30d"], known["sessions_90d"], known["days_since_last_visit"]
    assert (month <= quarter).all()
    assert (known["active_days_90d"] <= np.minimum(quarter, 90)).all()
    assert ((known["active_days_90d"] > 0) == (quarter > 0)).all()
    assert ((last <= 30) == (month > 0)).all()
    assert ((last <= 90) == (quarter > 0)).all()
    assert last.min() >= 1
    assert last.max() <= 365  # everybody visited in the 12 months
    assert (known["product_views_30d"][month == 0] == 0).all()
    assert (known["wishlist_adds_90d"][quarter == 0] == 0).all()
    assert ((known["categories_viewed_90d"] > 0) == (quarter > 0)).all()
    assert (known["pages_per_visit"] >= 1).all()
    assert (known["avg_session_duration"] > 0).all()


def test_orders_agree(known: dict[str, np.ndarray]) -> None:
    quarter, year, last = known["orders_90d"], known["orders_365d"], known["days_since_last_order"]
    assert (quarter <= year).all()
    assert ((last <= 90) == (quarter > 0)).all()
    assert ((last == 366) == (year == 0)).all()
    assert (last >= known["days_since_last_visit"]).all()  # an order is a visit
    assert (np.abs(known["avg_order_value"] * year - known["spend_365d"]) <= 0.00501 * year + 0.01).all()
    assert (known["items_per_order"][year > 0] >= 1).all()
    departments = known["categories_bought_365d"]
    assert ((departments > 0) == (year > 0)).all()
    assert (departments <= np.round(known["items_per_order"] * year + 0.5)).all()
    for name in ("spend_365d", "avg_order_value", "items_per_order", "discount_usage_rate", "return_rate"):
        assert (known[name][year == 0] == 0).all(), name


def test_rates_lie_between_0_and_1_and_are_rounded(known: dict[str, np.ndarray]) -> None:
    for name in RATES:
        values = known[name][~np.isnan(known[name])]
        assert values.min() >= 0, name
        assert values.max() <= 1, name
        np.testing.assert_allclose(values, np.round(values, 4), atol=1e-12, err_msg=name)
    assert (known["cart_abandonment_rate"][known["add_to_cart_rate"] == 0] == 0).all()
    mail_known = ~np.isnan(known["email_open_rate"])
    unopened = known["email_open_rate"][mail_known] == 0
    assert ((known["days_since_last_email_open"][mail_known] == 366) == unopened).all()
    # A click opens the e-mail first.
    assert (known["email_click_rate"] <= known["email_open_rate"])[mail_known].all()


@pytest.mark.parametrize(("block", "share"), [(MAIL, 0.09), (PROFILE, 0.04)])
def test_blocks_are_missing_together(table: pa.Table, block: tuple[str, ...], share: float) -> None:
    gaps = np.array([table[name].is_null().to_numpy() for name in block])
    assert (gaps == gaps[0]).all()
    assert abs(gaps[0].mean() - share) < 0.003 + 4 * sqrt(share * (1 - share) / N)


def test_nothing_else_is_missing(table: pa.Table) -> None:
    may_be_missing = {*MAIL, *PROFILE}
    assert {name for name in table.column_names if table[name].null_count} == may_be_missing


def test_guests_order_less(table: pa.Table, known: dict[str, np.ndarray]) -> None:
    guest = table["country"].is_null().to_numpy()
    assert known["orders_365d"][guest].mean() < 0.7 * known["orders_365d"][~guest].mean()


def test_base_rate_is_18_percent(table: pa.Table) -> None:
    assert abs(label_of(table).mean() - 0.18) < 0.005 + 3 * sqrt(0.18 * 0.82 / N)


def test_shop_looks_like_a_shop(known: dict[str, np.ndarray]) -> None:
    """Wide bands around what shops report; the sources stand in `simulate.people`."""
    orders, spend = known["orders_365d"], np.sort(known["spend_365d"])
    buyers = orders > 0
    assert 0.02 < known["orders_90d"].sum() / known["sessions_90d"].sum() < 0.06
    assert 0.35 < buyers.mean() < 0.65
    assert 45 < np.median(known["avg_order_value"][buyers]) < 70
    assert 0.08 < np.average(known["return_rate"], weights=orders) < 0.20
    assert 0.25 < np.average(known["discount_usage_rate"], weights=orders) < 0.45
    assert 0.15 < np.nanmean(known["email_open_rate"]) < 0.30
    spend_of_buyers = spend[-buyers.sum() :]
    assert 0.60 < spend_of_buyers[-buyers.sum() // 5 :].sum() / spend.sum() < 0.80
    assert np.corrcoef(orders, -known["days_since_last_order"])[0, 1] > 0.25


def test_truth_is_calibrated_against_many_futures(table: pa.Table, probability: np.ndarray) -> None:
    futures = [label_of(table), *(label_of(simulate(N, seed=1, future=k)[0]) for k in (1, 2, 3))]
    bought = np.mean(futures, axis=0)
    error = sqrt((probability * (1 - probability)).mean() / (len(futures) * N))
    assert abs(bought.mean() - probability.mean()) < 4 * error
    for rows in np.array_split(np.argsort(probability, kind="stable"), 10):
        variance = (probability[rows] * (1 - probability[rows])).sum() / len(futures)
        assert abs(bought[rows].sum() - probability[rows].sum()) < 4 * sqrt(variance) + 1


def test_label_is_no_function_of_the_features(table: pa.Table, probability: np.ndarray) -> None:
    """With the same past, another future gives another label, and only the label."""
    other, other_truth = simulate(N, seed=1, future=1)
    assert other.drop_columns("purchased_next_30d").equals(table.drop_columns("purchased_next_30d"))
    np.testing.assert_array_equal(other_truth["true_probability"].to_numpy(), probability)
    changed = (label_of(other) != label_of(table)).mean()
    # Two independent draws with the same probability differ this often.
    assert abs(changed - (2 * probability * (1 - probability)).mean()) < 4 * sqrt(changed / N)
    assert probability.min() >= 0
    assert probability.max() < 1


def test_same_seed_same_customers_another_seed_others() -> None:
    first, again, other = simulate(500, seed=5), simulate(500, seed=5), simulate(500, seed=6)
    assert first[0].equals(again[0])
    assert first[1].equals(again[1])
    assert not first[0].equals(other[0])


def test_smaller_table_is_the_beginning_of_a_larger_one(both: tuple[pa.Table, pa.Table]) -> None:
    first_wave = next(customers(N + 1, seed=1))[0].num_rows
    for n in (1, first_wave - 1, first_wave, first_wave + 1):
        for small, large in zip(simulate(n, seed=1), both, strict=True):
            assert small.num_rows == n
            assert small.combine_chunks().equals(large.slice(0, n).combine_chunks())


def test_customers_come_in_bounded_batches() -> None:
    batches = list(customers(N, seed=1))
    assert sum(batch.num_rows for batch, _ in batches) == N
    assert len(batches) > 1
    for batch, truth in batches:
        assert batch["customer_id"].equals(truth["customer_id"])
        assert truth.column_names == ["customer_id", "true_probability"]


def test_identifiers_are_unique_and_in_no_order(table: pa.Table) -> None:
    ids = table["customer_id"].to_pylist()
    assert len(set(ids)) == N
    assert all(len(name) == 9 and name[0] == "C" and name[1:].isdigit() for name in ids)
    ranks = np.argsort(np.argsort(ids))
    assert abs(np.corrcoef(ranks, np.arange(N))[0, 1]) < 0.05
    assert abs(np.corrcoef(ranks, label_of(table))[0, 1]) < 0.05


def test_no_single_feature_gives_the_label_away(table: pa.Table, known: dict[str, np.ndarray]) -> None:
    bought = label_of(table) == 1
    for name, values in known.items():
        rows = ~np.isnan(values)
        assert 0.12 < _auc(values[rows], bought[rows]) < 0.88, name


def test_season_of_the_snapshot_counts() -> None:
    before_christmas = simulate(3_000, seed=1, snapshot=datetime.date(2025, 11, 20))[1]["true_probability"]
    assert pc.mean(before_christmas).as_py() > pc.mean(simulate(3_000, seed=1)[1]["true_probability"]).as_py()
    assert datetime.date(2026, 3, 1) == SNAPSHOT


@pytest.mark.parametrize(
    ("n", "seed", "future", "message"),
    [
        (0, 1, 0, "n: expected 1 to 100000000 customers; got 0"),
        (10**8 + 1, 1, 0, "n: expected 1 to 100000000 customers; got 100000001"),
        (1, -1, 0, "seed: expected 0 or more; got -1"),
        (1, 1, -2, "future: expected 0 or more; got -2"),
    ],
)
def test_impossible_requests_are_refused_at_once(n: int, seed: int, future: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        customers(n, seed, future=future)


def _auc(values: np.ndarray, positive: np.ndarray) -> float:
    """Share of pairs (positive, negative) in which the positive has the larger value; ties count half."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    middle = counts.cumsum() - (counts - 1) / 2
    ranks = middle[inverse]
    m = positive.sum()
    return float((ranks[positive].sum() - m * (m + 1) / 2) / (m * (len(values) - m)))
