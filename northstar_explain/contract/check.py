"""Checking a customer table against its contract: good rows, rejected rows with reasons, nothing lost.

Faults of the table (columns missing, repeated or renamed; wrong types) stop the run and are reported all at once.
Faults of single rows do not: such rows are set aside, as they came, with every reason.
"""

from __future__ import annotations

import difflib
from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from northstar_explain.contract.features import Contract, Feature, Kind
from northstar_explain.errors import Fault, TableError

# What people write into a number cell when they have no number. Not applied to categories: NA is Namibia.
MISSING_NUMBERS = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "-")
_LABEL_TEXT = {"0": 0, "1": 1, "false": 0, "true": 1, "False": 0, "True": 1, "0.0": 0, "1.0": 1}


class Checked(NamedTuple):
    """What came of a check: every row is in one of the two tables.

    Attributes
    ----------
    accepted : pyarrow.Table
        Identifier (string), features (float64 or string, null where missing) and, where asked for, the label
        (int8); rows in their order.
    rejected : pyarrow.Table
        The other rows as they came, after a column ``row`` (position in the input, first row 1) and a column
        ``reasons``.
    ignored : tuple of str
        Columns that the contract does not know and that were not used.
    """

    accepted: pa.Table
    rejected: pa.Table
    ignored: tuple[str, ...]


@dataclass(frozen=True)
class _Finding:
    """Rows that break one rule."""

    rows: np.ndarray
    column: str
    expected: str


def check(
    table: pa.Table, contract: Contract, *, label: bool = False, source: str = "table", as_text: bool = False
) -> Checked:
    """Check a customer table against a contract.

    Parameters
    ----------
    table : pyarrow.Table
        Customers, one a row.
    contract : Contract
    label : bool, default False
        Whether the label is needed; otherwise it may be there and is left out.
    source : str
        What to call the table in errors.
    as_text : bool, default False
        Whether numbers may come as text, as they do from CSV.

    Returns
    -------
    Checked

    Raises
    ------
    TableError
        With every fault of the table as a whole.
    """
    ignored = _require_columns(table, contract, label, source)
    _require_types(table, contract, label, source, as_text)
    findings: list[_Finding] = []
    columns = {contract.id: _identifier(table[contract.id], findings, contract.id)}
    for feature in contract.features:
        columns[feature.name] = _feature(table[feature.name], feature, findings)
    if label:
        columns[contract.label] = _label(table[contract.label], findings, contract.label)
    return _part(table, pa.table(columns), findings, ignored)


def _part(table: pa.Table, clean: pa.Table, findings: list[_Finding], ignored: tuple[str, ...]) -> Checked:
    bad = np.zeros(table.num_rows, dtype=bool)
    for finding in findings:
        bad[finding.rows] = True
    rows = np.flatnonzero(bad)
    reasons = _reasons(table, findings, rows)
    rejected = table.take(pa.array(rows)) if len(rows) else table.slice(0, 0)
    rejected = rejected.add_column(0, "row", pa.array(rows + 1, pa.int64()))
    rejected = rejected.add_column(1, "reasons", pa.array(reasons, pa.string()))
    accepted = clean.filter(pa.array(~bad)) if len(rows) else clean
    return Checked(accepted, rejected, ignored)


def _reasons(table: pa.Table, findings: list[_Finding], rows: np.ndarray) -> list[str]:
    place = {int(row): at for at, row in enumerate(rows)}
    said: list[list[str]] = [[] for _ in rows]
    for finding in findings:
        values = table[finding.column].take(pa.array(finding.rows)).to_pylist()
        for row, value in zip(finding.rows, values, strict=True):
            got = "nothing" if value is None else repr(value)
            said[place[int(row)]].append(f"{finding.column}: expected {finding.expected}, got {got}")
    return ["; ".join(texts) for texts in said]


def _require_columns(table: pa.Table, contract: Contract, label: bool, source: str) -> tuple[str, ...]:
    counts = Counter(table.column_names)
    needed = [contract.id, *(feature.name for feature in contract.features)]
    if label:
        needed.append(contract.label)
    known = {*needed, contract.label, *contract.ignore}
    extra = [name for name in counts if name not in known]
    faults = [
        Fault(f"column {name}", "one column of this name", f"{counts[name]}", "Keep the right one.")
        for name in needed
        if counts[name] > 1
    ]
    faults += [_missing_column(name, extra) for name in needed if not counts[name]]
    if faults:
        raise TableError(source, faults)
    if table.num_rows == 0:
        raise TableError(source, [Fault("rows", "at least one customer", "none", "Check the export.")])
    return tuple(extra)


