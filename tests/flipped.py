"""Files with flipped bytes, scored in a process of their own: `python flipped.py MODEL TABLE FORMAT START COUNT`.

Prints a line of JSON for each case: its seed before it is tried, and what came of it after. A crash therefore shows as
a seed without an outcome, whatever took the process down. FORMAT is one of `FORMATS`; TABLE is any table that scores.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from mutations import flip_bytes
from pyarrow import parquet

ROWS = 300
TIMEOUT = 60  # seconds without a line
MEMORY = 2 << 30  # more than this, for so small a table, comes of a length that nobody checked
FORMATS = (
    "arrow", "arrow-lz4", "arrow-zstd", "arrow-dictionary", "stream", "stream-lz4", "stream-zstd", "parquet", "parquet-none",
    "parquet-plain", "csv",
)  # fmt: skip


def encoded(table: pa.Table, format: str) -> tuple[str, bytes]:
    """The ending and the bytes of a table in one of the formats."""
    from northstar_explain.tables import csv_bytes

    name, _, variant = format.partition("-")
    if name == "csv":
        return ".csv", csv_bytes(table)
    sink = pa.BufferOutputStream()
    if name == "parquet":
        compression = {"": "zstd", "none": "none", "plain": "snappy"}[variant]
        parquet.write_table(table, sink, compression=compression, use_dictionary=variant != "plain", row_group_size=128)
        return ".parquet", sink.getvalue().to_pybytes()
    if variant == "dictionary":
        texts = [field.name for field in table.schema if pa.types.is_string(field.type)][1:]
        for text in texts:
            table = table.set_column(table.column_names.index(text), text, table[text].dictionary_encode())
    options = pa.ipc.IpcWriteOptions(compression=variant if variant in ("lz4", "zstd") else None)
    opened = pa.ipc.new_file if name == "arrow" else pa.ipc.new_stream
    with opened(sink, table.schema, options=options) as writer:
        writer.write_table(table, max_chunksize=128)
    return ".arrow", sink.getvalue().to_pybytes()


def outcomes(model: Path, table: Path, format: str, start: int, count: int) -> Iterator[dict[str, Any]]:
    """What came of each seed, however many processes that takes; a crash or a hang is an outcome too."""
    end = start + count
    while start < end:
        command = [sys.executable, __file__, str(model), str(table), format, str(start), str(end - start)]
        with tempfile.TemporaryFile("w+") as said:
            try:
                code = subprocess.run(command, stdout=subprocess.PIPE, stderr=said, text=True, timeout=TIMEOUT + count)
                lines, status = code.stdout.splitlines(), f"exit {code.returncode}"
            except subprocess.TimeoutExpired as error:
                lines, status = (error.stdout or b"").decode().splitlines(), "hang"
            said.seek(0)
            stderr = said.read()
        found = [json.loads(line) for line in lines]
        yield from (one for one in found if "outcome" in one)
        begun = [one["seed"] for one in found if "outcome" not in one]
        ended = {one["seed"] for one in found if "outcome" in one}
        if len(begun) == len(ended) == end - start:
            return
        seed = begun[-1] if begun and begun[-1] not in ended else None
        if seed is None:
            raise RuntimeError(f"{status}: {stderr[-2000:]}")
        yield {"seed": seed, "outcome": "crash", "said": f"{status}: {stderr[-2000:]}"}
        start = seed + 1


def counts(found: Iterator[dict[str, Any]]) -> Counter[str]:
    """How often each outcome came."""
    return Counter(one["outcome"] for one in found)


def _attempts(model: Path, table: Path, format: str, start: int, count: int) -> None:
    from northstar_explain import model as models
    from northstar_explain import tables

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    loaded, rows = models.load(model), tables.read(table).slice(0, ROWS).combine_chunks()
    ending, data = encoded(rows, format)
    with tempfile.TemporaryDirectory() as folder:
        case = Case(loaded, Path(folder), ending)
        expected, original = case.scores(data), case.rows(rows)
        assert len(expected) == len(rows)
        # The address space is limited only now: what is mapped up to here is ours.
        mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (mapped + MEMORY, mapped + MEMORY))
        for seed in range(start, start + count):
            print(json.dumps({"seed": seed}), flush=True)
            rng = np.random.default_rng(seed)
            changed = flip_bytes(data, rng, int(rng.integers(1, 9)))
            outcome, said = _outcome(case, changed, expected, original)
            print(json.dumps({"seed": seed, "outcome": outcome, "said": said}), flush=True)


class Case(NamedTuple):
    """How to score bytes, and how to see which rows they still hold as they were."""

    model: Any
    folder: Path
    ending: str

    @property
    def path(self) -> Path:
        return self.folder / f"c{self.ending}"

    def scores(self, data: bytes) -> dict[str, Any]:
        """The score of each id."""
        from northstar_explain import tables
        from northstar_explain.score import ScoringOptions, run

        out = self.folder / "s.parquet"
        self.path.write_bytes(data)
        done = run(self.model, self.path, out, ScoringOptions(overwrite=True, publish_anyway=True))
        if done.rejected:
            tables.read(done.rejects).to_pylist()  # must be readable again, whatever it holds
        return {row[self.model.contract.id]: row for row in tables.read(out).to_pylist()}

    def rows(self, table: pa.Table) -> dict[str, list[str]]:
        """All that the contract looks at, as one text per row, by id."""
        contract = self.model.contract
        cells = [contract.id, *(feature.name for feature in contract.features)]
        columns = [
            [None if cell is None else bytes(cell) for cell in table[name].cast(pa.binary()).to_pylist()]
            if pa.types.is_string(table[name].type) or pa.types.is_dictionary(table[name].type)
            else table[name].to_pylist()
            for name in cells
        ]
        found: dict[str, list[str]] = {}
        for row in zip(*columns, strict=True):
            found.setdefault((row[0] or b"").decode("utf-8", "replace"), []).append(repr(row))
        return found


def _outcome(case: Case, data: bytes, expected: dict[str, Any], original: dict[str, list[str]]) -> tuple[str, str]:
    from northstar_explain.errors import NorthstarError

    try:
        found = case.scores(data)
    except NorthstarError as error:
        return "refused", str(error)
    except BaseException as error:  # whatever it is, it is what this program is looking for
        return f"raised {type(error).__name__}", "".join(traceback.format_exception(error))[-3000:]
    if found == expected:
        return "same", ""
    # A flip may yield other values, which nobody can tell; but a row that reads as before has its score as before.
    from northstar_explain import tables

    now = case.rows(tables.read(case.path, any_text=True))
    wrong = [id for id, rows in original.items() if now.get(id) == rows and found.get(id) != expected[id]]
    return ("wrong", str(wrong)) if wrong else ("other values", "")


if __name__ == "__main__":
    _attempts(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
