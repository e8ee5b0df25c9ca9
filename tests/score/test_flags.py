"""Flags say what they are for: the highest F1, and from which probability a contact pays."""

from __future__ import annotations

import dataclasses

import numpy as np
import pyarrow as pa
import pytest

from northstar_explain.contract import check
from northstar_explain.contract.economics import Economics
from northstar_explain.model import Model
from northstar_explain.model.campaign.value import (
    FLAGGED_BY,
    break_even_probability,
    break_even_uplift,
    value_per_contact,
)
from northstar_explain.model.learned_model import FLAG_BREAK_EVEN, FLAG_F1
from northstar_explain.score import Scorer


@pytest.mark.parametrize(
    "economics", [Economics(24, 0.5), Economics(40, 0.25, 0.5), Economics(30, 0.0), Economics(1000, 3)], ids=str
)
@pytest.mark.parametrize("rate", [0.02, 0.19, 0.6])
def test_from_the_break_even_probability_on_a_contact_pays(economics: Economics, rate: float) -> None:
    even = break_even_probability(rate, economics)
    assert even is not None
    fraction = FLAGGED_BY.uplift / rate

    def worth(probability: float) -> float:
        return float(value_per_contact(np.array(probability), fraction * probability, economics))

    assert worth(even) == pytest.approx(0.0, abs=1e-9)
    assert worth(even + 0.01) > 0 and (even < 0.001 or worth(even - 0.001) < 0)
    # The same money by the other formula: there, the uplift needed is the one assumed.
    assert break_even_uplift(even, economics) == pytest.approx(fraction * even)


@pytest.mark.parametrize("economics", [Economics(24, 0.5, 24), Economics(24, 0.5, 5), Economics(1, 50)], ids=str)
def test_where_no_contact_pays_there_is_no_such_probability(economics: Economics) -> None:
    assert break_even_probability(0.19, economics) is None


def test_scores_have_a_column_for_each_purpose(model: Model, some: pa.Table) -> None:
    accepted = check(some, model.contract).accepted
    scores = Scorer(model)(accepted)
    assert model.purchase.break_even is not None
    for name, threshold in model.purchase.flags.items():
        flag = scores[name].to_numpy(zero_copy_only=False)
        assert (flag == (scores["probability"].to_numpy() >= threshold)).all() and 0 < flag.sum() < len(flag)
    bare = dataclasses.replace(model, purchase=dataclasses.replace(model.purchase, break_even=None))
    names = Scorer(bare)(accepted).column_names
    assert names == [name for name in scores.column_names if name != FLAG_BREAK_EVEN] and FLAG_F1 in names


def test_the_facts_say_what_each_flag_finds(model: Model) -> None:
    f1, even = model.evaluation.purchase.flags
    assert {one.name: one.at.threshold for one in (f1, even)} == model.purchase.flags
    assert (f1.assumed_uplift, even.assumed_uplift) == (None, FLAGGED_BY.uplift)
    assert f1.at in model.evaluation.purchase.operating
