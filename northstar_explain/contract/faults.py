"""Faults of a customer table as a whole: columns and types. All of them are reported at once."""

from __future__ import annotations

import difflib
import unicodedata
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from northstar_explain.contract.cells import is_number, is_text, missing_texts, parse_numbers
from northstar_explain.contract.columns import one_array
from northstar_explain.contract.customer_ids import id_texts
from northstar_explain.contract.days_before import is_dated, read_days
from northstar_explain.contract.features import ROW_ID, Contract, Feature
from northstar_explain.contract.labels import unexpected_labels
from northstar_explain.contract.missing_marks import marks_of
from northstar_explain.contract.texts import readable
from northstar_explain.errors import Fault, TableError
from northstar_explain.tables.number_format import PLAIN, NumberFormat
from northstar_explain.tables.plain_types import with_plain_types


def no_rows(source: str) -> TableError:
    """The error of a table without customers."""
    return TableError(source, [Fault("rows", "at least one customer", "none", "Check the export.")])


def needed_columns(contract: Contract, label: bool) -> list[str]:
    """The columns that a table must have: id, features and what dates are counted to; with `label`, label and group."""
    more = [contract.snapshot, *([contract.label, contract.group] if label else [])]
    return [contract.id, *(feature.name for feature in contract.features), *filter(None, more)]


def numbers_rows(contract: Contract, schema: pa.Schema) -> bool:
    """Whether rows are numbered, as the contract's id asks for and the table has no column of this name."""
    return contract.id == ROW_ID and ROW_ID not in schema.names


def require_columns(schema: pa.Schema, contract: Contract, label: bool, source: str) -> tuple[str, ...]:
    """Raise TableError unless every needed column is there once; return the columns unknown to the contract."""
    counts = Counter(schema.names)
    needed = needed_columns(contract, label)
    if numbers_rows(contract, schema):
        needed.remove(contract.id)
    known = {*needed, contract.label, contract.group, *contract.ignore}
    extra = [name for name in counts if name not in known]
    faults = [
        Fault(f"column {name}", "one column of this name", f"{counts[name]}", "Keep the right one.")
        for name in needed
        if counts[name] > 1
    ]
    faults += [_missing_column(name, extra) for name in needed if not counts[name]]
    if faults:
        raise TableError(source, faults)
    return tuple(extra)


def require_default(schema: pa.Schema, contract: Contract, source: str) -> None:
    """Raise TableError when a table has no feature of a contract that nobody has named."""
    needed = [feature.name for feature in contract.features]
    if not set(needed) & set(schema.names):
        todo = "Northstar's contract, the default, knows none of these columns: did you mean --contract?"
        raise TableError(source, [Fault("columns", f"{needed[0]}, {needed[1]} and others", "none of them", todo)])


def _missing_column(name: str, extra: list[str]) -> Fault:
    folded = {_fold(other): other for other in extra}
    same = folded.get(_fold(name))
    near = difflib.get_close_matches(_fold(name), list(folded), n=1, cutoff=0.75)
    got, todo = "none", "Add it to the table."
    if same is not None:
        got, todo = repr(same), "Is it that? Name it as the contract does."
    elif near:
        got = f"none, but an unknown column {folded[near[0]]}"
        todo = "Was it renamed? Name it as the contract does."
    return Fault(f"column {name}", "a column of this name", got, todo)


def _fold(name: str) -> str:
    """A name without what people and programs change in it: case, blanks, marks and accents."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(c for c in letters if c.isalnum())


def require_types(
    table: pa.Table, contract: Contract, label: bool, source: str, as_text: bool, numbers: NumberFormat = PLAIN
) -> None:
    """Raise TableError with every column whose type in these rows contradicts the contract."""
    numbered = numbers_rows(contract, table.schema)
    needed = [name for name in needed_columns(contract, label) if not numbered or name != contract.id]
    table, _ = readable(with_plain_types(table, needed), needed)  # a text that is not UTF-8 rejects its row only
    marks = marks_of(contract, numeric=True)
    faults = []
    for feature in contract.features:
        column = table[feature.name]
        got = _wrong_type(column, feature, as_text, numbers, marks)
        if got:
            sort = "numbers" if feature.kind.number_cells else "days" if feature.kind.dated else "text"
            expected = f"{sort} ({feature.kind})"
            faults.append(Fault(f"column {feature.name}", expected, got, "Correct the column or the contract."))
    if contract.snapshot and (got := _wrong_days(table[contract.snapshot], marks)):
        faults.append(Fault(f"column {contract.snapshot}", "the day that the table looks up to", got, "Correct it."))
    named = {} if numbered else {contract.id: "text or whole numbers as customer ids"}
    if label and contract.group:
        named[contract.group] = "text or whole numbers that name the group of each row"
    for name, expected in named.items():
        kind = table[name].type
        if not (is_text(kind) or is_number(kind) or pa.types.is_null(kind)) or _is_measured(table[name]):
            faults.append(Fault(f"column {name}", expected, str(kind)))
    if label and (unexpected := unexpected_labels(table[contract.label], contract.positive)):
        todo = "Recode the label: 1 for a customer who did, 0 for one who did not; or name its value in table.positive."
        expected = (
            f"{contract.positive!r} and other values"
            if contract.positive
            else "only 0 and 1 (or true and false, or yes and no)"
        )
        faults.append(Fault(f"column {contract.label}", expected, unexpected, todo))
    if faults:
        raise TableError(source, faults)


def _wrong_type(
    column: pa.ChunkedArray, feature: Feature, as_text: bool, numbers: NumberFormat, marks: Sequence[str]
) -> str:
    kind = column.type
    if pa.types.is_null(kind):
        return ""  # only missing values; whether they are allowed is checked row by row
    if feature.kind.dated:
        return _wrong_days(column, marks)
    if not feature.kind.numeric:
        plain = is_text(kind) or pa.types.is_boolean(kind) or is_number(kind)
        return "" if plain or pa.types.is_date(kind) or pa.types.is_timestamp(kind) else str(kind)
    if is_number(kind):
        return ""
    if not (as_text and is_text(kind)):
        return f"{kind}{_example(column)}"
    texts = one_array(column)
    wrong = int((parse_numbers(texts, numbers, marks).is_null().to_numpy(False) & ~missing_texts(texts, marks)).sum())
    # Single unreadable cells reject their rows; a column that is mostly text is a fault of the table.
    return f"text{_example(column)}" if wrong > max(1, len(column) // 2) else ""


def _wrong_days(column: pa.ChunkedArray, marks: Sequence[str]) -> str:
    if not is_dated(column.type):
        return f"{column.type}{_example(column)}"
    # Single cells that are no day reject their rows; a column that is mostly something else is a fault of the table.
    wrong = int(read_days(one_array(column), marks).unreadable.sum())
    return f"{column.type}{_example(column)}" if wrong > max(1, len(column) // 2) else ""


def _is_measured(column: pa.ChunkedArray) -> bool:
    """Whether a column of floats holds other than whole numbers, which name nobody; single ones reject their rows."""
    if not pa.types.is_floating(column.type):
        return False
    known = int((~np.isnan(column.to_numpy())).sum())
    return len(column) - id_texts(column).null_count <= known // 2 and known > 0


def _example(column: pa.ChunkedArray) -> str:
    known = column.drop_null()
    return f", for example {known[0].as_py()!r}" if len(known) else ""
