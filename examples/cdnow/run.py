"""CDNOW, real customers: train at one date, evaluate at a later one, compare with a logistic regression.

The transactions are those that Bruce Hardie publishes as the "CDNOW master data set" (Fader and Hardie 2001), as
the package `lifetimes` ships them: 23,570 customers whose first purchase was in the first quarter of 1997, followed
until June 1998. The package's licence does not cover the data; nothing of it is stored in this project.
"""

from __future__ import annotations

import argparse
import datetime
import sys
from importlib import metadata
from pathlib import Path

import numpy as np
import pyarrow as pa
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from northstar_explain import contract as contracts
from northstar_explain import metrics, model, score, tables
from northstar_explain.cli.fact_tables import facts_text
from northstar_explain.cli.progress import progress
from northstar_explain.errors import NorthstarError
from northstar_explain.learn import splits
from northstar_explain.report.playbook import write_playbook
from northstar_explain.training import Source, TrainingOptions, train

CONTRACT = Path(__file__).with_name("contract.toml")
# Half a year after the last first purchase, so that nobody is new, and eight months apart.
TRAIN_CUT, LATER_CUT = datetime.date(1997, 9, 30), datetime.date(1998, 5, 31)
HORIZON_DAYS = 30


def transactions() -> np.ndarray:
    """Every purchase.

    Returns
    -------
    structured ndarray
        ``customer`` (text), ``day`` (datetime64[D]), ``cds`` (pieces), ``usd`` (dollars), in the file's order.
    """
    try:
        matches = [file for file in metadata.files("lifetimes") or [] if file.name == "CDNOW_master.txt"]
    except metadata.PackageNotFoundError:
        sys.exit("run.py: the CDNOW transactions are missing: pip install 'northstar-explain[cdnow]'")
    lines = Path(str(matches[0].locate())).read_text(encoding="ascii").splitlines()
    rows = [tuple(line.split()) for line in lines if line.strip()]
    rows = [row for row in rows if row[0].isdigit()]
    days = [f"{day[:4]}-{day[4:6]}-{day[6:]}" for _, day, _, _ in rows]
    purchases = np.empty(len(rows), [("customer", "U8"), ("day", "M8[D]"), ("cds", "f8"), ("usd", "f8")])
    purchases["customer"], purchases["day"] = [row[0] for row in rows], days
    purchases["cds"], purchases["usd"] = [float(row[2]) for row in rows], [float(row[3]) for row in rows]
    return purchases


def customers_at(purchases: np.ndarray, cut: datetime.date) -> pa.Table:
    """The customers as known at the end of a day, and whether each bought in the 30 days after.

    Parameters
    ----------
    purchases : structured ndarray
        As returned by `transactions`.
    cut : datetime.date

    Returns
    -------
    pyarrow.Table
        One row per customer who had bought by then.
    """
    day = np.datetime64(cut)
    past = purchases[purchases["day"] <= day]
    after = purchases[(purchases["day"] > day) & (purchases["day"] <= day + HORIZON_DAYS)]
    ids, who = np.unique(past["customer"], return_inverse=True)
    n = len(ids)
    age = (day - past["day"]).astype(np.int64)
    first, last = np.zeros(n, np.int64), np.full(n, 10**6)
    np.maximum.at(first, who, age)
    np.minimum.at(last, who, age)
    orders = np.bincount(who, minlength=n)
    spend = np.round(np.bincount(who, past["usd"], n), 2)
    # With one order there is no time between orders: missing, not zero.
    between = np.where(orders > 1, (first - last) / np.maximum(orders - 1, 1), np.nan)
    return pa.table(
        {
            "customer_id": ids.tolist(),
            "orders": orders,
            "orders_90d": np.bincount(who, age < 90, n).astype(np.int64),
            "cds_per_order": np.round(np.bincount(who, past["cds"], n) / orders, 4),
            "spend": spend,
            "avg_order_value": np.round(spend / orders, 2),
            "days_since_last_order": last,
            "days_since_first_order": first,
            "days_between_orders": pa.array(np.round(between, 2), from_pandas=True),
            "bought_next_30d": np.isin(ids, after["customer"]).astype(np.int8),
        }
    )


