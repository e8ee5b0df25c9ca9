"""`explain export --onnx` in ONNX Runtime, on the customers of `benchmarks.score`: is it exact, how large, how fast.

Run it with ``python -m benchmarks.score_onnx`` after ``python -m benchmarks.score``, whose customers and model it
takes. Times are of the processor, as other programs may share it: those of the file on one thread, from columns in
memory to columns in memory; those of `explain score` from one Parquet file to another, start and checks included.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pyarrow as pa
from pyarrow import parquet

EXPLAIN = [sys.executable, "-c", "from northstar_explain.cli import main; main()"]
BATCHES = (1, 1_024, 8_192, 240_000)
CALLS = 500  # of one customer each


def run(*words: Any) -> float:
    """Run `explain`; gives seconds of the processor."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([*EXPLAIN, *map(str, words)], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def session_of(path: Path) -> onnxruntime.InferenceSession:
    """The file in ONNX Runtime, on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def inputs_of(session: onnxruntime.InferenceSession, table: pa.Table) -> dict[str, np.ndarray]:
    """The columns that the file reads."""

    def column(name: str, kind: str) -> np.ndarray:
        if kind == "tensor(double)":
            return np.asarray(table[name].to_numpy(), dtype=np.float64)
        return np.array([text or "" for text in table[name].to_pylist()], dtype=object)

    return {one.name: column(one.name, one.type) for one in session.get_inputs()}


def scored(session: Any, inputs: dict[str, np.ndarray], batch: int, rows: int) -> tuple[dict[str, np.ndarray], float]:
    """The outputs of all rows, and seconds of the processor."""
    names = [one.name for one in session.get_outputs()]
    since = time.process_time()
    parts = [
        session.run(names, {name: values[start : start + batch] for name, values in inputs.items()})
        for start in range(0, rows, batch)
    ]
    seconds = time.process_time() - since
    return dict(zip(names, map(np.concatenate, zip(*parts, strict=True)), strict=True)), seconds


def main() -> None:
    """Print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("outputs/bench"))
    folder = parser.parse_args().folder
    customers, model = folder / "customers.parquet", folder / "model"
    if not (model / "manifest.json").is_file():
        raise SystemExit(f"no model in {model}: run python -m benchmarks.score first")
    with tempfile.TemporaryDirectory() as name:
        scores, file = Path(name) / "scores.parquet", Path(name) / "scorecard.onnx"
        in_python = run("score", customers, "--model", model, "--out", scores, "--quiet")
        exported = run("export", model, "--onnx", file)
        size = file.stat().st_size
        session = session_of(file)
        wanted = parquet.read_table(scores)
    table = parquet.read_table(customers)
    assert table["customer_id"].equals(wanted["customer_id"]), "some customers were rejected"
    inputs = inputs_of(session, table)
    print(f"ONNX on {table.num_rows:,} customers: {size / 1e3:,.0f} KB, written and proved in {exported:.1f} s")
    print(f"`explain score` from Parquet to Parquet: {in_python:.2f} s")
    for batch in BATCHES:
        rows = CALLS if batch == 1 else table.num_rows
        found, seconds = scored(session, inputs, batch, rows)
        print(
            f"rows in a call {batch:,}: {seconds:.2f} s for {rows:,}, {seconds / rows * 1e6:.1f} µs for one", flush=True
        )
    wrong = np.zeros(table.num_rows, dtype=bool)
    for output in ("segment_id", "flag_f1", "reason_1", "reason_2", "reason_3"):
        texts = wanted[output].cast(pa.string()).fill_null("").to_pylist()
        wrong |= (
            np.array(texts) != np.char.lower(found[output].astype(str))
            if output == "flag_f1"
            else (np.array(texts) != found[output].astype(str))
        )
    gap = np.abs(found["probability"] - wanted["probability"].to_numpy()).max()
    print(f"{wrong.sum()} customers with another segment, flag or reason; largest difference of probability {gap:.1e}")


if __name__ == "__main__":
    main()
