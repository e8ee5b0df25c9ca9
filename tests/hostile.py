"""A small model whose every name is hostile: markup, formulas, links, right-to-left marks, texts of 300 signs."""

from __future__ import annotations

import functools
from dataclasses import replace

import numpy as np
import pyarrow as pa
from helpers import TINY, learn

from northstar_explain.contract import Contract, parse
from northstar_explain.model import Model

TEXTS = (
    "=1+1",
    "+SUM(A1:A9)",
    "-2+3",
    "@cmd",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</script><b>out</b>",
    "'; DROP TABLE golden; --",
    "\u202eright to left שלום",
    "emoji 🛒🔥",
    "*",
    "name-without-end-" * 18,
)
TITLE = '=HYPERLINK("http://127.0.0.1:9/") <b>Hostile</b> & co'
WORDS = "<i>orders</i> so far & =2*3"
MISSING = "unknown: <script>alert(2)</script> =1+1"
CONTRACT = f"""
[table]
title = '{TITLE}'
id = "customer_id"
label = "bought"
horizon = "in the 30 days after"
outcome = "buys <u>soon</u>"

[groups]
all = "=cmd|' /C calc'!A1"

[features.orders]
group = "all"
kind = "count"
words = '{WORDS}'
min = 0
max = 1000
segments = true
monotone = "up"

[features.spend]
group = "all"
kind = "amount"
words = "total spend"
min = 0
segments = true

[features.days]
group = "all"
kind = "days"
words = "days since the last visit"
min = 0
max = 400
missing = '{MISSING}'
segments = true

[features.channel]
group = "all"
kind = "category"
words = "channel <em>of</em> acquisition"
missing = "unknown"

[features.tier]
group = "all"
kind = "ordered"
words = "tier"
order = ["low", "mid", "high"]

[features.age_band]
group = "all"
kind = "category"
words = "age band"
sensitive = true
"""


@functools.cache
def contract() -> Contract:
    """The contract of the hostile table."""
    return parse(CONTRACT, "hostile.toml")


@functools.cache
def customers(n: int = 1_600) -> pa.Table:
    """Customers whose categories are the hostile texts."""
    rng = np.random.default_rng(5)
    orders = rng.poisson(3, n).astype(float)
    spend = np.round(orders * rng.gamma(2, 20, n), 2)
    days = np.where(rng.random(n) < 0.1, np.nan, np.floor(rng.exponential(60, n)).clip(0, 400))
    channel = rng.integers(0, len(TEXTS) + 1, n)
    tier = rng.integers(0, 3, n)
    age = rng.integers(0, 3, n)
    logit = -2.2 + 0.35 * orders - 0.01 * np.nan_to_num(days, nan=90) + 0.3 * tier + 0.1 * (channel == 2)
    return pa.table(
        {
            "customer_id": [f"c{i}" for i in range(n)],
            "orders": orders,
            "spend": spend,
            "days": pa.array(days, from_pandas=True),
            "channel": [TEXTS[i] if i < len(TEXTS) else None for i in channel],
            "tier": [("low", "mid", "high")[i] for i in tier],
            "age_band": [("18-34", "35-54", "55+")[i] for i in age],
            "bought": (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(np.int8),
        }
    )


@functools.cache
def model() -> Model:
    """A model of them, with a pair."""
    options = replace(TINY, purchase=replace(TINY.purchase, interactions=1, outer_bags=2, max_bins=32))
    return learn(customers(), contract(), options).model
