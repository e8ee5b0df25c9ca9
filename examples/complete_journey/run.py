"""Complete Journey: one row per household and month, trained on six months, evaluated on other, later households.

The data and their source: `households.py`. No household is both in the training rows and in the holdout, and the months
of the holdout begin when the label's window of the last training month is over.
"""

from __future__ import annotations

import argparse
import datetime
import sys
from pathlib import Path

import pyarrow as pa
from households import Records, records, snapshots

from northstar_explain import contract as contracts
from northstar_explain import model, score, tables
from northstar_explain.cli.fact_tables import facts_text
from northstar_explain.cli.progress import progress
from northstar_explain.errors import NorthstarError
from northstar_explain.model.evaluation import PurchaseFacts
from northstar_explain.model.evaluation.metric_registry import AVERAGE_PRECISION, BRIER, ECE, F1, LIFT_10, ROC_AUC
from northstar_explain.report.playbook import write_playbook
from northstar_explain.training import Source, TrainingOptions, train

CONTRACT = Path(__file__).with_name("contract.toml")
TRAIN_DATES = [datetime.date(2017, month, 1) for month in range(4, 10)]
LATER_DATES = [datetime.date(2017, month, 1) for month in range(10, 13)]
FIGURES = (ROC_AUC, AVERAGE_PRECISION, F1, BRIER, ECE, LIFT_10)
COLUMNS = {"logistic_rfv": "logistic", "black_box": "black box", "segment_rate": "segments"}


def main() -> None:
    """Build both tables, train, score, write the playbook, print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("outputs/complete_journey"),
                        help="folder (default: outputs/complete_journey)")  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, help="decides every random choice (default: 0)")
    parser.add_argument("--overwrite", action="store_true", help="replace earlier results")
    parser.add_argument("--quiet", action="store_true", help="no progress on stderr")
    args = parser.parse_args()
    try:
        run(records(), args.out, TrainingOptions(seed=args.seed, date=LATER_DATES[-1]), args.overwrite, args.quiet)
    except NorthstarError as error:
        sys.exit(f"run.py: {error}")


def run(known: Records, out: Path, options: TrainingOptions, overwrite: bool, quiet: bool) -> None:
    """Build the tables, train, score, write the playbook and print the comparison."""
    early, later = snapshots(known, TRAIN_DATES), snapshots(known, LATER_DATES)
    tables.write(early, out / "households.parquet", overwrite)
    tables.write(later, out / "later.parquet", overwrite)
    with progress(quiet) as report:
        sources = Source(early, "households"), Source(later, "later")
        learned = train(sources[0], contracts.load(CONTRACT), options, report, sources[1]).model
        model.save(learned, out / "model", overwrite)
        settings = score.ScoringOptions(overwrite=overwrite)
        score.run(learned, [out / "later.parquet"], out / "scores.parquet", settings, report)
        write_playbook(learned, out / "playbook", overwrite, report)
    print(facts_text(learned))
    print("\n".join(comparison(learned.evaluation.purchase, early)))


def comparison(facts: PurchaseFacts, early: pa.Table) -> list[str]:
    """The model compared with a logistic regression on log recency, frequency and value and two other baselines."""
    rate = early["buys_next_30d"].to_numpy().mean()
    groups = facts.group_split
    assert groups is not None, "the contract names the household as the group"
    baselines = {one.name: one.figures for one in facts.baselines}
    lines = [
        "",
        f"Fitted to {groups.train + groups.validation:,} households from {TRAIN_DATES[0]} to {TRAIN_DATES[-1]} "
        f"(base rate {rate:.3f}),",
        f"evaluated on {groups.holdout:,} others from {LATER_DATES[0]} to {LATER_DATES[-1]} "
        f"(base rate {facts.holdout.base_rate:.3f}); in brackets the 95% interval",
        f"{'':<20}{'EBM':>24}" + "".join(f"{name:>12}" for name in COLUMNS.values()),
    ]
    figures = facts.holdout.figures
    for metric in FIGURES:
        low, high = figures.intervals[metric.key]
        others = "".join(f"{baselines[name][metric]:>12.4f}" for name in COLUMNS)
        lines.append(f"{metric.label:<20}{figures[metric]:>8.4f} [{low:.4f}, {high:.4f}]{others}")
    return lines


if __name__ == "__main__":
    main()
