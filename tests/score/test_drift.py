"""Population stability: against a plain computation, against chance, and for shifts that are there."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from helpers import explain, plain, with_column
from scipy.stats import chi2

from northstar_explain import tables
from northstar_explain.contract import check, columns_of
from northstar_explain.model import Model
from northstar_explain.model.evaluation.limits import PSI_LOOK
from northstar_explain.score import Scorer, ScoringOptions, feature_drift, run


def test_psi_is_the_sum_over_bins() -> None:
    then, now = np.array([500.0, 300, 150, 50]), np.array([40, 30, 20, 10])
    before, after = (then + 0.5) / 1002, (now + 0.5) / 102
    expected = sum((a - b) * math.log(a / b) for a, b in zip(after, before, strict=True))
    found = feature_drift.stability(then, now)
    assert found.psi == pytest.approx(expected, abs=1e-12)
    assert (found.n, found.bins) == (100, 4)


@pytest.mark.parametrize("freedom", [1, 2, 5, 11, 19, 60])
def test_the_point_of_the_chi_squared_distribution(freedom: int) -> None:
    assert feature_drift._chi_squared_999(freedom) == pytest.approx(chi2.ppf(0.999, freedom), rel=0.035)


def test_empty_bins_are_no_bins_and_new_ones_are() -> None:
    then = np.array([100.0, 0, 100, 0])
    assert feature_drift.stability(then, np.array([10, 0, 10, 0])).bins == 2
    found = feature_drift.stability(then, np.array([8, 0, 8, 4]))
    assert found.bins == 3
    assert found.psi > 0.9
    assert feature_drift.stability(np.array([5.0]), np.array([3])).psi == 0


@pytest.mark.parametrize("n", [100, 1_000, 10_000])
def test_chance_alone_seldom_exceeds_the_threshold(n: int) -> None:
    rng = np.random.default_rng(n)
    shares = np.array([0.1] * 9 + [0.06, 0.04])
    then = rng.multinomial(50_000, shares).astype(float)
    found = [feature_drift.stability(then, rng.multinomial(n, shares)) for _ in range(2_000)]
    assert len({one.threshold for one in found}) == 1
    assert sum(one.shifted for one in found) <= 8  # 2 are expected where chance decides
    moved = shares * np.linspace(2, 0.1, 11)  # a shift that anybody would call one
    assert n < 1_000 or feature_drift.stability(then, rng.multinomial(n, moved / moved.sum())).shifted


def test_thresholds_fall_with_customers_to_the_customary_one() -> None:
    then = np.full(12, 14_000.0)
    found = [feature_drift.stability(then, np.full(12, n / 12)).threshold for n in (48, 96, 240, 480, 4_800)]
    assert found == sorted(found, reverse=True)
    assert found[-1] == PSI_LOOK < found[0]


def test_a_numeric_feature_is_cut_into_tenths_of_training(model: Model, customers: pa.Table) -> None:
    scorer = Scorer(model)
    accepted = check(customers, model.contract).accepted
    scored = scorer.score(accepted["customer_id"].combine_chunks(), columns_of(accepted, model.contract.features))
    found = feature_drift.drift(model.scorecard, scorer.lookup, scored.bins)
    assert set(found) == set(model.scorecard.features)
    assert all(2 <= one.bins <= 12 and one.n == 6_000 for one in found.values())
    # The customers are those of training, a third of them kept apart from it.
    assert all(one.psi < 0.01 and not one.shifted for one in found.values())


@pytest.fixture(scope="module")
def other(customers: pa.Table) -> pa.Table:
    """Customers of another kind: more products viewed, half the countries unknown, and one never seen before."""
    views = np.minimum(customers["product_views_30d"].to_numpy() * 3 + 20, 50_000)
    table = with_column(customers, "product_views_30d", pa.array(views, pa.int32()))
    countries = ["Atlantis" if at % 2 else None for at in range(customers.num_rows)]
    return with_column(table, "country", pa.array(countries, pa.string()))


def test_the_report_tells_what_has_shifted_and_what_was_never_seen(
    model: Model, model_dir: Path, other: pa.Table, tmp_path: Path
) -> None:
    path = tmp_path / "other.parquet"
    tables.write(other, path)
    # All countries that are known are new: accepted, they are scored as the model scores them.
    asked = ("--accept-unseen", "country", "--quiet")
    result = explain("score", path, "--model", model_dir, "--out", tmp_path / "s.csv", *asked)
    assert result.exit_code == 0
    report = json.loads((tmp_path / "s.csv.report.json").read_text())
    shifted = {name for name, found in report["drift"].items() if found["shifted"]}
    assert shifted == {"product_views_30d", "country"}
    assert report["unseen_categories"] == {"country": {"rows": 3_000, "values": {"Atlantis": 3_000}}}
    low, high = model.purchase.ranges["product_views_30d"]
    views = other["product_views_30d"].to_numpy()
    outside = report["out_of_range"]["product_views_30d"]
    assert outside == {"below": 0, "above": int((views > high).sum()), "lowest": low, "highest": high}
    assert outside["above"] > 0
    assert "no longer like the customers of training: product_views_30d (PSI " in plain(result.stderr)


def test_the_ranges_are_those_of_the_customers_that_taught(model: Model, customers: pa.Table) -> None:
    columns = columns_of(check(customers, model.contract).accepted, model.contract.features)
    for name, (low, high) in model.purchase.ranges.items():
        column: Any = columns[name]
        assert np.nanmin(column) <= low <= high <= np.nanmax(column)
    assert set(model.purchase.ranges) == {f.name for f in model.contract.model_features if f.kind.numeric}


def test_of_many_unseen_categories_the_first_hundred_are_named(
    model: Model, customers: pa.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("northstar_explain.score.inputs.BATCH", 77)
    path = tmp_path / "many.parquet"
    names = [f"place {at % 450}" for at in range(customers.num_rows)]
    tables.write(with_column(customers, "country", pa.array(names)), path)
    found = run(model, path, tmp_path / "s.csv", ScoringOptions(accept_unseen=("country",))).facts["unseen_categories"][
        "country"
    ]
    assert found["rows"] == 6_000
    assert found["values"] == {f"place {at}": -(-(6_000 - at) // 450) for at in range(100)}
