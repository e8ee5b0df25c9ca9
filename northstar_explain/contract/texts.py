r"""Texts that are not valid UTF-8: rejected, with the invalid bytes escaped as ``\xff``.

Arrow does not validate strings, and most of its functions pass invalid ones on. A result that contains one cannot be
read again, so a row with one in a column of the contract is rejected. Validating a column takes one pass; only where
that fails is each cell examined.
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
    r"""Escape the bytes of some columns that are not UTF-8.

    Parameters
    ----------
    table : pyarrow.Table
        Its buffers are consistent (see `tables.soundness`); its texts may hold any bytes.
    names : iterable of str
        Columns to check, each there once; columns without texts are skipped.

    Returns
    -------
    table : pyarrow.Table
        The same rows with invalid bytes escaped, as in ``\xff``.
    violations : list of Violation
        The rows that had invalid bytes.
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
    """One column of texts with invalid bytes escaped, and the positions of the rows that had any."""
    # `validate` checks UTF-8 in one pass over the buffers, without creating Python objects.
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        array, rows = _readable(one_array(column))
        return pa.chunked_array([array]), rows
    return column, np.empty(0, dtype=np.intp)


def _readable(array: pa.Array) -> tuple[pa.Array, np.ndarray]:
    kind = array.type
    if pa.types.is_dictionary(kind):
        # An invalid value of the dictionary rejects the rows that use it, and no others.
        values, invalid = _readable(array.dictionary)
        codes = array.indices.to_numpy(zero_copy_only=False)  # NaN where there is none
        return pa.DictionaryArray.from_arrays(array.indices, values), np.flatnonzero(np.isin(codes, invalid))
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