def _missing_column(name: str, extra: list[str]) -> Fault:
    folded = {_fold(other): other for other in extra}
    near = difflib.get_close_matches(_fold(name), list(folded), n=1, cutoff=0.75)
    got = f"none, but an unknown column {folded[near[0]]}" if near else "none"
    todo = "Was it renamed? Name it as the contract does." if near else "Add it to the table."
    return Fault(f"column {name}", "a column of this name", got, todo)


def _fold(name: str) -> str:
    return name.casefold().replace("_", "").replace(" ", "").replace("-", "")


def _require_types(table: pa.Table, contract: Contract, label: bool, source: str, as_text: bool) -> None:
    faults = []
    for feature in contract.features:
        column = table[feature.name]
        got = _wrong_type(column, feature, as_text)
        if got:
            expected = f"numbers ({feature.kind})" if feature.kind.numeric else f"text ({feature.kind})"
            faults.append(Fault(f"column {feature.name}", expected, got, "Correct the column or the contract."))
    if not _usable_id(table[contract.id].type):
        got = str(table[contract.id].type)
        faults.append(Fault(f"column {contract.id}", "text or whole numbers as customer ids", got))
    if label and (strange := _strange_labels(table[contract.label])):
        todo = "Recode the label: 1 for a customer who did, 0 for one who did not."
        faults.append(Fault(f"column {contract.label}", "only 0 and 1 (or true and false)", strange, todo))
    if faults:
        raise TableError(source, faults)


def _wrong_type(column: pa.ChunkedArray, feature: Feature, as_text: bool) -> str:
    kind = column.type
    if pa.types.is_null(kind):
        return ""  # nothing but missing values: each row is then judged by whether they are allowed
    if not feature.kind.numeric:
        plain = _is_text(kind) or pa.types.is_boolean(kind) or pa.types.is_integer(kind)
        return "" if plain or pa.types.is_floating(kind) else str(kind)
    if _is_number(kind):
        return ""
    if not (as_text and _is_text(kind)):
        return f"{kind}{_example(column)}"
    numbers = _parse_numbers(column)
    wrong = numbers.null_count - _missing_text(column).true_count
    # Single bad cells are rejected with their rows; a column that is mostly text is another column.
    return f"text{_example(column)}" if wrong > max(1, len(column) // 2) else ""


def _example(column: pa.ChunkedArray) -> str:
    known = column.drop_null()
    return f", for example {known[0].as_py()!r}" if len(known) else ""


def _usable_id(kind: pa.DataType) -> bool:
    return _is_text(kind) or pa.types.is_integer(kind)


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)


def _identifier(column: pa.ChunkedArray, findings: list[_Finding], name: str) -> pa.ChunkedArray:
    ids = column.cast(pa.string())
    empty = pc.fill_null(pc.equal(ids, ""), True)
    _note(findings, empty, name, "a customer id")
    counts = ids.combine_chunks().value_counts() if ids.num_chunks else pa.array([])
    repeated = counts.field("values").filter(pc.greater(counts.field("counts"), 1))
    if len(repeated):
        twice = pc.and_(pc.is_in(ids, value_set=repeated), pc.invert(empty))
        # Which of them is right cannot be known, so none of them is taken.
        _note(findings, twice, name, "an id that occurs once in the table")
    return ids


def _feature(column: pa.ChunkedArray, feature: Feature, findings: list[_Finding]) -> pa.ChunkedArray:
    if feature.kind.numeric:
        return _numbers(column, feature, findings)
    values = _texts(column)
    if feature.missing is None:
        _note(findings, pc.is_null(values), feature.name, "a value (the contract says it is never missing)")
    if feature.kind is Kind.ORDERED:
        known = pc.or_kleene(pc.is_in(values, value_set=pa.array(feature.order)), pc.is_null(values))
        _note(findings, pc.invert(known), feature.name, "one of " + ", ".join(feature.order))
    return values


def _texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_floating(kind):
        # 3.0 and 3 name the same category, and a NaN is a missing one.
        column = pc.if_else(pc.is_nan(column), pa.scalar(None, kind), column)
        whole = pc.and_(pc.equal(column, pc.floor(column)), pc.less(pc.abs(column), 2.0**53))
        if pc.all(pc.fill_null(whole, True)).as_py():
            column = column.cast(pa.int64())
    texts = column.cast(pa.string())
    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)


