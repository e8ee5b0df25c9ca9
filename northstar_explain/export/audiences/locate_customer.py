"""Where a customer occurs in outputs, so that a person can be found and erased."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from northstar_explain import tables
from northstar_explain.contract.customer_ids import id_key, id_keys, id_texts
from northstar_explain.errors import Fault, TableError
from northstar_explain.export.audiences.contact_table import read_hidden
from northstar_explain.export.audiences.folder_facts import MEMBERS, sent_contacts
from northstar_explain.export.audiences.platforms import is_contact
from northstar_explain.tables.formats import is_table_in_folder, require_path
from northstar_explain.tables.plain_types import with_plain_types


@dataclass(frozen=True)
class Place:
    """One column of a file, or one value of a JSON file, that names the customer.

    Attributes
    ----------
    file : Path
    where : str
        The column, or the path of the value.
    rows : int
        In how many rows.
    first : int or None
        The first of them, from 1 on; None in JSON.
    """

    file: Path
    where: str
    rows: int
    first: int | None

    def __str__(self) -> str:
        place = (
            "" if self.first is None else f", row {self.first:,}" + (f" and {self.rows - 1:,} more" * (self.rows > 1))
        )
        return f"{self.file}: {self.where}{place}"


@dataclass(frozen=True)
class Located:
    """What a search found.

    Attributes
    ----------
    places : tuple of Place
        In the order of the files.
    searched : int
        How many files were.
    not_searched : tuple of Path
        Files that hold no table and no JSON, such as a page.
    """

    places: tuple[Place, ...]
    searched: int
    not_searched: tuple[Path, ...]


def locate_customer(id: str, outputs: Sequence[Path], column: str | None = None) -> Located:
    """Search outputs for a customer; see `northstar_explain.api.locate`."""
    key = id_key(id)
    if not key:
        raise TableError("id", [Fault("id", "the id of a customer", "nothing", "Give one.")])
    files = list(_files(outputs))
    # Files for a platform hold no id, so a person is found in them by what was sent of the person.
    contacts = frozenset(one for file, _ in files if file.name == MEMBERS for one in sent_contacts(file, key))
    places: list[Place] = []
    others: list[Path] = []
    searched = 0
    for file, named in files:
        if file.suffix == ".json":
            places += _in_json(key, file)
        elif is_table_in_folder(file) or named:
            places += _in_table(key, file, column, contacts)
        else:
            others.append(file)
            continue
        searched += 1
    return Located(tuple(places), searched, tuple(others))


def _files(outputs: Sequence[Path]) -> Iterator[tuple[Path, bool]]:
    """Every file, and whether it was named itself; hidden ones are work that was not finished, and hold ids too."""
    for path in outputs:
        require_path(path)
        if path.is_dir():
            yield from ((file, False) for file in sorted(path.rglob("*")) if file.is_file() and file.stat().st_size)
        else:
            yield path, True


def _in_table(key: str, file: Path, column: str | None, contacts: frozenset[str]) -> Iterator[Place]:
    table = read_hidden(file, str(file))
    for place, name in enumerate(table.column_names):
        if column not in (None, name):
            continue
        values = with_plain_types(table.select([place]), [name])[name]
        if not _is_searched(values.type, named=column is not None):
            continue
        texts = _texts(values)
        rows = np.flatnonzero([one == key for one in id_keys(texts).to_pylist()])
        if is_contact(name):
            rows = np.union1d(rows, np.flatnonzero([one in contacts for one in texts.to_pylist()])).astype(np.int64)
        if len(rows):
            yield Place(file, f"column {name}", len(rows), int(rows[0]) + 1)


def _texts(values: pa.ChunkedArray) -> pa.Array:
    plain = values.cast(pa.string()) if pa.types.is_dictionary(values.type) else values
    return id_texts(plain.cast(pa.string()) if pa.types.is_large_string(plain.type) else plain)


def _is_searched(kind: pa.DataType, named: bool) -> bool:
    # A count of orders would be taken for an id that is a number: outputs of ours hold ids as text.
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    return bool(text or (named and (pa.types.is_integer(kind) or pa.types.is_floating(kind))))


def _in_json(key: str, file: Path) -> Iterator[Place]:
    tables.settle(file)
    try:
        data = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        fault = Fault("file", "a JSON file", type(error).__name__, "Check the file.")
        raise TableError(str(file), [fault]) from error
    for where in _values(data, key, ""):
        yield Place(file, where, 1, None)


def _values(data: Any, key: str, where: str) -> Iterator[str]:
    if isinstance(data, dict):
        for name, value in data.items():
            if id_key(name) == key:
                yield f"{where}.{name}".removeprefix(".")
            yield from _values(value, key, f"{where}.{name}".removeprefix("."))
    elif isinstance(data, list):
        for place, value in enumerate(data):
            yield from _values(value, key, f"{where}[{place}]")
    elif isinstance(data, str) and id_key(data) == key:
        yield where or "the whole"
