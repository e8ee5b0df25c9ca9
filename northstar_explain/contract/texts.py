r"""Texts that are not UTF-8: found, and made readable, as ``\xff`` for a byte that no text holds.

Arrow takes any bytes for a text, and most of its functions pass them on. A result with such a text in it cannot be
read again, so a row that holds one where the contract looks is rejected. The usual column shows in one pass that it
has none.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from northstar_explain.contract.cells import Violation, is_text
from northstar_explain.contract.columns import one_array
from northstar_explain.tables.soundness import as_bytes

VALID_TEXT = "text in UTF-8"


def readable(table: pa.Table, names: Iterable[str]) -> tuple[pa.Table, list[Violation]]:
    r"""Make the texts of some columns readable.

    Parameters
    ----------
    table : pyarrow.Table
        Its columns' buffers fit together; what its texts hold is not known.
    names : iterable of str
        Which columns to look at, each there once; those without texts are passed over.

    Returns
    -------
    table : pyarrow.Table
        The same rows, every byte that no text holds written as ``\xff`` is here.
    violations : list of Violation
        The rows that had any.
    """
    violations = []
    for name in names:
        place = table.schema.get_field_index(name)
        if not is_text(table.schema.field(place).type):
            continue
        column, rows = readable_column(table.column(place))
        if len(rows):
            table = table.set_column(place, table.schema.field(place), column)
            violations.append(Violation(rows, name, VALID_TEXT))
    return table, violations


def readable_column(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, np.ndarray]:
    """One column of texts, made readable, and the positions of the rows that were not."""
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        array, rows = _readable(one_array(column))
        return pa.chunked_array([array]), rows
    return column, np.empty(0, dtype=np.intp)


def _readable(array: pa.Array) -> tuple[pa.Array, np.ndarray]:
    kind = array.type
    if pa.types.is_dictionary(kind):
        words, bad = _readable(array.dictionary)
        codes = array.indices.to_numpy(zero_copy_only=False)  # NaN where there is none
        return pa.DictionaryArray.from_arrays(array.indices, words), np.flatnonzero(np.isin(codes, bad))
    cells = as_bytes(array).to_pylist()
    rows = [row for row, cell in enumerate(cells) if cell is not None and not _is_utf8(cell)]
    texts = [None if cell is None else cell.decode("utf-8", "backslashreplace") for cell in cells]
    return pa.array(texts, kind), np.array(rows, dtype=np.intp)


def _is_utf8(cell: bytes) -> bool:
    try:
        cell.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
