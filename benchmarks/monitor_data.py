"""Months with scores and outcomes, for the benchmarks of `explain monitor`: two real tables and the simulated shop.

As in production, a model is trained at one date, its holdout is of that date too, and it scores the month after; the
next month has a model of its own. The label's window of the training rows is over when the month begins.
"""

from __future__ import annotations

import datetime
import importlib.util
import pickle
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from northstar_explain import api
from northstar_explain.contract import Contract, check, load, northstar
from northstar_explain.evaluate.customers import customers_of
from northstar_explain.evaluate.scored_runs import ScoredRun, outcomes_of, read_run
from northstar_explain.learn.fit_purchase_model import PurchaseModelOptions
from northstar_explain.learn.segment_options import SegmentOptions
from northstar_explain.model import Model
from northstar_explain.training import Source, TrainingOptions, train
from northstar_explain.training.row_sets import split_rows

EXAMPLES = Path(__file__).parents[1] / "examples"
# Small, as many are trained; what is measured is how well an estimate knows its own model.
SMALL = TrainingOptions(
    segments=SegmentOptions(k=5, draws=2, tries=2, resample_tries=1),
    purchase=PurchaseModelOptions(interactions=3, outer_bags=4, max_bins=64),
    experiments=False,
    draws=20,
)
CDNOW_DATES = [datetime.date(1997, month, day) for month, day in ((9, 30), (10, 31), (11, 30), (12, 31))] + [
    datetime.date(1998, month, day) for month, day in ((1, 31), (2, 28), (3, 31), (4, 30), (5, 31))
]
JOURNEY_DATES = [datetime.date(2017, month, 1) for month in range(4, 13)]
JOURNEY_HISTORY = 3  # months that a model is trained on
SHOP_MONTHS, SHOP_CUSTOMERS = 7, 16_000


@dataclass(frozen=True)
class Month:
    """A scored month, and what its customers then did.

    Attributes
    ----------
    series : str
    seed : int
        Of the training.
    name : str
    model : Model
    run : ScoredRun
    label : ndarray of 0 and 1, shape (n,)
    holdout_probability, holdout_label : ndarray, shape (m,)
        Of the model's holdout, for methods that want the rows.
    """

    series: str
    seed: int
    name: str
    model: Model
    run: ScoredRun
    label: np.ndarray
    holdout_probability: np.ndarray
    holdout_label: np.ndarray


def shop(seed: int) -> Iterator[Month]:
    """The simulated shop."""
    tables = [one.customers for one in api.simulate_months(SHOP_MONTHS, SHOP_CUSTOMERS, seed)]
    for number, (early, later) in enumerate(pairwise(tables), start=2):
        yield _month("shop", seed, f"month {number}", northstar(), early, later)


def cdnow(seed: int) -> Iterator[Month]:
    """CDNOW, month by month from its usual date."""
    run = _example("cdnow", "run")
    purchases, contract = run.transactions(), load(run.CONTRACT)
    for early, later in pairwise(CDNOW_DATES):
        customers = (run.customers_at(purchases, date) for date in (early, later))
        yield _month("CDNOW", seed, f"{later}", contract, *customers)


def journey(seed: int) -> Iterator[Month]:
    """Complete Journey: each model trained on the three months before."""
    households, run = _example("complete_journey", "households"), _example("complete_journey", "run")
    known, contract = households.records(), load(run.CONTRACT)
    for place in range(JOURNEY_HISTORY, len(JOURNEY_DATES)):
        early = households.snapshots(known, JOURNEY_DATES[place - JOURNEY_HISTORY : place])
        later = households.snapshot(known, JOURNEY_DATES[place])
        yield _month("Complete Journey", seed, f"{JOURNEY_DATES[place]}", contract, early, later)


SERIES = {"shop": shop, "cdnow": cdnow, "journey": journey}


def months(seeds: Sequence[int], names: Sequence[str], keep: Path | None) -> Iterator[Month]:
    """Every month of some series, under some seeds.

    Parameters
    ----------
    seeds : sequence of int
    names : sequence of str
        Keys of `SERIES`.
    keep : Path or None
        A folder in which months are kept, and from which they are taken if they are there.
    """
    for seed in seeds:
        for name in names:
            kept = None if keep is None else keep / f"{name}-{seed}.pickle"
            if kept is not None and kept.is_file():
                yield from pickle.loads(kept.read_bytes())
                continue
            made = []
            for month in SERIES[name](seed):
                print(f"scored {month.series}, seed {seed}, {month.name}", file=sys.stderr, flush=True)
                made.append(month)
                yield month
            if kept is not None:
                kept.parent.mkdir(parents=True, exist_ok=True)
                kept.write_bytes(pickle.dumps(made))


def _month(series: str, seed: int, name: str, contract: Contract, early: pa.Table, later: pa.Table) -> Month:
    options = replace(SMALL, seed=seed, date=datetime.date(2030, 1, 1))
    model = train(Source(early, series), contract, options).model
    scores = api.Model(model).score(later)
    run = read_run(scores.table, model, name, scores.report)
    known = outcomes_of(later, contract.id, contract.label, name, contract.positive)
    label = np.array([known[id] for id in run.ids.tolist()])
    # The same split as in training, which keeps no rows.
    customers = customers_of(check(early, contract, label=True).accepted, contract)
    holdout = split_rows(customers, None, options, contract).holdout
    return Month(
        series, seed, name, model, run, label, model.scorecard.probability(holdout.columns), holdout.label
    )  # fmt: skip


def _example(folder: str, name: str) -> Any:
    sys.path.insert(0, str(EXAMPLES / folder))
    spec = importlib.util.spec_from_file_location(f"{folder}_{name}", EXAMPLES / folder / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
