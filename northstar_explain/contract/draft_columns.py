"""Reading the columns of a table for a draft: numbers as numbers, codes as texts, and a guess for each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa

from northstar_explain.contract.cells import MISSING_NUMBERS, is_text
from northstar_explain.contract.draft_guess import Guess
from northstar_explain.contract.draft_kinds import guess_numbers, guess_texts
from northstar_explain.contract.draft_orders import order_of
from northstar_explain.contract.kinds.registry import kind_named
from northstar_explain.contract.rejected import is_kept

# No amount, count or code of a customer is as large; what programs write in place of a missing number is.
NO_FIGURE = 1e20


def typed(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column as numbers where all of its known cells are, but codes with leading zeros stay texts."""
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_nested(column.type) or not is_kept(column.type):
        return pa.chunked_array([pa.nulls(len(column))])  # no kind of feature has nested values
    if pa.types.is_decimal(column.type):
        return column.cast(pa.float64(), safe=False)
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return column
    blank = pc.is_in(column, value_set=pa.array(MISSING_NUMBERS, column.type))
    known = pc.if_else(blank, pa.scalar(None, column.type), column)
    if pc.any(pc.match_substring_regex(known, r"^\s*(0\d|\+\d)")).as_py():
        return column
    try:
        numbers = known.cast(pa.float64())
    except pa.ArrowInvalid:
        return column
    return numbers if numbers.null_count < len(numbers) else column


def guess_column(name: str, column: pa.ChunkedArray) -> Guess:
    """The guess for one column, as `typed` gives it."""
    import pyarrow.compute as pc

    null = pc.is_null(column, nan_is_null=pa.types.is_floating(column.type))
    missing = (pc.sum(null).as_py() or 0) / len(column)
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        return _guess_category(name, column, missing)
    values = column.filter(pc.invert(null)).to_numpy().astype(np.float64)
    values, slips = _without_slips(values[np.isfinite(values)])
    empty = Guess(name, None, None, None, missing, "no values at all")
    if not len(values):
        return empty
    found = guess_numbers(name, empty.parts, values, len(column))
    low, high = float(values.min()), float(values.max())
    if found.kind is None:
        return replace(empty, note=found.note)
    if not found.kind.numeric:
        distinct = np.unique(values)
        seen = "0 and 1" if set(distinct) == {0.0, 1.0} else ", ".join(f"{value:g}" for value in distinct[:8])
        return replace(empty, kind=found.kind, note=f"{seen} seen", categories=len(distinct), code=found.code)
    note = f"{found.note + ', ' if found.note else ''}{low:g} to {high:g} seen"
    least, most = found.kind.draft_bounds(low, high)
    if len(slips):
        least, most = -NO_FIGURE if least is None else least, NO_FIGURE if most is None else most
    return Guess(
        name,
        found.kind,
        least,
        most,
        missing,
        note,
        unit=found.unit,
        whole=whole_numbers(column),
        slips=f"{slips[0]:g} in {len(slips):,} row{'s' if len(slips) > 1 else ''}" if len(slips) else "",
    )


def _without_slips(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The values that may be figures, and those beyond; where all are beyond, they are codes and stay."""
    far = np.abs(values) > NO_FIGURE
    return (values, values[:0]) if far.all() else (values[~far], values[far])


def _guess_category(name: str, column: pa.ChunkedArray, missing: float) -> Guess:
    kind = column.type
    empty = Guess(name, None, None, None, missing, f"of type {kind}")
    if not (is_text(kind) or pa.types.is_boolean(kind)):
        return empty
    import pyarrow.compute as pc

    missing += (pc.sum(pc.equal(column, "")).as_py() or 0) / len(column) if is_text(kind) else 0.0
    values = sorted(str(value) for value in column.unique().to_pylist() if value not in (None, ""))
    if not values:
        return replace(empty, note="no values at all")
    found, why = guess_texts(name, values, len(column) - column.null_count)
    if found is None:
        return replace(empty, note=why)
    graded = empty.parts.has("grade", "rating", "class")
    order = order_of(values, graded) if found == "category" else ()
    seen = ", ".join((order or values)[:8]) + (", ..." if len(values) > 8 else "")
    kind_found = kind_named("ordered") if order else found
    return Guess(name, kind_found, None, None, missing, f"{seen} seen", len(values), order=tuple(order))


def whole_numbers(column: pa.ChunkedArray) -> bool:
    """Whether all known numbers of a column are whole."""
    values = column.drop_null().to_numpy()
    known = values[~np.isnan(values)] if values.dtype.kind == "f" else values
    return bool(np.all(np.isfinite(known)) and np.all(known == np.floor(known)))
