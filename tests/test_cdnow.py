"""Real customers: the table is right at its date, and the example runs."""

from __future__ import annotations

import datetime
import functools
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))
from examples.cdnow import run as cdnow
from northstar_explain import contract as contracts
from northstar_explain import model as models
from northstar_explain.learn.segment_options import SegmentOptions
from northstar_explain.model.evaluation.metric_registry import ROC_AUC
from northstar_explain.training import TrainingOptions

CUT = datetime.date(1997, 9, 30)


@pytest.fixture(scope="module")
def purchases() -> np.ndarray:
    read: np.ndarray = cdnow.transactions()
    return read


def test_the_whole_file_is_read(purchases: np.ndarray) -> None:
    assert len(purchases) == 69_659  # as in Fader and Hardie's notes on the data
    assert len(np.unique(purchases["customer"])) == 23_570


def test_features_use_nothing_after_the_date(purchases: np.ndarray) -> None:
    table = cdnow.customers_at(purchases, CUT)
    past = purchases[purchases["day"] <= np.datetime64(CUT)]
    without = cdnow.customers_at(past, CUT)
    assert without.drop_columns(["bought_next_30d"]).equals(table.drop_columns(["bought_next_30d"]))
    assert not without["bought_next_30d"].to_numpy().any()


def test_customers_by_hand(purchases: np.ndarray) -> None:
    rows = {row["customer_id"]: row for row in cdnow.customers_at(purchases, CUT).to_pylist()}
    for id in list(rows)[::4000]:
        mine = purchases[purchases["customer"] == id]
        past = mine[mine["day"] <= np.datetime64(CUT)]
        assert rows[id]["orders"] == len(past)
        assert rows[id]["spend"] == pytest.approx(past["usd"].sum())
        assert rows[id]["days_since_last_order"] == (np.datetime64(CUT) - past["day"].max()).astype(int)
        after = (mine["day"] > np.datetime64(CUT)) & (mine["day"] <= np.datetime64(CUT) + 30)
        assert rows[id]["bought_next_30d"] == int(after.any())


def test_the_contract_accepts_everybody(purchases: np.ndarray) -> None:
    checked = contracts.check(cdnow.customers_at(purchases, CUT), contracts.load(cdnow.CONTRACT), label=True)
    assert (checked.accepted.num_rows, checked.rejected.num_rows, checked.ignored) == (23_570, 0, ())


@pytest.mark.slow
def test_the_example_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    # One number of segments in place of a search among seven, and no experiments: both have tests of their own.
    quick = functools.partial(TrainingOptions, experiments=False, segments=SegmentOptions(k=4, draws=2))
    quick.validation = TrainingOptions.validation  # type: ignore[attr-defined]
    monkeypatch.setattr(cdnow, "TrainingOptions", quick)
    cdnow.run(tmp_path, seed=0, overwrite=False, quiet=True)
    purchase = models.load(tmp_path / "model").evaluation.purchase
    assert purchase.out_of_time
    assert purchase.holdout.figures[ROC_AUC] > 0.80  # recency alone reaches this on these customers
    assert "logistic regression" in capsys.readouterr().out
    assert (tmp_path / "playbook" / "playbook.pdf").exists()