def baseline(early: pa.Table, later: pa.Table, seed: int) -> dict[str, float]:
    """A logistic regression on log recency, frequency and value, evaluated as the model is.

    It is fitted to the model's training rows, and its threshold is chosen on the same validation rows.
    """
    label = early["bought_next_30d"].to_numpy()
    split = splits.stratified(label, TrainingOptions.validation, 0.0, seed)
    x, x_later = _recency_frequency_value(early), _recency_frequency_value(later)
    fitted = make_pipeline(StandardScaler(), LogisticRegression()).fit(x[split.train], label[split.train])
    threshold = metrics.best_f1_threshold(label[split.validation], fitted.predict_proba(x[split.validation])[:, 1])
    return evaluate(later["bought_next_30d"].to_numpy(), fitted.predict_proba(x_later)[:, 1], threshold)


def evaluate(label: np.ndarray, probability: np.ndarray, threshold: float) -> dict[str, float]:
    """The metrics that are printed side by side."""
    return {
        "ROC-AUC": metrics.roc_auc(label, probability),
        "average precision": metrics.average_precision(label, probability),
        "F1": metrics.precision_recall_f1(label, probability >= threshold)[2],
        "Brier score": metrics.brier(label, probability),
        "calibration error": metrics.expected_calibration_error(label, probability),
    }


def _recency_frequency_value(table: pa.Table) -> np.ndarray:
    names = ("days_since_last_order", "orders", "spend")
    return np.column_stack([np.log1p(table[name].to_numpy()) for name in names])


def main() -> None:
    """Build both tables, train, score, write the playbook, print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("outputs/cdnow"), help="folder (default: outputs/cdnow)")
    parser.add_argument("--seed", type=int, default=0, help="decides every random choice (default: 0)")
    parser.add_argument("--overwrite", action="store_true", help="replace earlier results")
    parser.add_argument("--quiet", action="store_true", help="no progress on stderr")
    args = parser.parse_args()
    try:
        run(args.out, args.seed, args.overwrite, args.quiet)
    except NorthstarError as error:
        sys.exit(f"run.py: {error}")


def run(out: Path, seed: int, overwrite: bool, quiet: bool) -> None:
    """Build the tables, train, score, write the playbook and print the comparison."""
    purchases = transactions()
    early, later = customers_at(purchases, TRAIN_CUT), customers_at(purchases, LATER_CUT)
    contract = contracts.load(CONTRACT)
    tables.write(early, out / "customers.parquet", overwrite)
    tables.write(later, out / "later.parquet", overwrite)
    with progress(quiet) as report:
        options = TrainingOptions(seed=seed, date=LATER_CUT, as_of=TRAIN_CUT)
        learned = train(Source(early, "customers"), contract, options, report, Source(later, "later")).model
        model.save(learned, out / "model", overwrite)
        done = score.run(
            learned, [out / "later.parquet"], out / "scores.parquet", score.ScoringOptions(overwrite=overwrite), report
        )
        write_playbook(learned, out / "playbook", overwrite, report)
    label = later["bought_next_30d"].to_numpy()
    probability = tables.read(done.scores)["probability"].to_numpy()
    ours = evaluate(label, probability, learned.purchase.threshold)
    other = baseline(early, later, seed)
    early_rate = early["bought_next_30d"].to_numpy().mean()
    print(facts_text(learned))
    print(
        f"\nTrained at {TRAIN_CUT} (base rate {early_rate:.3f}), holdout at {LATER_CUT} (base rate {label.mean():.3f})"
    )
    print(f"{'':<20}{'EBM':>10}{'logistic regression on log recency, frequency, value':>56}")
    for name, value in ours.items():
        print(f"{name:<20}{value:>10.4f}{other[name]:>56.4f}")


if __name__ == "__main__":
    main()
