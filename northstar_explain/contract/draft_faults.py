"""Why no contract can be drafted from a table: its columns, its rows, and lines below it that are no customers."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from northstar_explain.contract.cells import is_text
from northstar_explain.contract.customer_ids import is_total
from northstar_explain.contract.features import ROW_ID
from northstar_explain.errors import Fault, TableError

# Totals and remarks stand in the last lines. A line is a remark where half of the columns that hardly have gaps are
# empty.
_LAST, _HARDLY, _HALF = 5, 0.02, 0.5


def require_drawable(table: pa.Table, id: str | None, label: str | None, positive: str | None, source: str) -> None:
    """Refuse a table that has no such columns, repeated names, no rows, or lines that are no customers.

    Raises
    ------
    TableError
        With every fault.
    """
    names = table.column_names
    wanted = [label] if id == ROW_ID else [id, label]
    faults = [
        Fault(f"column {name}", "a column of this name", "none", "The table has " + ", ".join(names) + ".")
        for name in wanted
        if name is not None and name not in names
    ]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        faults.append(Fault("header", "each column name once", repeated_words(repeated), "Rename the columns."))
    if table.num_rows == 0:
        faults.append(Fault("rows", "at least one customer", "none"))
    if not faults and label is not None and positive is not None:
        values = [str(value) for value in table[label].unique().to_pylist()]
        if positive not in values:
            got = ", ".join(values[:8])
            faults.append(Fault(f"column {label}", f"the value {positive!r} in some row", got, "Name one of these."))
    if not faults:
        faults = _lines_below(table)
    if faults:
        raise TableError(source, faults)


def repeated_words(names: list[str]) -> str:
    """Names that a header has twice, in words."""
    shown = ", ".join(repr(name) if name else "columns without a name" for name in names[:5])
    return f"more than once: {shown}{', ...' if len(names) > 5 else ''}"


def _lines_below(table: pa.Table) -> list[Fault]:
    """Totals and remarks in the last lines: as customers, they would be learned from, or take the label its values."""
    first = max(0, table.num_rows - _LAST)
    last = table.slice(first)
    few_gaps = max(_LAST, _HARDLY * table.num_rows)
    full = [name for name in table.column_names if _empty(table[name]).sum() <= few_gaps]
    empty = np.array([_empty(last[name]) for name in full]) if full else np.zeros((0, last.num_rows), bool)
    texts = [last[name].to_pylist() for name in last.column_names if is_text(last[name].type)]
    whole = [table[name] for name in table.column_names if is_text(table[name].type)]
    found = {}
    for row in range(last.num_rows):
        total = next((cells[row] for cells, column in zip(texts, whole, strict=True) if _is_total(cells[row], column)),
                     None)  # fmt: skip
        few = len(full) > 1 and table.num_rows > 2 * _LAST and empty[:, row].mean() >= _HALF
        if total is not None or few:
            got = f"{int(empty[:, row].sum())} empty cells of {len(full)}" if total is None else repr(total)
            found[f"{first + row + 1:,}"] = got
    if not found:
        return []
    where = f"row{'s' if len(found) > 1 else ''} {', '.join(found)}"
    todo = "Remove lines below the table, such as totals and remarks."
    return [Fault(where, "a customer in each row", "; ".join(dict.fromkeys(found.values())), todo)]


def _is_total(cell: str | None, column: pa.ChunkedArray) -> bool:
    """Whether a cell is the head of a line of totals; a value that others have too is a category."""
    import pyarrow.compute as pc

    return cell is not None and is_total(cell) and pc.sum(pc.equal(column, cell)).as_py() == 1


def _empty(column: pa.ChunkedArray) -> np.ndarray:
    import pyarrow.compute as pc

    null = pc.is_null(column, nan_is_null=pa.types.is_floating(column.type))
    if is_text(column.type):
        null = pc.or_(null, pc.fill_null(pc.equal(pc.utf8_trim_whitespace(column.cast(pa.string())), ""), True))
    return np.asarray(null.to_numpy(zero_copy_only=False) if isinstance(null, pa.Array) else null.to_numpy(), bool)
