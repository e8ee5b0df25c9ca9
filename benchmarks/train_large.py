"""`explain train` on large tables: time and memory beside 240,000 customers, and what fitting on a sample costs.

Run it with ``python -m benchmarks.train_large``, on Linux; it needs 4 GB of memory and half an hour on 2 idle cores.
Two tables come out, each by itself with ``--only``:

- ``sizes``: the whole command on 240,000, one million and two million customers, and on 250,000 each eight times.
- ``curve``: the purchase model fitted to more and more rows of one million customers, evaluated on one holdout.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from northstar_explain import metrics, tables
from northstar_explain.contract import check, columns_of, northstar
from northstar_explain.contract.columns import rows_of
from northstar_explain.learn import fit_purchase_model, splits
from northstar_explain.learn.workers import one_thread
from northstar_explain.simulate import simulate

SIZES = (240_000, 1_000_000, 2_000_000)
REPEATED, TIMES = 250_000, 8
CURVE_CUSTOMERS, CURVE = 1_000_000, (50_000, 100_000, 200_000, 400_000, 800_000)
MOST_TIME, MOST_MEMORY = 3.0, 2.0
_LOOK_S = 0.3


@dataclass(frozen=True)
class Run:
    """One training, with the processes that it starts.

    Attributes
    ----------
    seconds, cpu : float
    memory : int
        The most that all its processes held at a time, in bytes; what they share is counted once.
    facts : dict
        ``purchase`` of its evaluation.
    """

    seconds: float
    cpu: float
    memory: int
    facts: dict[str, Any]


def train(customers: Path, folder: Path, *options: str) -> Run:
    """Train with all defaults, measured to the end."""
    model = folder / "model"
    command = [sys.executable, "-c", "from northstar_explain.cli.main import main; main()", "train", str(customers)]
    since, before = time.perf_counter(), _children_cpu()
    process = subprocess.Popen(
        [*command, "--model", str(model), "--overwrite", "--quiet", *options], stdout=subprocess.DEVNULL
    )
    memory = 0
    while process.poll() is None:
        memory = max(memory, sum(map(_held, [process.pid, *_descendants(process.pid)])))
        time.sleep(_LOOK_S)
    if process.returncode:
        raise SystemExit(f"training on {customers.name} failed with exit code {process.returncode}")
    facts = json.loads((model / "evaluation.json").read_bytes())["purchase"]
    return Run(time.perf_counter() - since, _children_cpu() - before, memory, facts)


def _children_cpu() -> float:
    import resource

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _descendants(root: int) -> Iterator[int]:
    for path in Path(f"/proc/{root}/task").glob("*/children"):
        try:
            children = [int(child) for child in path.read_text().split()]
        except OSError:  # it has just ended
            continue
        for child in children:
            yield child
            yield from _descendants(child)


def _held(process: int) -> int:
    """Proportional set size in bytes, 0 where the process has just ended."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def repeat(table: pa.Table, times: int) -> pa.Table:
    """Each row several times, under ids of its own, in mixed order."""
    rows = np.random.default_rng(0).permutation(np.tile(np.arange(table.num_rows), times))
    ids = pa.array([f"R{number:08d}" for number in range(len(rows))])
    return table.take(pa.array(rows)).set_column(0, "customer_id", ids)


def print_sizes(sizes: tuple[int, ...], repeated: int, seed: int, *options: str) -> None:
    """Train on tables of several sizes and print what each took."""
    print("| rows | seconds | CPU seconds | peak MB, all processes | time | memory | fitted to | holdout | ROC-AUC |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    first: Run | None = None
    for rows, times in [*((size, 1) for size in sizes), (repeated, TIMES)]:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            table = simulate(rows, seed)[0]
            tables.write(repeat(table, times) if times > 1 else table, folder / "customers.parquet")
            del table
            run = train(folder / "customers.parquet", folder, "--seed", str(seed), *options)
        first = first or run
        title = f"{rows:,}" if times == 1 else f"{rows:,}, each {times} times"
        ratios = f"{run.seconds / first.seconds:.2f} | {run.memory / first.memory:.2f}"
        held = run.facts["holdout"]
        print(
            f"| {title} | {run.seconds:.0f} | {run.cpu:.0f} | {run.memory / 1e6:.0f} | {ratios} | "
            f"{run.facts['train_n']:,} | {held['n']:,} | {held['roc_auc']:.4f} |",
            flush=True,
        )
    print(f"\naim: at most {MOST_TIME:.0f} times the time and {MOST_MEMORY:.0f} times the memory of the first\n")


def print_curve(customers: int, fitted: tuple[int, ...], seed: int) -> None:
    """Fit the purchase model to more and more of the rows that are not the holdout."""
    contract = northstar()
    accepted = check(simulate(customers, seed)[0], contract, label=True).accepted
    columns, label = columns_of(accepted, contract.features), accepted[contract.label].to_numpy()
    split = splits.stratified(label, 0.0, 0.2, seed)
    held, held_label = rows_of(columns, split.holdout), label[split.holdout]
    features = contract.model_features
    frame = fit_purchase_model.frame(held, features)
    print(f"| of {customers:,} customers, fitted to | seconds | ROC-AUC on {len(held_label):,} | more |")
    print("| --- | --- | --- | --- |")
    last = None
    for rows in fitted:
        sampled = split.train[splits.sample(len(split.train), rows, seed)]
        since = time.perf_counter()
        with one_thread():
            ebm = fit_purchase_model.fit(
                rows_of(columns, sampled), label[sampled], features, fit_purchase_model.PurchaseModelOptions(), seed
            )
        seconds = time.perf_counter() - since
        auc = metrics.roc_auc(held_label, ebm.predict_proba(frame)[:, 1])
        more = "" if last is None else f"{auc - last:+.4f}"
        print(f"| {len(sampled):,} | {seconds:.0f} | {auc:.4f} | {more} |", flush=True)
        last = auc


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=["sizes", "curve"])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--repeated", type=int, default=REPEATED)
    parser.add_argument("--curve-customers", type=int, default=CURVE_CUSTOMERS)
    parser.add_argument("--curve", type=int, nargs="+", default=CURVE)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--no-experiments", action="store_true", help="leave out the memo's experiments")
    args = parser.parse_args()
    if args.only != "curve":
        print_sizes(tuple(args.sizes), args.repeated, args.seed, *(["--no-experiments"] if args.no_experiments else []))
    if args.only != "sizes":
        print_curve(args.curve_customers, tuple(args.curve), args.seed)


if __name__ == "__main__":
    main()
