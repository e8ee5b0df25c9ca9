"""Drafting a contract from a table: every guess has a comment that says what a person must confirm."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from northstar_explain.contract.cells import MISSING_NUMBERS
from northstar_explain.contract.kinds import Kind, draft_kind
from northstar_explain.contract.load import parse
from northstar_explain.contract.rejected import is_kept
from northstar_explain.errors import ContractError, Fault, TableError

_SENSITIVE = re.compile(r"(^|_)(age|gender|sex|race|ethnic\w*|religion|marital\w*|birth\w*|nationality)(_|$)", re.I)
# Names of columns that identify a group of rows.
_OWNER = re.compile(r"(^|_)(id|household|family|account|customer|client|member|person)(_|$)", re.I)
_MANY_CATEGORIES = 50


@dataclass(frozen=True)
class _Guess:
    """The guess for one column; `kind` is None where it is to be ignored."""

    name: str
    kind: Kind | None
    low: float | None
    high: float | None
    missing: float
    note: str


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
    numbered: set[str] = set()
    while True:
        text = _toml(source, id, label, (id_candidates, label_candidates), owner, guesses, numbered)
        ambiguous = _with_ambiguous_words(text, guesses) - numbered
        if not ambiguous:
            return text
        numbered |= ambiguous


def _with_ambiguous_words(text: str, guesses: list[_Guess]) -> set[str]:
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


def _guess(name: str, column: pa.ChunkedArray) -> _Guess:
    import pyarrow.compute as pc

    null = pc.is_null(column, nan_is_null=pa.types.is_floating(column.type))
    missing = (pc.sum(null).as_py() or 0) / len(column)
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        return _guess_category(name, column, missing)
    values = column.filter(pc.invert(null)).to_numpy().astype(np.float64)
    values = values[np.isfinite(values)]
    if not len(values):
        return _Guess(name, None, None, None, missing, "no values at all")
    low, high = float(values.min()), float(values.max())
    note = f"seen {low:g} to {high:g}"
    kind = draft_kind(name, values)
    return _Guess(name, kind, *(kind.draft_bounds(low, high) if kind else (None, None)), missing, note)


def _guess_category(name: str, column: pa.ChunkedArray, missing: float) -> _Guess:
    kind = column.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_boolean(kind)
            or pa.types.is_dictionary(kind)):  # fmt: skip
        return _Guess(name, None, None, None, missing, f"of type {kind}")
    values = [str(value) for value in column.unique().to_pylist() if value is not None]
    if len(values) > _MANY_CATEGORIES:
        return _Guess(name, None, None, None, missing, f"{len(values)} different texts")
    note = "seen " + ", ".join(sorted(values)[:8]) + (", ..." if len(values) > 8 else "")
    return _Guess(name, draft_kind(name, values), None, None, missing, note)


def _toml(
    source: str,
    id: str,
    label: str,
    candidates: tuple[list[str], list[str]],
    owner: str | None,
    guesses: list[_Guess],
    numbered: Collection[str],
) -> str:
    features = [guess for guess in guesses if guess.kind is not None]
    left_out = [guess for guess in guesses if guess.kind is None]
    lines = [
        _comment(f"A contract drafted from {source}. Every line marked CONFIRM is a guess: check it with somebody"),
        "# who knows the table, complete the words (they appear in every report), then remove the mark.",
        "",
        "[table]",
        f"title = {_quote('Customers')}  # CONFIRM: what this table is",
        f"id = {_quote(id)}  {_comment('CONFIRM; could be: ' + (', '.join(candidates[0]) or 'no other'))}",
        f"label = {_quote(label)}  {_comment('CONFIRM; could be: ' + (', '.join(candidates[1]) or 'no other'))}",
        *_owner_lines(owner),
        'horizon = "in the 30 days after the snapshot"  # CONFIRM: the window of the label',
        'outcome = "buys"  # CONFIRM: what label 1 means',
        'currency = "$"  # CONFIRM',
        'noun = "customers"',
        "ignore = [" + ", ".join(_quote(guess.name) for guess in left_out) + "]",
    ]
    lines += [_comment(f"{guess.name} is ignored: {guess.note}. CONFIRM") for guess in left_out]
    lines += ["", "[groups]", 'customer = "Customer"  # CONFIRM: group features that belong together', ""]
    taken: set[str] = set()
    for place, guess in enumerate(features, 1):
        name = f"column {place}" if guess.name in numbered else guess.name
        lines += [*_feature_lines(guess, _words(name, taken)), ""]
    return "\n".join(lines)


def _owner_lines(owner: str | None) -> list[str]:
    if owner is None:
        return []
    return [
        _comment(f"{owner} repeats. CONFIRM: where it says whose row it is, take the mark from the next line, and the"),
        "# column out of the features and of ignore; rows of one are then never on both sides of a split.",
        _comment(f"group = {_quote(owner)}"),
    ]


def _words(name: str, taken: set[str]) -> str:
    """Unique words for a column, as a contract requires."""
    plain = name.replace("_", " ").strip() or "unnamed"
    numbered = (f"{plain} ({number})" for number in itertools.count(2))
    words = next(text for text in itertools.chain([plain], numbered) if text.casefold() not in taken)
    taken.add(words.casefold())
    return words


def _feature_lines(guess: _Guess, words: str) -> list[str]:
    key = guess.name if re.fullmatch(r"[A-Za-z0-9_-]+", guess.name) else _quote(guess.name)
    lines = [
        f"[features.{key}]",
        'group = "customer"',
        f'kind = "{guess.kind}"  {_comment("CONFIRM; " + guess.note)}',
        f"words = {_quote(words)}  # CONFIRM: how a person says it",
    ]
    if guess.low is not None:
        lines.append(f"min = {guess.low:g}  # CONFIRM: rows below are rejected")
    if guess.high is not None:
        lines.append(f"max = {guess.high:g}  # CONFIRM: rows above are rejected")
    if guess.missing:
        lines.append(f'missing = "unknown"  # CONFIRM: {guess.missing:.1%} are missing; what does that mean?')
    sensitive = bool(_SENSITIVE.search(guess.name))
    if sensitive:
        lines.append("sensitive = true  # CONFIRM: kept out of segments and model, used for group checks")
    segments = bool(guess.kind and guess.kind.numeric and not sensitive)
    lines.append(f"segments = {str(segments).lower()}  # CONFIRM: may it define segments?")
    return lines


def _comment(text: str) -> str:
    # Names and categories are from the table: a line break in one must not end the comment.
    return "# " + " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _quote(text: str) -> str:
    # A JSON string is a TOML basic string, except for one control character that JSON does not escape.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
