"""How well the data support the purchase model's shapes: on the simulated shop and five public tables.

Run it with ``python -m benchmarks.shapes``. For each table the model is fitted as `explain train` fits it to 70% of the
customers, and to each of two disjoint halves of them; the table below has for each:

- log loss and ROC-AUC on the rows that are evaluated (validation rows, or with ``--holdout`` the holdout), and with
  ``--against`` the log loss gained against earlier results, with its standard error over the customers;
- halves: by how much two shapes of one feature, from disjoint halves, differ for a customer (mean absolute difference
  of points over the training customers; mean over features), single features first, then pairs;
- tails: the total variation of a feature's curve among the outer 2% of its customers (mean over numeric features);
- thin: bins of features with 1 to 49 training customers, and cells of pairs; and the largest absolute points in them.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from benchmarks.shape_tables import NAMES, ShapeTable, halves, load
from northstar_explain.evaluate.customers import Customers
from northstar_explain.learn import fit_purchase_model
from northstar_explain.learn.compile_scorecard import compile_ebm
from northstar_explain.learn.fit_purchase_model import PurchaseModelOptions
from northstar_explain.metrics import roc_auc
from northstar_explain.model.evaluation.limits import THIN_BIN_CUSTOMERS
from northstar_explain.model.scorecard import NumberBins, Scorecard, Term

OUTER = 0.02
SEED = 7
Fit = Callable[[ShapeTable, Customers], Scorecard]


@dataclass(frozen=True)
class Shapes:
    """One table, measured.

    Attributes
    ----------
    table : str
    rows : int
        Training customers.
    log_loss, roc_auc : float
        On the rows evaluated.
    halves, halves_pairs : float
        Mean absolute difference of points between two halves: per feature, over single features and over pairs.
    tails : float
        Mean total variation of a curve among the outer 2% of customers.
    thin_bins, thin_cells : int
        Bins and cells with 1 to 49 training customers.
    thin_points, thin_cell_points : float
        Largest absolute points in them.
    seconds : float
        Processor seconds of this process for one fit; workers' are not in it.
    """

    table: str
    rows: int
    log_loss: float
    roc_auc: float
    halves: float
    halves_pairs: float
    tails: float
    thin_bins: int
    thin_cells: int
    thin_points: float
    thin_cell_points: float
    seconds: float


def fit(table: ShapeTable, rows: Customers, options: PurchaseModelOptions) -> Scorecard:
    """The purchase model of some of a table's rows."""
    ebm = fit_purchase_model.fit(
        rows.columns, rows.label, table.contract.model_features, options, SEED, groups=rows.groups
    )
    return compile_ebm(ebm, table.contract)


def losses(scorecard: Scorecard, rows: Customers) -> np.ndarray:
    """Log loss of each customer, shape (n,)."""
    probability = np.clip(scorecard.probability(rows.columns), 1e-15, 1 - 1e-15)
    loss: np.ndarray = -np.log(np.where(rows.label == 1, probability, 1 - probability))
    return loss


def measure(table: ShapeTable, rows: Customers, fitted: Fit) -> tuple[Shapes, np.ndarray]:
    """Fit a table three times and measure its shapes; with the log loss of each of the `rows` evaluated."""
    since = time.perf_counter()
    scorecard = fitted(table, table.train)
    seconds = time.perf_counter() - since
    one, other = halves(table.train, SEED)
    differ, differ_pairs = disagreement(fitted(table, one), fitted(table, other), table)
    thin = [_thin([term for term in scorecard.terms if len(term.axes) == width]) for width in (1, 2)]
    loss = losses(scorecard, rows)
    return Shapes(
        table=table.name,
        rows=len(table.train),
        log_loss=float(loss.mean()),
        roc_auc=roc_auc(rows.label, scorecard.probability(rows.columns)),
        halves=differ,
        halves_pairs=differ_pairs,
        tails=float(np.mean([_tail(term) for term in scorecard.terms if _is_curve(term)])),
        thin_bins=len(thin[0]),
        thin_cells=len(thin[1]),
        thin_points=float(thin[0].max(initial=0)),
        thin_cell_points=float(thin[1].max(initial=0)),
        seconds=seconds,
    ), loss  # fmt: skip


