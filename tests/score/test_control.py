"""The control group: sticky, of the size that was asked for, and blind to everything but id and salt."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from northstar_explain.contract import check
from northstar_explain.model import Model
from northstar_explain.score import Control, Scorer
from northstar_explain.score.control import control_group

IDS = pa.array([f"C{number:07d}" for number in range(50_000)])


@pytest.mark.parametrize("share", [0.0, 0.05, 0.1, 0.5, 1.0])
def test_the_group_has_the_share_that_was_asked_for(share: float) -> None:
    found = control_group(IDS, Control(share)).mean()
    assert abs(found - share) <= 4 * np.sqrt(share * (1 - share) / len(IDS))


def test_another_salt_draws_a_group_that_has_nothing_to_do_with_the_first() -> None:
    one, other = control_group(IDS, Control(0.2)), control_group(IDS, Control(0.2, "spring"))
    assert abs((one & other).mean() - 0.04) < 0.005


def test_a_larger_group_holds_the_smaller_one() -> None:
    small, large = control_group(IDS, Control(0.05)), control_group(IDS, Control(0.1))
    assert (large | ~small).all()


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1, max_size=30, unique=True),
    st.randoms(),
)
def test_a_customer_stays_whoever_else_is_scored(ids: list[str], random: object) -> None:
    whole = dict(zip(ids, control_group(pa.array(ids), Control(0.5)).tolist(), strict=True))
    assert all(control_group(pa.array([id]), Control(0.5))[0] == inside for id, inside in whole.items())


def test_it_says_nothing_of_the_customer(model: Model, customers: pa.Table) -> None:
    scores = Scorer(model)(check(customers, model.contract).accepted)
    inside, probability = scores["control_group"].to_numpy(), scores["probability"].to_numpy()
    spread = probability.std() / np.sqrt(inside.sum())
    assert abs(probability[inside].mean() - probability[~inside].mean()) < 4 * spread
    share = Scorer(model, Control(0.3))(check(customers, model.contract).accepted)["control_group"].to_numpy().mean()
    assert abs(share - 0.3) < 0.03
