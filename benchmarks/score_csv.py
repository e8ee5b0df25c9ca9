"""`explain score` from CSV to CSV beside PyArrow that reads the same file and writes the same scores, pair by pair.

Run it with ``python -m benchmarks.score_csv`` after ``python -m benchmarks.score``, whose customers it repeats under
new ids. It needs 3 GB of disk.
"""

from __future__ import annotations

import argparse
import filecmp
import sys
from pathlib import Path
from statistics import median

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv, parquet

from benchmarks.score import PEERS, Measured, measure


def repeat(customers: Path, times: int, out: Path) -> int:
    """Write the customers several times over as CSV, each time under other ids; give the rows."""
    table = parquet.read_table(customers)
    with csv.CSVWriter(out, table.schema) as writer:
        for number in range(times):
            ids = pc.binary_join_element_wise(f"{number:04d}", table["customer_id"], "-")
            writer.write_table(table.set_column(0, "customer_id", ids.cast(pa.string())))
    return times * int(table.num_rows)


def pairs(customers: Path, model: Path, folder: Path, rounds: int) -> list[tuple[Measured, Measured]]:
    """Measure the floor and `explain score` in turns; both write the same bytes."""
    explain: list[str | Path] = [
        sys.executable,
        "-c",
        "from northstar_explain.cli import main; main()",
        "score",
        customers,
        "--quiet",
    ]
    explain += ["--model", model, "--overwrite", "--out"]
    scores, theirs, ours = (folder / name for name in ("csv-scores.arrow", "csv-floor.csv", "csv-scores.csv"))
    measure([*explain, scores])
    floor: list[str | Path] = [sys.executable, PEERS / "floor_csv.py", customers, scores, theirs]
    timings = [(measure(floor), measure([*explain, ours])) for _ in range(rounds)]
    assert filecmp.cmp(theirs, ours, shallow=False)
    for path in (scores, theirs, ours):
        path.unlink()
    return timings


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("outputs/bench"))
    parser.add_argument("--times", type=int, nargs="*", default=[1, 10])
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    print("| customers | floor, s | `explain score`, s | of the floor | CPU of the floor's | peak MB | floor's MB |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for times in args.times:
        path = args.folder / "large.csv"
        rows = repeat(args.folder / "customers.parquet", times, path)
        timings = pairs(path, args.folder / "model", args.folder, args.rounds)
        path.unlink()
        seconds = [f"{median(pair[which].wall for pair in timings):.2f}" for which in (0, 1)]
        ratios = [median(ours.wall / floor.wall for floor, ours in timings)]
        ratios.append(median(ours.cpu / floor.cpu for floor, ours in timings))
        memory = [f"{max(pair[which].memory for pair in timings) / 1e6:.0f}" for which in (1, 0)]
        cells = [f"{rows:,}", *seconds, *(f"{ratio:.2f}" for ratio in ratios), *memory]
        print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
