"""The files that a user names for a run, or standard input, written to disk."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from northstar_explain import tables
from northstar_explain.contract.faults import needed_columns
from northstar_explain.contract.features import Contract
from northstar_explain.errors import Fault, TableError
from northstar_explain.options import CsvOptions
from northstar_explain.tables import Source
from northstar_explain.tables.csv_dialects import NO_HINTS

STDIN = Path("-")


def hints(contract: Contract, given: CsvOptions) -> tables.Hints:
    """What a contract and options say of CSV files."""
    numbers = tuple(feature.name for feature in contract.features if feature.kind.number_cells)
    return tables.Hints(given.over(contract.csv), tuple(needed_columns(contract, label=False)), numbers)


def spool(folder: Path, stream: BinaryIO | None = None, hints: tables.Hints = NO_HINTS) -> Source:
    """Write a stream to disk, as ids have to be read before rows, and a stream can be read once.

    Parameters
    ----------
    folder : Path
    stream : binary file, optional
        Standard input where not given. Arrow, Parquet or CSV: recognized by its first bytes.
    hints : Hints
        What is known of a CSV.

    Returns
    -------
    Source
    """
    import shutil

    if stream is None and sys.stdin is None:
        todo = "Give it a table, such as `explain score - ... < customers.csv`."
        raise TableError("-", [Fault("stream", "customers on standard input", "one that is closed", todo)])
    stream = stream or sys.stdin.buffer
    begins = stream.read(8)
    path = folder / f"stdin{_suffix(begins)}"
    with path.open("wb") as file:
        file.write(begins)
        # To disk and not to memory: a stream may be larger than memory, and ids are read before rows.
        shutil.copyfileobj(stream, file, 1 << 20)
    if not begins:
        todo = "The command that wrote it may have failed."
        raise TableError("-", [Fault("stream", "a header and rows", "nothing", todo)])
    return Source("-", (path,), hints)


def _suffix(begins: bytes) -> str:
    if begins.startswith(b"PAR1"):
        return ".parquet"
    # An Arrow file begins with its name, an Arrow stream with the marker of a message.
    return ".arrow" if begins.startswith((b"ARROW1", b"\xff\xff\xff\xff")) else ".csv"


def named(customers: object) -> list[Path | str]:
    """The names in a path or a list of paths; raises TableError for anything else, such as a table."""
    names = [customers] if isinstance(customers, Path | str) else customers
    # A table would otherwise be taken for a list: of its columns.
    if not isinstance(names, list | tuple) or not all(isinstance(name, Path | str) for name in names):
        got = type(customers).__name__
        todo = "Model.score takes a table, northstar_explain.score.batches takes many."
        raise TableError("score", [Fault("customers", "a path or a list of paths", got, todo)])
    return list(names)


def find(names: Path | str | Sequence[Path | str], hints: tables.Hints = NO_HINTS) -> Source | None:
    """The files that a user means; None for standard input; raises TableError for what is no path."""
    listed = named(names)
    if [Path(name) for name in listed] == [STDIN]:
        return None
    return tables.find(listed, hints)
