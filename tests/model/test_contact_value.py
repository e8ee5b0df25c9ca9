"""Value per contact: the formula, its break-even, and sums over cells."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from northstar_explain.contract.economics import Economics
from northstar_explain.model.campaign.value import (
    SCENARIOS,
    break_even_uplift,
    contact_values,
    spend_per_contact,
    value_per_contact,
)
from northstar_explain.model.evaluation.together_facts import DecileCell

MONEY = Economics(margin=24.0, contact_cost=0.5, voucher=5.0)
MATRIX = {
    "S1": (DecileCell(1, 0, 0.0, 0), DecileCell(9, 400, 120.0, 110), DecileCell(10, 100, 60.0, 62)),
    "S2": (DecileCell(1, 1_000, 20.0, 19), DecileCell(9, 100, 30.0, 33)),
}
amounts = st.floats(0.5, 500.0)


def test_value_is_that_of_the_people_one_by_one() -> None:
    """A hundred people are contacted: 20 would buy, 5 more do; each of the 25 takes the voucher."""
    earned = 25 * (24.0 - 5.0) - 100 * 0.5  # with the contact
    without = 20 * 24.0
    value = float(value_per_contact(np.array(0.2), 0.05, MONEY))
    assert 100 * value == pytest.approx(earned - without)
    assert 100 * float(spend_per_contact(np.array(0.2), 0.05, MONEY)) == pytest.approx(25 * 5.0 + 50.0)


@given(amounts, st.floats(0.0, 10.0), st.floats(0.0, 0.9), st.floats(0.0, 0.9))
def test_break_even_is_where_the_value_is_nothing(
    margin: float, cost: float, voucher: float, probability: float
) -> None:
    money = Economics(margin, cost, voucher * margin)
    uplift = break_even_uplift(probability, money)
    if uplift is None:
        assert float(value_per_contact(np.array(probability), 1.0 - probability, money)) < 1e-9
        return
    assert float(value_per_contact(np.array(probability), uplift, money)) == pytest.approx(0.0, abs=1e-9)
    assert float(value_per_contact(np.array(probability), uplift + 0.01, money)) > 0


def test_no_break_even_where_the_voucher_takes_the_margin() -> None:
    assert break_even_uplift(0.1, Economics(5.0, 0.1, 5.0)) is None
    assert break_even_uplift(0.1, Economics(5.0, 0.1, 6.0)) is None


def test_voucher_is_lost_on_likely_buyers() -> None:
    value = value_per_contact(np.array([0.05, 0.9]), 0.04, MONEY)
    assert value[0] > 0 > value[1]
    without = Economics(24.0, 0.5)
    np.testing.assert_allclose(value_per_contact(np.array([0.05, 0.9]), 0.04, without), 24 * 0.04 - 0.5)


def test_cells_without_customers_are_left_out_and_sums_agree() -> None:
    values = contact_values(MATRIX, MONEY)
    assert [(cell.segment, cell.decile) for cell in values.cells] == [("S1", 9), ("S1", 10), ("S2", 1), ("S2", 9)]
    assert [(cell.segment, cell.customers) for cell in values.segments] == [("S1", 500), ("S2", 1_100)]
    assert [(cell.decile, cell.customers) for cell in values.deciles] == [(1, 1_000), (9, 500), (10, 100)]
    assert values.everybody.customers == 1_600
    assert values.everybody.probability == pytest.approx(230 / 1_600)
    for place, scenario in enumerate(SCENARIOS):
        total = values.everybody.outlooks[place]
        assert total.scenario == scenario.name
        for group in (values.cells, values.segments, values.deciles):
            assert sum(cell.outlooks[place].earned for cell in group) == pytest.approx(total.earned)
            assert sum(cell.outlooks[place].spend for cell in group) == pytest.approx(total.spend)
        assert total.value_per_contact == pytest.approx(total.earned / 1_600)


def test_measured_uplifts_take_the_place_of_scenarios() -> None:
    values = contact_values(MATRIX, MONEY, measured=lambda segment, decile: 0.1 if segment == "S2" else -0.02)
    assert [[one.scenario for one in cell.outlooks] for cell in values.cells] == [["measured"]] * 4
    assert values.segments[0].outlooks[0].uplift == pytest.approx(-0.02)
    assert values.segments[1].outlooks[0].uplift == pytest.approx(0.1)
    assert values.segments[0].outlooks[0].earned < 0 < values.segments[1].outlooks[0].earned


def test_an_uplift_never_makes_more_than_everybody_buy() -> None:
    values = contact_values({"S1": (DecileCell(10, 10, 9.9, 10),)}, MONEY)
    assert [one.uplift for one in values.cells[0].outlooks] == pytest.approx([0.01, 0.01, 0.01])


def test_nobody_is_no_error() -> None:
    values = contact_values({"S1": ()}, MONEY)
    assert (values.cells, values.segments, values.everybody.customers) == ((), (), 0)
