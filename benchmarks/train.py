"""`explain train`, with all that it does but the memo's experiments, beside a default EBM and LightGBM.

Run it with ``python -m benchmarks.train``. Everything happens in one run, one after the other, on the same customers:
the ratio of the seconds means more than the seconds. The peers are fitted to the rows that our purchase model is fitted
to, and all are evaluated on the same holdout.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from interpret.glassbox import ExplainableBoostingClassifier

from northstar_explain import metrics, tables
from northstar_explain.contract import Columns, columns_of, northstar
from northstar_explain.contract.columns import rows_of
from northstar_explain.learn import splits
from northstar_explain.learn.fit_purchase_model import frame
from northstar_explain.simulate import simulate
from northstar_explain.training import TrainingOptions

SHARE, BEHIND, GAP = 0.35, 0.001, 0.002


@dataclass(frozen=True)
class Rows:
    """The simulated shop as the peers see it."""

    train: pd.DataFrame
    train_label: np.ndarray
    validation: pd.DataFrame
    validation_label: np.ndarray
    holdout: pd.DataFrame
    holdout_label: np.ndarray
    truth: np.ndarray


@dataclass(frozen=True)
class Measured:
    """One way to predict purchases."""

    name: str
    seconds: float
    roc_auc: float
    average_precision: float


def rows_for_peers(table: pa.Table, truth: np.ndarray, seed: int) -> Rows:
    """Split customers as training does with the same seed."""
    contract = northstar()
    columns: Columns = columns_of(table, contract.features)
    label = table[contract.label].to_numpy()
    split = splits.stratified(label, TrainingOptions.validation, TrainingOptions.holdout, seed)

    def take(rows: np.ndarray) -> tuple[pd.DataFrame, np.ndarray]:
        return frame(rows_of(columns, rows), contract.model_features), label[rows]

    return Rows(*take(split.train), *take(split.validation), *take(split.holdout), truth[split.holdout])


def measure(name: str, rows: Rows, since: float, probability: np.ndarray) -> Measured:
    """Evaluate probabilities of the holdout."""
    seconds = time.perf_counter() - since
    auc, precision = (
        metric(rows.holdout_label, probability) for metric in (metrics.roc_auc, metrics.average_precision)
    )
    return Measured(name, seconds, auc, precision)


def run_default(rows: Rows) -> Measured:
    """Fit an Explainable Boosting Machine with interpret's defaults."""
    since = time.perf_counter()
    ebm = ExplainableBoostingClassifier().fit(rows.train, rows.train_label)
    seconds = time.perf_counter() - since
    measured = measure("EBM, interpret's defaults", rows, since, ebm.predict_proba(rows.holdout)[:, 1])
    return Measured(measured.name, seconds, measured.roc_auc, measured.average_precision)


def run_ours(customers: Path, truth: Path, seed: int, folder: Path) -> tuple[Measured, dict[str, float]]:
    """Run the command itself; return its own evaluation, too."""
    model = folder / "model"
    command = [sys.executable, "-c", "from northstar_explain.cli import main; main()", "train", str(customers)]
    options = [
        "--model",
        str(model),
        "--truth",
        str(truth),
        "--seed",
        str(seed),
        "--margin",
        "20",
        "--contact-cost",
        "1",
    ]
    since = time.perf_counter()
    subprocess.run([*command, *options, "--no-experiments", "--quiet"], check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - since
    facts = json.loads((model / "evaluation.json").read_bytes())["purchase"]
    held = facts["holdout"]["figures"]["values"]
    gaps = {name: gap["behind"] for name, gap in facts["gaps"].items()}
    return Measured("explain train", seconds, held["roc_auc"], held["average_precision"]), gaps


def run_lightgbm(rows: Rows) -> Measured | None:
    """Fit LightGBM, stopped early on the validation rows, where it is installed."""
    try:
        import lightgbm
    except ModuleNotFoundError:
        print("LightGBM is not installed: pip install lightgbm", file=sys.stderr)
        return None
    texts = [name for name in rows.train if not pd.api.types.is_numeric_dtype(rows.train[name])]
    kinds = {name: pd.CategoricalDtype(sorted(rows.train[name].dropna().unique())) for name in texts}
    train, validation, holdout = (one.astype(kinds) for one in (rows.train, rows.validation, rows.holdout))
    since = time.perf_counter()
    booster = lightgbm.LGBMClassifier(
        n_estimators=2_000, learning_rate=0.03, num_leaves=15, min_child_samples=100, subsample=0.8, subsample_freq=1,
        colsample_bytree=0.6, random_state=0, verbose=-1,
    )  # fmt: skip
    stop = lightgbm.early_stopping(100, verbose=False)
    booster.fit(
        train, rows.train_label, eval_set=[(validation, rows.validation_label)], eval_metric="auc", callbacks=[stop]
    )
    return measure("LightGBM", rows, since, np.asarray(booster.predict_proba(holdout))[:, 1])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=240_000)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    table, truth = simulate(args.customers, args.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tables.write(table, folder / "customers.parquet")
        tables.write(truth, folder / "truth.parquet")
        ours, gaps = run_ours(folder / "customers.parquet", folder / "truth.parquet", args.seed, folder)
    rows = rows_for_peers(table, truth["true_probability"].to_numpy(), args.seed)
    default, light = run_default(rows), run_lightgbm(rows)
    print(f"{table.num_rows:,} simulated customers, seed {args.seed}; {len(rows.train_label):,} train, "
          f"{len(rows.holdout_label):,} holdout; base rate {rows.holdout_label.mean():.3f}\n")  # fmt: skip
    print("| | seconds | of the default EBM's | ROC-AUC | average precision |\n|---|---|---|---|---|")
    for one in filter(None, (ours, default, light)):
        ratio = one.seconds / default.seconds
        print(f"| {one.name} | {one.seconds:.0f} | {ratio:.2f} | {one.roc_auc:.4f} | {one.average_precision:.4f} |")
    best = metrics.roc_auc(rows.holdout_label, rows.truth)
    precision = metrics.average_precision(rows.holdout_label, rows.truth)
    print(f"| the true probabilities | | | {best:.4f} | {precision:.4f} |\n")
    print(f"seconds: {ours.seconds / default.seconds:.2f} of the default EBM's (aim: {SHARE})")
    print(f"ROC-AUC behind the default EBM: {default.roc_auc - ours.roc_auc:+.4f} (aim: {BEHIND} at most)")
    print(f"ROC-AUC behind its own black box: {gaps['black_box']:+.4f} (aim: {GAP} at most)")
    if light is not None:
        print(f"ROC-AUC behind LightGBM: {light.roc_auc - ours.roc_auc:+.4f} (aim: {GAP} at most)")
    print(f"ROC-AUC behind the true probabilities: {gaps['true_probability']:+.4f}")


if __name__ == "__main__":
    main()
