"""The six tables on which `benchmarks.shapes` measures the purchase model: simulated, and from public packages."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks import first_hour
from benchmarks.monitor_data import _example as example
from northstar_explain import contract as contracts
from northstar_explain import tables
from northstar_explain.contract import check
from northstar_explain.contract.features import Contract
from northstar_explain.evaluate.customers import Customers, customers_of
from northstar_explain.learn import splits
from northstar_explain.simulate import simulate

SHOP_ROWS, SHOP_SEED = 60_000, 1
PUBLIC = ("credit_cards", "wa_churn", "lending_club")
NAMES = ("shop", "cdnow", "complete_journey", *PUBLIC)


class ShapeTable(NamedTuple):
    """A table, split: `train`, `validation` and `holdout` have no group in common."""

    name: str
    contract: Contract
    train: Customers
    validation: Customers
    holdout: Customers


def load(name: str, folder: Path, seed: int, shop: Path | None = None, rows: int = SHOP_ROWS) -> ShapeTable:
    """Read, check and split a table.

    Parameters
    ----------
    name : str
        One of `NAMES`.
    folder : Path
        Takes the files of public tables and the contracts drafted for them.
    seed : int
        Of the split.
    shop : Path, optional
        Customers of the simulated shop; simulated where not given.
    rows : int
        Customers of the shop.
    """
    contract, customers = _customers(name, folder, shop, rows)
    split = splits.stratified(customers.label, 0.1, 0.2, seed, customers.groups)
    return ShapeTable(name, contract, *(customers.take(some) for some in split))


def halves(customers: Customers, seed: int) -> tuple[Customers, Customers]:
    """Two disjoint halves of customers, stratified by label, no group in both."""
    split = splits.stratified(customers.label, 0.0, 0.5, seed, customers.groups)
    return customers.take(split.train), customers.take(split.holdout)


def _customers(name: str, folder: Path, shop: Path | None, rows: int) -> tuple[Contract, Customers]:
    if name == "shop":
        contract = contracts.northstar()
        table = tables.read(shop) if shop else simulate(rows, SHOP_SEED)[0]
        if table.num_rows > rows:
            table = table.take(np.sort(np.random.default_rng(SHOP_SEED).permutation(table.num_rows)[:rows]))
    elif name == "complete_journey":
        households, run = example(name, "households"), example(name, "run")
        contract = contracts.load(run.CONTRACT)
        table = households.snapshots(households.records(), run.TRAIN_DATES)
    elif name == "cdnow":
        run = example(name, "run")
        contract, table = contracts.load(run.CONTRACT), run.customers_at(run.transactions(), run.TRAIN_CUT)
    else:
        contract, path = _drafted(name, folder)
        table = tables.read(path)
    checked = check(table, contract, label=True, source=name, as_text=True)
    return contract, customers_of(checked.accepted, contract)


def _drafted(name: str, folder: Path) -> tuple[Contract, Path]:
    """The contract that `explain init` drafts, as a user's first hour begins."""
    public = next(one for one in first_hour.TABLES if one.name == name)
    path, contract = first_hour.write(public, folder), folder / f"{name}.toml"
    command = [sys.executable, "-c", "from northstar_explain.cli import main; main()", "init", str(path)]
    subprocess.run([*command, *public.options, "--out", str(contract), "--overwrite"], check=True, capture_output=True)
    return contracts.load(contract), path