def _numbers(column: pa.ChunkedArray, feature: Feature, findings: list[_Finding]) -> pa.ChunkedArray:
    if _is_text(column.type):
        numbers = _parse_numbers(column)
        unreadable = pc.and_not(pc.is_null(numbers), _missing_text(column).mask)
        _note(findings, unreadable, feature.name, "a number")
    else:
        numbers, unreadable = column.cast(pa.float64(), safe=False), None
    missing = pc.is_null(numbers, nan_is_null=True)
    if feature.missing is None:
        absent = missing if unreadable is None else pc.and_not(missing, unreadable)
        _note(findings, absent, feature.name, "a value (the contract says it is never missing)")
    _note_outside(numbers, feature, findings)
    return numbers


def _note_outside(numbers: pa.ChunkedArray, feature: Feature, findings: list[_Finding]) -> None:
    endless = pc.is_inf(numbers)
    _note(findings, endless, feature.name, "a finite number")
    low, high = feature.minimum, feature.maximum
    outside = pa.scalar(False)
    if low is not None:
        outside = pc.or_(outside, pc.less(numbers, low))
    if high is not None:
        outside = pc.or_(outside, pc.greater(numbers, high))
    if low is not None or high is not None:
        _note(findings, pc.and_not(outside, endless), feature.name, _bounds(low, high))
    if feature.kind.whole:
        broken = pc.and_not(pc.not_equal(numbers, pc.floor(numbers)), pc.is_nan(numbers))
        _note(findings, broken, feature.name, "a whole number")


def _bounds(low: float | None, high: float | None) -> str:
    if low is None:
        return f"at most {high:g}"
    return f"at least {low:g}" if high is None else f"{low:g} to {high:g}"


class _MissingText(NamedTuple):
    mask: pa.ChunkedArray
    true_count: int


def _missing_text(column: pa.ChunkedArray) -> _MissingText:
    stripped = pc.utf8_trim_whitespace(column.cast(pa.string()))
    mask = pc.or_(pc.is_null(stripped), pc.is_in(stripped, value_set=pa.array(MISSING_NUMBERS)))
    return _MissingText(mask, pc.sum(mask).as_py() or 0)


def _parse_numbers(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Text to float64, null where the cell holds no number."""
    texts = pc.utf8_trim_whitespace(column.cast(pa.string()))
    try:
        return texts.cast(pa.float64())
    except pa.ArrowInvalid:
        # Some cell is no number. Look at each distinct text once; there are few beside the numbers.
        distinct = texts.combine_chunks().unique()
        numbers = pa.array([_number(text) for text in distinct.to_pylist()], pa.float64())
        return pa.chunked_array([numbers.take(pc.index_in(texts.combine_chunks(), value_set=distinct))])


def _number(text: str | None) -> float | None:
    if text is None or text in MISSING_NUMBERS or "_" in text:
        return None
    try:
        return float(text)
    except ValueError:
        return None


def _label_codes(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_floating(column.type) or pa.types.is_decimal(column.type):
        column = column.cast(pa.float64(), safe=False)
        column = pc.if_else(pc.is_nan(column), pa.scalar(None, pa.float64()), column)
    texts = pc.utf8_trim_whitespace(column.cast(pa.string()))
    values = pa.array(list(_LABEL_TEXT.values()), pa.int8())
    return values.take(pc.index_in(texts.combine_chunks(), value_set=pa.array(list(_LABEL_TEXT))))


def _strange_labels(column: pa.ChunkedArray) -> str:
    strange = column.filter(pc.and_(pc.is_null(_label_codes(column)), pc.invert(_blank(column))))
    values = sorted(map(str, strange.unique().to_pylist()))
    return ", ".join(map(repr, values[:5])) + (", ..." if len(values) > 5 else "") if values else ""


def _blank(column: pa.ChunkedArray) -> pa.ChunkedArray:
    null = pc.is_null(column, nan_is_null=pa.types.is_floating(column.type))
    return pc.or_(null, pc.equal(column, "")) if _is_text(column.type) else null


def _label(column: pa.ChunkedArray, findings: list[_Finding], name: str) -> pa.Array:
    codes = _label_codes(column)
    _note(findings, pc.is_null(codes), name, "0 or 1")
    return codes


def _note(findings: list[_Finding], mask: pa.ChunkedArray | pa.Array, column: str, expected: str) -> None:
    rows = np.flatnonzero(np.asarray(pc.fill_null(mask, False), dtype=bool))
    if len(rows):
        findings.append(_Finding(rows, column, expected))
