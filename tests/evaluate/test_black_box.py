"""The black box to compare with: tuned on validation rows, over two settings or, when asked, over thirty."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from northstar_explain.contract import Contract, check
from northstar_explain.evaluate import baselines
from northstar_explain.evaluate.customers import customers_of
from northstar_explain.metrics import roc_auc
from northstar_explain.model.learned_model import Model
from northstar_explain.report.audit.chapters.performance import performance


def test_deep_takes_the_best_of_thirty_settings_on_the_validation_rows(
    customers: pa.Table, contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(set(baselines.TUNED_DEEP)) == len(baselines.TUNED_DEEP) == 30
    everybody = customers_of(check(customers, contract, label=True).accepted, contract)
    order = np.random.default_rng(0).permutation(len(everybody))
    train, validation = everybody.take(order[:2000]), everybody.take(order[2000:3000])
    # The first setting has next to no steps, the last is one of the thirty.
    useless = (2, 1e-9, 0.0)
    monkeypatch.setattr(baselines, "TUNED_DEEP", (useless, baselines.TUNED_DEEP[8]))
    monkeypatch.setattr(baselines, "_TUNED", (useless,))
    aucs = []
    for deep in (False, True):
        box = baselines.fit_black_box(contract.model_features[:6], train, validation, 1, deep)
        aucs.append(roc_auc(validation.label, box.score(validation.columns)))
        # What was tried, what it reached and what was taken is stored.
        assert (box.search.deep, len(box.search.settings)) == (deep, 2 if deep else 1)
        (taken,) = [one for one in box.search.settings if one.chosen]
        assert taken.roc_auc == aucs[-1] == max(one.roc_auc for one in box.search.settings)
        assert (taken.leaves == useless[0]) == (not deep)
    assert aucs[1] > aucs[0] + 0.02


def test_the_audit_report_says_that_it_was_not_run(model: Model) -> None:
    assert "thirty settings of the black box was not run" in str(performance(model))
    purchase = model.evaluation.purchase
    search = replace(purchase.black_box_search, deep=True)
    facts = replace(model.evaluation, purchase=replace(purchase, black_box_search=search))
    deep = replace(model, evaluation=facts)
    assert "was not run" not in str(performance(deep))
