"""The curve of price and fidelity by number of rules: its knee."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from northstar_explain.learn.choose_segments import knee
from northstar_explain.learn.frontier import Point
from northstar_explain.model import Model


def points(*prices: float) -> list[Point]:
    return [Point(4 * (i + 1), 4 * (i + 1), price, 0.9, 2, 2.0) for i, price in enumerate(prices)]


@pytest.mark.parametrize(
    ("prices", "rules"),
    [((1.20, 1.10, 1.05, 1.045), 12), ((1.02, 1.015, 1.012), 4), ((1.05, 1.049, 1.02), 12), ((1.0,), 4)],
)
def test_the_knee_is_where_more_rules_stop_paying(prices: tuple[float, ...], rules: int) -> None:
    assert knee(points(*prices), 4).rules == rules


@given(st.lists(st.floats(1, 2), min_size=1, max_size=6))
def test_the_knee_is_the_first_point_after_which_no_step_is_worth_it(prices: list[float]) -> None:
    curve = points(*prices)
    at = curve.index(knee(curve, 4))
    assert all(curve[at].price - one.price < 0.01 * (place - at) for place, one in enumerate(curve) if place > at)
    for before in range(at):
        assert any(
            curve[before].price - one.price >= 0.01 * (place - before) - 1e-12
            for place, one in enumerate(curve)
            if place > before
        )


def test_the_price_never_rises(model: Model) -> None:
    facts = model.evaluation.segments
    prices = [one.price_of_explainability for one in facts.curve]
    assert prices == sorted(prices, reverse=True)
