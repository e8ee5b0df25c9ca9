"""How much the segments say: share of behavior explained on customers who were held out.

Run it with ``python -m benchmarks.segments``. The measure was fixed before the segments were changed and does not
depend on them: features, themes and transforms of each table are in `segments_data`. Segments are learned through
``training.train`` on four fifths of a table. On the other fifth each feature's variance between segments is divided by
its variance (eta squared), over the rows for which the feature has a meaning. Beside it stands KMeans, with as many
clusters, on all measured features alike (20 starts, 30,000 rows). The AUC ranks the held-out rows by the rate of their
segment among the rows learned from. Stability is that of training: bootstrap Jaccard of 20 draws.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from benchmarks.segments_data import LOG, Measure, Table, cdnow, journey, loans, shop
from northstar_explain import metrics
from northstar_explain.contract import Columns, columns_of
from northstar_explain.model import Model
from northstar_explain.model.rules import assign
from northstar_explain.training import Source, TrainingOptions, train

KMEANS_ROWS, KMEANS_STARTS, DRAWS = 30_000, 20, 20


@dataclass(frozen=True)
class Line:
    """One table's segments."""

    name: str
    k: int
    by_theme: dict[str, float]
    mean: float
    of_kmeans: float
    auc: float
    jaccard: float
    smallest: float
    seconds: float


def values(columns: Columns, measure: Measure) -> dict[str, np.ndarray]:
    """Each measured feature, transformed; NaN where it is missing or has no meaning."""
    out = {}
    for theme in measure.themes.values():
        for name, scale in theme.items():
            column = np.array(columns[name], dtype=np.float64)
            if name in measure.undefined:
                column[measure.undefined[name](columns)] = np.nan
            out[name] = np.log1p(column) if scale == LOG else column
    return out


def eta_squared(column: np.ndarray, groups: np.ndarray) -> float:
    """Variance between groups over all variance, of the rows that have a value."""
    known = ~np.isnan(column)
    x, codes = column[known], np.unique(groups[known], return_inverse=True)[1]
    counts, sums = np.bincount(codes), np.bincount(codes, x)
    total = float(np.square(x - x.mean()).sum())
    return float((counts * np.square(sums / counts - x.mean())).sum()) / total if total else 0.0


def explained(columns: Columns, measure: Measure, groups: np.ndarray) -> tuple[float, dict[str, float]]:
    """Mean over the features, and per theme the mean over its features."""
    each = {name: eta_squared(column, groups) for name, column in values(columns, measure).items()}
    themes = {name: float(np.mean([each[one] for one in theme])) for name, theme in measure.themes.items()}
    return float(np.mean(list(each.values()))), themes


def kmeans_explained(learn: Columns, held: Columns, measure: Measure, k: int) -> float:
    """The mean for KMeans on all measured features alike."""
    known, other = values(learn, measure), values(held, measure)
    centre = {name: (np.nanmean(column), np.nanstd(column)) for name, column in known.items()}

    def points(of: dict[str, np.ndarray]) -> np.ndarray:
        scaled = [(of[name] - mean) / spread for name, (mean, spread) in centre.items()]
        together: np.ndarray = np.nan_to_num(np.column_stack(scaled))
        return together

    x = points(known)
    rows = np.random.default_rng(3).permutation(len(x))[:KMEANS_ROWS]
    with threadpool_limits(limits=1):
        fitted = KMeans(k, n_init=KMEANS_STARTS, random_state=0).fit(x[rows])
        return explained(held, measure, fitted.predict(points(other)))[0]


def line(table: Table, seed: int) -> tuple[Line, Model]:
    """Learn a table's segments and measure them."""
    since = time.perf_counter()
    options = TrainingOptions(seed=seed, experiments=False)
    model = train(Source(table.learn, table.name), table.contract, options).model
    seconds = time.perf_counter() - since
    learn, held = (columns_of(rows, table.contract.features) for rows in (table.learn, table.held))
    by_learn, by_held = (assign(model.segmentation.tree, columns) for columns in (learn, held))
    label, held_label = (np.asarray(rows[table.contract.label]) for rows in (table.learn, table.held))
    rates = {id: label[by_learn == id].mean() for id in np.unique(by_learn)}
    mean, themes = explained(held, table.measure, by_held)
    k = len(model.segmentation.segments)
    shares = [float((np.concatenate([by_learn, by_held]) == one.id).mean()) for one in model.segmentation.segments]
    return (
        Line(
            table.name, k, themes, mean, mean / kmeans_explained(learn, held, table.measure, k),
            metrics.roc_auc(held_label.astype(np.int8), np.array([rates[id] for id in by_held])),
            min(model.evaluation.segments.stability.values()), min(shares), seconds,
        ),
        model,
    )  # fmt: skip


def show(one: Line, model: Model, details: bool) -> None:
    """Print a line, and the segments."""
    themes = "  ".join(f"{name} {value:.2f}" for name, value in one.by_theme.items())
    print(
        f"{one.name}: {one.k} segments  mean {one.mean:.3f}  {one.of_kmeans:.0%} of KMeans  AUC {one.auc:.3f}  "
        f"least Jaccard {one.jaccard:.2f}  smallest {one.smallest:.1%}  {one.seconds:.0f} s\n  {themes}",
        flush=True,
    )
    if details:
        for segment in model.segmentation.segments:
            outcome = model.evaluation.segments.holdout_outcomes.get(segment.id)
            rate = f"{outcome.purchase_rate:.1%}" if outcome else "no holdout rows"
            print(f"  {segment.id} {segment.share:.1%} rate {rate} {segment.name}: {segment.definition}")


def main() -> None:
    """Measure each table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="*", default=[1, 2, 3], help="of the simulated shop")
    parser.add_argument("--customers", type=int, default=240_000, help="of the simulated shop")
    parser.add_argument("--only", default="", help="tables whose name contains this: shop, cdnow, journey, loans")
    parser.add_argument("--segments", action="store_true", help="print the segments too")
    args = parser.parse_args()
    makers: dict[str, tuple[Callable[[], Table | None], int]] = {}
    for seed in args.seeds:
        makers[f"shop {seed}"] = (partial(shop, seed, args.customers), seed)
    makers |= {"cdnow 1": (partial(cdnow, False), 0), "cdnow 2": (partial(cdnow, True), 0)}
    makers |= {"journey": (journey, 0), "loans": (loans, 0)}
    for name, (make, seed) in makers.items():
        if args.only in name and (table := make()) is not None:
            show(*line(table, seed), args.segments)


if __name__ == "__main__":
    main()
