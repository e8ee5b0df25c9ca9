"""`explain score` on ten times and a hundred times as many customers: memory must not grow, time only in proportion.

Run it with ``python -m benchmarks.score_large`` after ``python -m benchmarks.score``, whose customers it repeats under
new ids. It needs 12 GB of disk.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from benchmarks.score import Measured, measure


def repeat(customers: Path, times: int, out: Path) -> int:
    """Write the customers several times over, each time under other ids; give the bytes."""
    table = parquet.read_table(customers)
    # Numbers as they are, as in a table whose values seldom repeat; small files would flatter the reader.
    texts = [field.name for field in table.schema if pa.types.is_string(field.type) and field.name != "customer_id"]
    with parquet.ParquetWriter(out, table.schema, compression="none", use_dictionary=texts) as writer:
        for number in range(times):
            ids = pc.binary_join_element_wise(f"{number:04d}", table["customer_id"], "-")
            writer.write_table(table.set_column(0, "customer_id", ids.cast(pa.string())))
    return out.stat().st_size


def score(customers: Path, model: Path, out: Path) -> tuple[Measured, dict[str, Any]]:
    """Score them into a folder of Parquet files."""
    command: list[str | Path] = [
        sys.executable,
        "-c",
        "from northstar_explain.cli import main; main()",
        "score",
        customers,
        "--quiet",
    ]
    measured = measure([*command, "--model", model, "--out", out, "--overwrite"])
    return measured, json.loads(out.with_name(f"{out.name}.report.json").read_bytes())


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("outputs/bench"))
    parser.add_argument("--times", type=int, nargs="*", default=[10, 100])
    args = parser.parse_args()
    folder: Path = args.folder
    print("| customers | Parquet in, GB | Parquet out, GB | seconds | CPU seconds | customers a second | peak MB |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    results: list[tuple[Measured, int]] = []
    for times in args.times:
        customers, out = folder / "large.parquet", folder / "large-scores"
        size = repeat(folder / "customers.parquet", times, customers)
        measured, report = score(customers, folder / "model", out)
        rows, written = report["rows"], sum(file["bytes"] for file in report["outputs"])
        results.append((measured, rows))
        assert rows == report["scored"] == times * parquet.read_metadata(folder / "customers.parquet").num_rows
        cells = [
            f"{rows:,}",
            f"{size / 1e9:.2f}",
            f"{written / 1e9:.2f}",
            f"{measured.wall:.1f}",
            f"{measured.cpu:.1f}",
        ]
        print(f"| {' | '.join([*cells, f'{rows / measured.wall:,.0f}', f'{measured.memory / 1e6:.0f}'])} |", flush=True)
        customers.unlink()
        shutil.rmtree(out)
    (first, few), (last, many) = results[0], results[-1]
    time, cpu = ((more / many) / (less / few) for more, less in ((last.wall, first.wall), (last.cpu, first.cpu)))
    memory = last.memory / first.memory
    print(f"last beside first: {memory:.2f} times the memory; per row {time:.2f} times the time, {cpu:.2f} the CPU")


if __name__ == "__main__":
    main()