def disagreement(first: Scorecard, second: Scorecard, table: ShapeTable) -> tuple[float, float]:
    """Mean absolute difference of points over the training customers, per feature: single features, pairs."""
    sums = [0.0, 0.0]
    ours, theirs = ({term.features: term for term in one.terms} for one in (first, second))
    for name in {**ours, **theirs}:
        # A pair that only one half has adds nothing in the other.
        points = [_points(terms, name, table.train) for terms in (ours, theirs)]
        sums[len(name) - 1] += float(np.abs(points[0] - points[1]).mean())
    features = len(table.contract.model_features)
    return sums[0] / features, sums[1] / features


def _points(terms: Mapping[tuple[str, ...], Term], name: tuple[str, ...], rows: Customers) -> np.ndarray:
    if name not in terms:
        return np.zeros(len(rows))
    points: np.ndarray = terms[name].points.ravel()[terms[name].index(rows.columns)]
    points -= points.mean()  # the level of a shape belongs to the intercept
    return points


def _is_curve(term: Term) -> bool:
    return len(term.axes) == 1 and isinstance(term.axes[0], NumberBins)


def _tail(term: Term) -> float:
    """Total variation of a curve among the outer 2% of its customers, 1% on either side."""
    points, customers = term.points[1:-1], term.customers[1:-1]
    below = np.cumsum(customers)[:-1] / max(customers.sum(), 1)
    outer = (below < OUTER / 2) | (below > 1 - OUTER / 2)
    return float(np.abs(np.diff(points))[outer].sum())


def _thin(terms: list[Term]) -> np.ndarray:
    """Absolute points of the bins with few customers."""
    few = [np.abs(term.points[(term.customers > 0) & (term.customers < THIN_BIN_CUSTOMERS)]) for term in terms]
    thin: np.ndarray = np.concatenate([np.empty(0), *few])
    return thin


def line(one: Shapes, gained: str = "") -> str:
    """A row of the table."""
    return (
        f"| {one.table} | {one.rows:,} | {one.log_loss:.5f} | {gained} | {one.roc_auc:.4f} | {one.halves:.4f} | "
        f"{one.halves_pairs:.4f} | {one.tails:.3f} | {one.thin_bins:,}: {one.thin_points:.2f} | "
        f"{one.thin_cells:,}: {one.thin_cell_points:.2f} | {one.seconds:.0f} |"
    )


HEAD = (
    "| table | fitted to | log loss | gained | ROC-AUC | halves | of pairs | tails | thin bins | thin cells | "
    "seconds |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|"
)


def gained(now: np.ndarray, before: np.ndarray) -> str:
    """Log loss gained, with its standard error over the customers."""
    gain = before - now
    return f"{gain.mean():+.5f} ± {gain.std() / np.sqrt(len(gain)):.5f}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help=f"tables (default: {', '.join(NAMES)})")
    parser.add_argument("--holdout", action="store_true", help="evaluate on the holdout, which nothing is chosen on")
    parser.add_argument("--shop", type=Path, help="customers of the simulated shop (default: simulate them)")
    parser.add_argument("--out", type=Path, default=Path("outputs/shapes"), help="folder for tables and results")
    parser.add_argument("--against", type=Path, help="folder of an earlier run, to compare log loss with")
    parser.add_argument("--set", action="append", default=[], metavar="OPTION=VALUE", help="of PurchaseModelOptions")
    args = parser.parse_args()
    options = PurchaseModelOptions(**{key: json.loads(value) for key, value in (one.split("=") for one in args.set)})
    args.out.mkdir(parents=True, exist_ok=True)
    print(HEAD)
    for name in args.names or NAMES:
        table = load(name, args.out, SEED, args.shop)
        rows = table.holdout if args.holdout else table.validation
        one, loss = measure(table, rows, lambda table, rows: fit(table, rows, options))
        np.save(args.out / f"{name}.npy", loss)
        (args.out / f"{name}.json").write_text(json.dumps(asdict(one)), encoding="utf-8")
        print(line(one, gained(loss, np.load(args.against / f"{name}.npy")) if args.against else ""), flush=True)


if __name__ == "__main__":
    main()
