"""Small and odd tables: few rows, hardly anybody active or nearly everybody positive, few and many features."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from helpers import TINY, explain, learn, plain

from northstar_explain import tables
from northstar_explain.contract import draft, parse
from northstar_explain.learn.fit_purchase_model import BIN_CUSTOMERS, RARE, PurchaseModelOptions
from northstar_explain.model import Model
from northstar_explain.model.folder import save
from northstar_explain.model.scorecard import CategoryBins
from northstar_explain.training import Source, train


def shop(
    rows: int = 1_500, active: float = 1.0, rate: float | None = None, more: int = 0, label: str = "bought"
) -> pa.Table:
    """Customers of whom a share is active; `rate` of positive labels, `more` features beside."""
    rng = np.random.default_rng(5)
    on = rng.random(rows) < active
    orders, visits = np.where(on, rng.poisson(3, rows), 0), np.where(on, 1 + rng.poisson(6, rows), 0)
    score = 0.4 * orders + 0.1 * visits + rng.normal(0, 1.5, rows)
    positive = score > np.quantile(score, 1 - (rate or 0.3))
    columns = {
        "id": [f"c{i}" for i in range(rows)], "orders": orders, "visits": visits,
        "spend": np.round(orders * rng.gamma(3, 9, rows), 2),
    }  # fmt: skip
    columns |= {f"measure_{i}": np.round(rng.normal(i % 7, 1, rows) + 0.2 * visits, 2) for i in range(more)}
    return pa.table({**columns, label: positive.astype(int)})


def trained(table: pa.Table, label: str = "bought") -> Model:
    return learn(table, parse(draft(table, "id", label)), TINY).model


@pytest.mark.parametrize(
    ("rows", "bins", "pairs"), [(1_000, 20, 2), (1_568, 31, 3), (5_000, 100, 10), (12_800, 256, 12)]
)
def test_bins_and_pairs_follow_the_rows(rows: int, bins: int, pairs: int) -> None:
    options = PurchaseModelOptions().for_rows(rows)
    assert (options.max_bins, options.interactions) == (bins, pairs)
    words = PurchaseModelOptions().for_rows_words(rows)
    assert words == "" if rows >= 12_800 else f"at most {bins} bins" in words and f"{pairs} pairs" in words


def test_what_is_asked_for_is_never_exceeded() -> None:
    few = PurchaseModelOptions(interactions=1, max_bins=16, pair_bins=4)
    assert few.for_rows(1_000_000) == few


@pytest.mark.slow
def test_bins_of_a_small_table_hold_customers_enough() -> None:
    model = trained(shop(1_500, more=2))
    for term in model.scorecard.terms:
        if len(term.axes) == 1 and term.features[0].startswith("measure"):
            # The first and last bins are for missing and unseen values.
            assert min(term.customers[1:-1]) >= 0.7 * BIN_CUSTOMERS


@pytest.mark.slow
@pytest.mark.parametrize(
    "table",
    [shop(1_500, active=0.1), shop(5_000, rate=0.005), shop(1_500, rate=0.9), shop(1_100, more=30)],
    ids=["nine of ten inactive", "0.5% positive", "90% positive", "many features"],
)
def test_odd_tables_become_models(table: pa.Table) -> None:
    model = trained(table)
    assert 2 <= len(model.segmentation.segments) <= 9
    assert model.evaluation.purchase.holdout.n > 200


@pytest.mark.slow
def test_of_many_categories_the_rare_ones_count_as_one() -> None:
    """Values that few have share a bin; scorecard and interpret agree on each, as building the model checks."""
    rng = np.random.default_rng(2)
    table = shop(3_000)
    common = rng.random(3_000) < 0.5
    home = np.where(common, rng.integers(0, 3, 3_000), rng.permutation(np.arange(3_000) % 1_997 + 3))
    wide = table.add_column(1, "home", pa.array([f"h{i}" for i in home]))
    # A draft leaves out what so few rows have in common, and says so; a contract may name it all the same.
    text = draft(wide, "id", "bought")
    assert parse(text).ignore == ("home",) and "different texts in 3,000 rows" in text
    group = parse(text).features[0].group
    text = text.replace('ignore = ["home"]', "ignore = []")
    contract = parse(f'{text}\n[features.home]\ngroup = "{group}"\nkind = "category"\nwords = "home"\n')
    said: list[str] = []
    model = train(Source(wide, "customers"), contract, TINY, said.append).model
    (axis,) = next(term.axes for term in model.scorecard.terms if term.features == ("home",))
    assert isinstance(axis, CategoryBins) and len(axis.values) > 900
    assert {axis.values[f"h{i}"] for i in range(3)}.isdisjoint({axis.values[f"h{home[~common][0]}"]})
    assert axis.count == 3 + 1 + 2  # the common ones, the rare ones; missing and unseen
    assert RARE not in axis.values
    assert any("have fewer than 50 customers and count as one" in line for line in said)


@pytest.mark.slow
def test_three_features_and_a_label_that_is_no_purchase_bring_no_word_of_buying(tmp_path: Path) -> None:
    table = shop(1_500, label="churned")
    model = trained(table, "churned")
    assert model.contract.outcome == "churns" and len(model.contract.features) == 3
    save(model, tmp_path / "model")
    tables.write(table, tmp_path / "c.csv")
    shown = explain("show", tmp_path / "model").output
    scored = explain("score", tmp_path / "c.csv", "--model", tmp_path / "model", "--out", tmp_path / "s.csv").output
    assert "Model of who churns" in shown and "1,500 of 1,500 rows scored" in scored
    assert re.findall(r"(?i)\b(?:buy|bought|purchas)\w*", shown + scored) == []


@pytest.mark.slow
def test_customers_without_ids_are_scored_by_their_place(tmp_path: Path) -> None:
    table = shop(1_200).drop_columns(["id"])
    learned = learn(table, parse(draft(table, "row", "bought")), TINY).model
    save(learned, tmp_path / "model")
    orders = table["orders"].to_pylist()
    orders[2] = -1
    table = table.set_column(0, "orders", pa.array(orders))
    for name in ("c.csv", "c.parquet"):
        tables.write(table, tmp_path / name)
        out = tmp_path / f"{name}.scores.parquet"
        assert explain("score", tmp_path / name, "--model", tmp_path / "model", "--out", out).exit_code == 0
        assert tables.read(out)["row"].to_pylist() == [str(row) for row in range(1, 1_201) if row != 3]
    both = (tmp_path / "c.csv", tmp_path / "c.parquet")
    done = explain("score", *both, "--model", tmp_path / "model", "--out", tmp_path / "s.parquet")
    assert done.exit_code == 1 and "ids in each of several files" in plain(done.stderr)
