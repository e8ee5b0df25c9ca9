"""Adding a metric is one entry and one function: it is then stored, and shown by every report that lists metrics."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from helpers import TINY, explain, learn

from northstar_explain import model as models
from northstar_explain import tables
from northstar_explain.contract import Contract
from northstar_explain.evaluate import holdout_metrics
from northstar_explain.evaluate.holdout_metrics import FUNCTIONS, measure
from northstar_explain.evaluate.ranking import Ranked, Weighted
from northstar_explain.model import Model
from northstar_explain.model.evaluation.metric_registry import METRICS, PLACES, Metric
from northstar_explain.report.audit.chapters.performance import performance
from northstar_explain.report.audit.pack import pack_tables
from northstar_explain.report.document.blocks import Table
from northstar_explain.report.memo.metrics_chapter import model_metrics

LOG_LOSS = Metric("log_loss", "Log loss", "mean negative log-likelihood of what happened; lower is better")


def log_loss(w: Weighted) -> float:
    """Of rows counted as often as their weights say."""
    likely = np.clip(np.where(w.label == 1, w.score, 1 - w.score), 1e-12, None)
    return float(-(w.weight * np.log(likely)).sum() / w.rows)


@pytest.fixture(scope="module")
def extended(few: pa.Table, contract: Contract) -> Model:
    """A model trained with one more metric."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(METRICS, LOG_LOSS.key, LOG_LOSS)
        patch.setitem(FUNCTIONS, LOG_LOSS.key, log_loss)
        return learn(few, contract, TINY).model


@pytest.fixture(autouse=True)
def entry_and_function(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(METRICS, LOG_LOSS.key, LOG_LOSS)
    monkeypatch.setitem(FUNCTIONS, LOG_LOSS.key, log_loss)


def test_each_metric_has_its_function() -> None:
    assert FUNCTIONS.keys() == METRICS.keys()
    label, score = np.array([1, 0, 1, 0]), np.array([0.9, 0.8, 0.4, 0.1])
    doubled = measure(Ranked(np.repeat(label, 2), np.repeat(score, 2)))
    assert measure(Ranked(label, score), np.full(4, 2)) == pytest.approx(doubled)
    assert holdout_metrics.measure(Ranked(label, score))["log_loss"] == pytest.approx(
        -np.log([0.9, 0.2, 0.4, 0.9]).mean()
    )


def test_it_is_stored_with_its_interval(extended: Model) -> None:
    purchase = json.loads(extended.files["evaluation.json"])["purchase"]
    figures = purchase["holdout"]["figures"]
    low, high = figures["intervals"]["log_loss"]
    assert low < figures["values"]["log_loss"] < high
    assert all("log_loss" in one["figures"]["values"] for one in purchase["baselines"])


def test_show_lists_it(extended: Model, tmp_path: Path) -> None:
    models.save(extended, tmp_path / "model")
    value = extended.evaluation.purchase.holdout.figures[LOG_LOSS]
    assert any(
        line.split()[:3] == ["Log", "loss", f"{value:.4f}"]
        for line in explain("show", tmp_path / "model").stdout.splitlines()
    )


def test_the_memo_lists_it(extended: Model) -> None:
    rows = {name: (value, says) for name, value, _, says in model_metrics(extended.evaluation.purchase.holdout).rows}
    value = extended.evaluation.purchase.holdout.figures[LOG_LOSS]
    assert rows["Log loss"] == (f"{value:.3f}", LOG_LOSS.meaning)


def test_the_audits_chapter_and_table_list_it(extended: Model) -> None:
    shown = [row for block in performance(extended).blocks if isinstance(block, Table) for row in block.rows]
    value = extended.evaluation.purchase.holdout.figures[LOG_LOSS]
    assert [row[2] for row in shown if row[0] == "Log loss"] == [f"{value:.4f}"]
    table = pack_tables._performance(extended.evaluation.purchase.holdout)
    assert "log_loss" in table["figure"].to_pylist()
    assert tables.parquet_bytes(table)


def test_each_list_shows_what_it_is_to_show(extended: Model) -> None:
    figures = extended.evaluation.purchase.holdout.figures
    for place in PLACES:
        assert [one.key for one in figures.listed(place)] == [k for k, one in METRICS.items() if place in one.places]
