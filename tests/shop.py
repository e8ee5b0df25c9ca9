"""A small made-up shop with the columns that people have: counts, money, a share, a boolean, a code, words."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

CONTRACT = """
[table]
id = "customer_id"
label = "bought"
[groups]
all = "All"
[features.orders]
group = "all"
kind = "count"
words = "orders"
min = 0
[features.visits]
group = "all"
kind = "count"
words = "visits"
min = 0
[features.spend]
group = "all"
kind = "amount"
words = "spend"
missing = "unknown"
[features.share]
group = "all"
kind = "rate"
words = "share of visits by phone"
[features.opted_in]
group = "all"
kind = "category"
words = "newsletter"
missing = "unknown"
[features.store]
group = "all"
kind = "category"
words = "nearest store"
missing = "unknown"
[features.channel]
group = "all"
kind = "category"
words = "channel"
missing = "unknown"
"""


def shop(rows: int = 1_500, seed: int = 4) -> pa.Table:
    """Customers with their label; each column in the type that it has by nature."""
    rng = np.random.default_rng(seed)
    orders = rng.poisson(np.where(rng.random(rows) < 0.4, 0.4, 5))
    visits = orders + rng.poisson(np.where(rng.random(rows) < 0.5, 2, 15))
    opted_in = rng.random(rows) < 0.5
    store = rng.choice([1, 2, 3, 10], rows)
    channel = rng.choice(["Web", "App", "Store visit"], rows)
    logit = -2 + 0.25 * orders + 1.3 * opted_in + 0.9 * (store == 2) - 0.8 * (channel == "App")
    return pa.table({
        "customer_id": pa.array([f"C{n:05d}" for n in range(rows)]),
        "orders": pa.array(orders),
        "visits": pa.array(visits),
        "spend": pa.array(np.round(orders * rng.gamma(3, 15, rows), 2)),
        "share": pa.array(np.round(rng.beta(2, 5, rows), 3)),
        "opted_in": pa.array(opted_in),
        "store": pa.array(store),
        "channel": pa.array(channel),
        "bought": pa.array((rng.random(rows) < 1 / (1 + np.exp(-logit))).astype(np.int8)),
    })  # fmt: skip


def as_texts(table: pa.Table) -> dict[str, list[str]]:
    """Each cell as CSV has it."""
    return {name: [str(value) for value in table[name].to_pylist()] for name in table.column_names}
