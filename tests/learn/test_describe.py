"""Segments of a tree measured on all customers: profiles and names of those to whom a feature applies."""

from __future__ import annotations

import numpy as np
import pytest

from northstar_explain.contract import Columns, parse
from northstar_explain.contract.conditions import NumberCondition
from northstar_explain.learn.fit_segments import describe
from northstar_explain.model.rules import Leaf, Split
from northstar_explain.model.segments import Segmentation

CONTRACT = parse("""
[table]
id = "id"
label = "y"
[features.orders]
kind = "count"
words = "orders"
segments = true
[features.discount]
kind = "rate"
words = "share of orders with a discount"
defined_when = "orders > 0"
missing = "unknown"
segments = true
high = "deal-seeking"
low = "full-price"
[features.club]
kind = "count"
words = "club membership"
segments = true
""")
TREE = Split(
    NumberCondition("orders", 1.0),
    Split(NumberCondition("discount", 0.5, None, False), Leaf("S1"), Leaf("S2")),
    Split(NumberCondition("club", 1.0), Leaf("S3"), Leaf("S4")),
)


def columns() -> Columns:
    # Ten of each segment. Nobody without an order has a discount, and their 0 is no full price.
    discount = np.repeat([0.8, 0.1, 0.0, 0.0], 10)
    discount[[0, 10]] = [np.nan, 0.2]
    return {
        "orders": np.repeat([2.0, 3.0, 0.0, 0.0], 10) + np.tile([0, 0, 0, 0, 0, 0, 0, 0, 0, 1.0], 4) * np.repeat([1, 1, 0, 0], 10),
        "discount": discount,
        "club": np.repeat([0.0, 0.0, 1.0, 0.0], 10),
    }  # fmt: skip


@pytest.fixture(scope="module")
def found() -> Segmentation:
    return describe(TREE, columns(), CONTRACT, dict.fromkeys(("S1", "S2", "S3", "S4"), (1.0, 1.0)))


def test_who_has_no_order_is_in_no_average_of_orders(found: Segmentation) -> None:
    profiles = {one.id: {item.feature: item for item in one.profile}["discount"] for one in found.segments}
    first, second, third, _ = profiles.values()
    assert (first.known, first.among) == (9, 9)
    assert (second.known, second.among) == (10, 11)  # one has no known value
    assert (third.known, third.among, third.effect, third.index) == (0, 0, 0.0, None)
    base = (9 * 0.8 + 0.2 + 9 * 0.1) / 19
    assert first.base == pytest.approx(base)
    assert first.mean == pytest.approx(0.8)
    assert first.index == pytest.approx(100 * 0.8 / base)


def test_full_price_is_said_of_those_who_bought(found: Segmentation) -> None:
    names = {one.id: one.name.lower() for one in found.segments}
    assert "deal-seeking" in names["S1"] and "full-price" in names["S2"]
    assert "no orders" in names["S3"] or "club membership" in names["S3"]
    assert "no orders" in names["S4"]
    assert not any(word in names[id] for word in ("price", "deal") for id in ("S3", "S4"))


def test_a_membership_has_no_border(found: Segmentation) -> None:
    assert found.borders == {"orders": {1.0: (0.0, 2.0)}, "discount": {0.5: (0.45, 0.55)}}
