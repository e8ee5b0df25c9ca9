"""`explain sql --scores` in databases, on the customers of `benchmarks.score`: is it exact, how large, how fast.

Run it with ``python -m benchmarks.sql`` after ``python -m benchmarks.score``, whose customers and model it takes. The
statement and its INSERTs are those that the command writes; each database fills its own tables with them.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

Runner = Callable[[Path, str, list[str]], tuple[pa.Table, float]]


def written(model: Path, to: str, folder: Path) -> tuple[str, list[str]]:
    """The statement, and the statements that make its lookup tables."""
    out = folder / f"{to}.sql"
    explain = [sys.executable, "-c", "from northstar_explain.cli import main; main()", "sql", str(model)]
    subprocess.run([*explain, "--dialect", to, "--scores", "--out", out], check=True, stdout=subprocess.DEVNULL)
    inserts = (folder / f"{to}.tables.sql").read_text(encoding="utf-8")
    statements = [one for one in inserts.split(";\n") if one.strip()]  # no text of a customer table ends so
    return out.read_text(encoding="utf-8"), statements


def duckdb_scores(customers: Path, query: str, statements: list[str]) -> tuple[pa.Table, float]:
    """DuckDB, customers in a table of its own."""
    import duckdb

    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE customers AS SELECT * FROM '{customers}'")
        for statement in statements:
            connection.execute(statement)
        since = time.perf_counter()
        return connection.sql(query).to_arrow_table(), time.perf_counter() - since


def sqlite_scores(customers: Path, query: str, statements: list[str]) -> tuple[pa.Table, float]:
    """SQLite in memory."""
    table = parquet.read_table(customers)
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        kinds = ["TEXT" if pa.types.is_string(field.type) else "REAL" for field in table.schema]
        columns = ", ".join(f'"{name}" {kind}' for name, kind in zip(table.column_names, kinds, strict=True))
        connection.execute(f"CREATE TABLE customers ({columns})")
        rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
        connection.executemany(f"INSERT INTO customers VALUES ({', '.join('?' * table.num_columns)})", rows)
        for statement in statements:
            connection.execute(statement)
        since = time.perf_counter()
        cursor = connection.execute(query)
        found = list(zip(*cursor.fetchall(), strict=True))
        seconds = time.perf_counter() - since
        return pa.table({about[0]: list(found[n]) for n, about in enumerate(cursor.description)}), seconds


def spark_scores(customers: Path, query: str, statements: list[str]) -> tuple[pa.Table, float]:
    """Spark on this machine."""
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    with tempfile.TemporaryDirectory() as folder:
        here = {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1", "spark.ui.enabled": "false"}
        own = {"spark.sql.warehouse.dir": folder, "spark.sql.shuffle.partitions": "2", "spark.driver.memory": "3g"}
        builder = SparkSession.builder.master("local[2]").config(map={**here, **own})
        session = builder.getOrCreate()
        try:
            session.sparkContext.setLogLevel("ERROR")
            session.read.parquet(str(customers)).createOrReplaceTempView("customers")
            for statement in statements:
                session.sql(statement)
            since = time.perf_counter()
            return session.sql(query.rstrip().removesuffix(";")).toArrow(), time.perf_counter() - since
        finally:
            session.stop()


RUNNERS: dict[str, Runner] = {"duckdb": duckdb_scores, "sqlite": sqlite_scores, "spark": spark_scores}


def compared(found: pa.Table, wanted: pa.Table) -> tuple[int, float]:
    """How many segments or flags differ from those of `explain score`, and by how much a probability at most does."""
    assert found.num_rows == wanted.num_rows
    found = found.take(pc.index_in(wanted["customer_id"].combine_chunks(), found["customer_id"].combine_chunks()))
    ours, theirs = (table["probability"].to_numpy() for table in (wanted, found))
    wrong = np.zeros(len(ours), dtype=bool)
    for name in ("segment_id", "flag_f1"):
        pairs = (table[name].cast(pa.string()).to_pylist() for table in (wanted, flags_as_booleans(found)))
        wrong |= np.array([one != other for one, other in zip(*pairs, strict=True)])
    return int(wrong.sum()), float(np.abs(ours - theirs).max())


def flags_as_booleans(table: pa.Table) -> pa.Table:
    """SQLite has no booleans."""
    return table.set_column(table.column_names.index("flag_f1"), "flag_f1", table["flag_f1"].cast(pa.bool_()))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("outputs/bench"))
    parser.add_argument("--engines", nargs="*", choices=list(RUNNERS), default=list(RUNNERS))
    args = parser.parse_args()
    customers, model = args.folder / "customers.parquet", args.folder / "model"
    if not (model / "manifest.json").is_file():
        raise SystemExit(f"no model in {model}: run python -m benchmarks.score first")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        explain = [sys.executable, "-c", "from northstar_explain.cli import main; main()", "score", customers]
        scores = folder / "scores.parquet"
        subprocess.run([*explain, "--model", model, "--out", scores, "--quiet"], check=True, stdout=subprocess.DEVNULL)
        wanted = parquet.read_table(scores)
        print(f"`explain sql --scores` on {wanted.num_rows:,} customers, beside `explain score`")
        print("| database | statement, KB | INSERTs, KB | seconds | wrong segments or flags | largest difference |")
        print("| --- | --- | --- | --- | --- | --- |")
        for to in args.engines:
            query, statements = written(model, to, folder)
            found, seconds = RUNNERS[to](customers, query, statements)
            wrong, gap = compared(found, wanted)
            sizes = [f"{len(text.encode()) / 1e3:,.0f}" for text in (query, "".join(statements))]
            print(f"| {to} | {' | '.join(sizes)} | {seconds:.1f} | {wrong} | {gap:.1e} |", flush=True)


if __name__ == "__main__":
    main()
