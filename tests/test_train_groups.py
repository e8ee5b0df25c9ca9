"""Training on rows that belong together: no household is both fitted to and evaluated on, whatever the dates."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from helpers import LABEL, TINY, learn, with_column

from northstar_explain.contract import Contract, parse
from northstar_explain.errors import TableError
from northstar_explain.evaluate.model_quality import Predictions, figures_of
from northstar_explain.model import Model
from northstar_explain.model.evaluation import Interval
from northstar_explain.model.evaluation.metric_registry import ROC_AUC
from northstar_explain.model.evaluation.purchase_facts import GroupSplit

GROUP = "household"


@pytest.fixture(scope="module")
def grouped(contract: Contract) -> Contract:
    return parse(contract.text.replace("[table]", f'[table]\ngroup = "{GROUP}"'))


@pytest.fixture(scope="module")
def months(customers: pa.Table) -> pa.Table:
    """1,500 rows of 375 households: four each, in mixed order."""
    return owned(customers.slice(0, 1_500), range(375))


def owned(table: pa.Table, households: range) -> pa.Table:
    who = np.random.default_rng(1).permutation(np.resize(np.array(households), table.num_rows))
    return table.append_column(GROUP, pa.array([f"h{one}" for one in who.tolist()]))


def facts(model: Model) -> GroupSplit:
    found = model.evaluation.purchase.group_split
    assert found is not None
    return found


def test_each_household_is_in_one_part(months: pa.Table, grouped: Contract) -> None:
    model = learn(months, grouped, TINY).model
    purchase, together = model.evaluation.purchase, facts(model)
    assert together.column == GROUP
    assert together.train + together.validation + together.holdout == 375
    assert (together.train_rows_excluded, together.holdout_rows_excluded) == (0, 0)
    sizes = purchase.train_n, purchase.validation_n, purchase.holdout.n
    assert sizes == pytest.approx((1_050, 150, 300), abs=8)
    assert model.evaluation.segments.fidelity_n == pytest.approx(300, abs=4)
    assert model.manifest["contract_sha256"] == grouped.sha256


def test_the_same_households_give_the_same_bytes(months: pa.Table, grouped: Contract) -> None:
    first, again = learn(months, grouped, TINY).model, learn(months, grouped, TINY).model
    assert dict(first.files) == dict(again.files)


def test_the_label_does_not_reach_the_segments_through_the_households(months: pa.Table, grouped: Contract) -> None:
    flipped = with_column(months, LABEL, 1 - months[LABEL].to_numpy())
    one, other = (learn(table, grouped, TINY).model.files["segments.json"] for table in (months, flipped))
    assert one == other


def test_a_household_of_both_dates_is_fitted_to_or_evaluated_on(
    months: pa.Table, customers: pa.Table, grouped: Contract
) -> None:
    """300 of the later 400 households are known: a fifth of the earlier ones is evaluated on, and all that are new."""
    later = owned(customers.slice(3_000, 1_600), range(75, 475))
    model = learn(months, grouped, TINY, later).model
    purchase, together = model.evaluation.purchase, facts(model)
    assert purchase.out_of_time
    assert together.train + together.validation == pytest.approx(300, abs=3)
    assert together.train_rows_excluded == 4 * (375 - together.train - together.validation)
    assert purchase.holdout.n + together.holdout_rows_excluded == 1_600
    assert purchase.holdout.n == 4 * together.holdout
    assert together.holdout >= 100  # the new ones
    relabelled = with_column(later, LABEL, np.random.default_rng(0).permutation(later[LABEL].to_numpy()))
    assert learn(months, grouped, TINY, relabelled).model.id == model.id


def test_a_later_table_of_other_households_takes_none_from_training(
    months: pa.Table, customers: pa.Table, grouped: Contract
) -> None:
    model = learn(months, grouped, TINY, owned(customers.slice(3_000, 800), range(1_000, 1_200))).model
    assert facts(model).train_rows_excluded == facts(model).holdout_rows_excluded == 0
    assert model.evaluation.purchase.holdout.n == 800


def test_copies_of_a_row_do_not_leak_each_others_label(
    contract: Contract, grouped: Contract, customers: pa.Table
) -> None:
    """Each customer eight times over: copies on both sides of a split would be memorised, and ranked without a fault."""
    table = pa.concat_tables([customers.slice(0, 400)] * 8)
    table = with_column(table, contract.id, pa.array([f"r{i}" for i in range(table.num_rows)]))
    table = table.append_column(GROUP, pa.array([f"h{i % 400}" for i in range(table.num_rows)]))
    for one in (contract, grouped):  # equal rows stay in one split, named by the contract or not
        assert learn(table, one, TINY).model.evaluation.purchase.holdout.figures[ROC_AUC] < 0.95


def test_intervals_are_as_wide_as_the_households_allow() -> None:
    """Eight equal rows are one piece of evidence: their interval is that of the households alone."""
    rng = np.random.default_rng(0)
    label = (rng.random(300) < 0.3).astype(np.int8)
    probability = np.clip(0.3 * label + 0.6 * rng.random(300), 0, 1)

    def auc_interval(times: int, groups: np.ndarray | None = None) -> Interval:
        many = Predictions(np.repeat(probability, times), 0.5)
        return figures_of(np.repeat(label, times), many, 200, 3, groups).intervals[ROC_AUC.key]

    together = auc_interval(8, np.repeat(np.arange(300), 8))
    assert together == pytest.approx(auc_interval(1))
    assert np.ptp(together) > 2 * np.ptp(auc_interval(8))


def test_too_few_households_are_a_fault(months: pa.Table, grouped: Contract) -> None:
    table = with_column(months, GROUP, pa.array(["north", "south", "west"] * 500))
    with pytest.raises(TableError, match="column household: expected at least 100 different values.*got 3"):
        learn(table, grouped, TINY)


def test_holdout_households_must_hold_both_labels(months: pa.Table, customers: pa.Table, grouped: Contract) -> None:
    """The new ones have no purchase; the known ones, which do, are all fitted to."""
    known = months.slice(0, 1_500)
    later = owned(customers.slice(3_000, 100), range(5_000, 5_100))
    later = with_column(later, LABEL, np.zeros(100, np.int8))
    with pytest.raises(TableError, match="both 0 and 1; got only 0 in all 100 valid rows"):
        learn(known, grouped, TINY, later)
