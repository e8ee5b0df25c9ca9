"""Drafting a contract from a table: every guess has a comment that says what a person must confirm."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa

from northstar_explain.contract import draft_definedness, draft_traits
from northstar_explain.contract.cells import MISSING_NUMBERS
from northstar_explain.contract.draft_toml import Guess, Proposals, toml
from northstar_explain.contract.kinds.registry import draft_kind
from northstar_explain.contract.load import parse
from northstar_explain.contract.rejected import is_kept
from northstar_explain.errors import ContractError, Fault, TableError

# Names of columns that identify a group of rows.
_OWNER = re.compile(r"(^|_)(id|household|family|account|customer|client|member|person)(_|$)", re.I)
_MANY_CATEGORIES = 50


def draft(table: pa.Table, id: str | None, label: str | None, source: str = "table") -> str:
    """Draft a contract for a person to finish.

    Parameters
    ----------
    table : pyarrow.Table
        One row per customer; in the text columns of CSV, numbers are recognized.
    id, label : str or None
        The identifier and label columns; guessed where not given.
    source : str
        The name of the table in the draft and in errors.

    Returns
    -------
    str
        A contract in TOML that loads without changes; every guess has a comment.

    Raises
    ------
    TableError
        When a named column is missing, or no column can be the identifier or label.
    """
    names = table.column_names
    faults = [
        Fault(f"column {name}", "a column of this name", "none", "The table has " + ", ".join(names) + ".")
        for name in (id, label)
        if name is not None and name not in names
    ]
    if len(set(names)) != len(names):
        faults.append(Fault("header", "each column name once", "a repeated name", "Rename the columns."))
    if table.num_rows == 0:
        faults.append(Fault("rows", "at least one customer", "none"))
    if faults:
        raise TableError(source, faults)
    plain = {name: _typed(table[name]) for name in names}
    id_candidates = [name for name in names if _may_be_id(plain[name])]
    id = id or _first(id_candidates, source, "--id", "a column with a different text or whole number in each row")
    label_candidates = [name for name in names if name != id and _may_be_label(plain[name])]
    label = label or _first(label_candidates, source, "--label", "a column of 0 and 1")
    others = [name for name in names if name not in (id, label)]
    owner = next((name for name in others if _may_be_owner(name, plain[name])), None)
    guesses = [_guess(name, plain[name]) for name in others]
    proposals = _proposals(plain, guesses)
    numbered: set[str] = set()
    while True:
        text = toml(source, id, label, (id_candidates, label_candidates), owner, guesses, proposals, numbered)
        ambiguous = _with_ambiguous_words(text, guesses) - numbered
        if not ambiguous:
            return text
        numbered |= ambiguous


def _proposals(columns: dict[str, pa.ChunkedArray], guesses: list[Guess]) -> Proposals:
    kinds = {guess.name: guess.kind for guess in guesses if guess.kind is not None}
    # A condition may not ask for what is sensitive.
    open_kinds = {guess.name: guess.kind for guess in guesses if guess.kind is not None and not guess.sensitive}
    counts = [name for name, kind in open_kinds.items() if kind.counts]
    definitions = draft_definedness.definitions(columns, kinds, counts)
    return Proposals(definitions, list(draft_traits.traits(columns, open_kinds, definitions)))


def _with_ambiguous_words(text: str, guesses: list[Guess]) -> set[str]:
    """Columns whose names are ambiguous as words; they get a number until a person finds words for them."""
    try:
        parse(text)
    except ContractError as error:
        places = {fault.where for fault in error.faults}
        return {guess.name for guess in guesses if f"features.{guess.name}" in places}
    return set()


def _typed(column: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_nested(column.type) or not is_kept(column.type):
        return pa.chunked_array([pa.nulls(len(column))])  # no kind of feature has nested values
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return column
    blank = pc.is_in(column, value_set=pa.array(MISSING_NUMBERS, column.type))
    try:
        numbers = pc.if_else(blank, pa.scalar(None, column.type), column).cast(pa.float64())
    except pa.ArrowInvalid:
        return column
    return numbers if numbers.null_count < len(numbers) else column


def _may_be_id(column: pa.ChunkedArray) -> bool:
    import pyarrow.compute as pc

    whole = pa.types.is_integer(column.type) or (pa.types.is_floating(column.type) and _whole(column))
    kind = whole or pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
    return bool(kind) and column.null_count == 0 and pc.count_distinct(column).as_py() == len(column)


def _may_be_owner(name: str, column: pa.ChunkedArray) -> bool:
    import pyarrow.compute as pc

    text = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
    whole = pa.types.is_integer(column.type) or (pa.types.is_floating(column.type) and _whole(column))
    several = column.null_count == 0 and 2 < pc.count_distinct(column).as_py() < len(column)
    return bool(_OWNER.search(name)) and (text or whole) and several


def _may_be_label(column: pa.ChunkedArray) -> bool:
    if pa.types.is_boolean(column.type):
        return bool(column.null_count == 0)
    numeric = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
    return numeric and set(column.unique().to_pylist()) == {0, 1}


def _whole(column: pa.ChunkedArray) -> bool:
    values = column.drop_null().to_numpy()
    return bool(np.all(np.isfinite(values)) and np.all(values == np.floor(values)))


def _first(candidates: list[str], source: str, option: str, expected: str) -> str:
    if candidates:
        return candidates[0]
    raise TableError(source, [Fault("columns", expected, "none", f"Name it with {option}.")])


def _guess(name: str, column: pa.ChunkedArray) -> Guess:
    import pyarrow.compute as pc

    null = pc.is_null(column, nan_is_null=pa.types.is_floating(column.type))
    missing = (pc.sum(null).as_py() or 0) / len(column)
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        return _guess_category(name, column, missing)
    values = column.filter(pc.invert(null)).to_numpy().astype(np.float64)
    values = values[np.isfinite(values)]
    if not len(values):
        return Guess(name, None, None, None, missing, "no values at all")
    low, high = float(values.min()), float(values.max())
    note = f"seen {low:g} to {high:g}"
    kind = draft_kind(name, values)
    return Guess(name, kind, *(kind.draft_bounds(low, high) if kind else (None, None)), missing, note)


def _guess_category(name: str, column: pa.ChunkedArray, missing: float) -> Guess:
    kind = column.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_boolean(kind)
            or pa.types.is_dictionary(kind)):  # fmt: skip
        return Guess(name, None, None, None, missing, f"of type {kind}")
    values = [str(value) for value in column.unique().to_pylist() if value is not None]
    if len(values) > _MANY_CATEGORIES:
        return Guess(name, None, None, None, missing, f"{len(values)} different texts")
    note = "seen " + ", ".join(sorted(values)[:8]) + (", ..." if len(values) > 8 else "")
    return Guess(name, draft_kind(name, values), None, None, missing, note, len(values))
