"""Customer ids: written out as they were read, and compared by a key.

The key of an id is the id without padding, and without the decimals that a whole number has got on its way through a
data frame: ``7``, ``" 7"`` and ``7.0`` are one customer. Nothing else is the same: ``007`` is another customer, and
``7E+11`` has lost its digits.
"""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa

from northstar_explain.contract.columns import one_array
from northstar_explain.tables.soundness import as_bytes

_DECIMALS = re.compile(r"(-?(?:0|[1-9][0-9]*))\.0+")
_EXPONENT = re.compile(r"[0-9](\.[0-9]+)?E\+[0-9]+")
# What programs write where there is no id, and what a spreadsheet leaves of a long one.
_SUSPICIOUS = frozenset(("nan", "null", "none", "na", "n/a", "#n/a", "0", "-1", "unknown", "<na>", "nat"))
# The line of totals below a table.
_TOTALS = frozenset(("total", "totals", "grand total", "subtotal", "sum", "gesamt", "summe", "totale", "totaal"))
_NO_IDS = _SUSPICIOUS | _TOTALS
_EXACT = 2.0**53
_BYTES = ("utf-8", "surrogateescape")


def id_texts(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Ids as text, as they were read.

    Parameters
    ----------
    column : pyarrow.ChunkedArray or Array
        Text, whole numbers, decimals or floats.

    Returns
    -------
    pyarrow.Array of string
        Null where a float is no whole number, or too large to be exact: it identifies nobody.
    """
    array = one_array(column)
    if pa.types.is_string(array.type):
        return array
    if pa.types.is_floating(array.type):
        values = array.to_numpy(zero_copy_only=False).astype(np.float64)
        largest = _EXACT if pa.types.is_float64(array.type) else 2.0**24
        with np.errstate(invalid="ignore"):
            whole = (np.floor(values) == values) & (np.abs(values) < largest)
        return pa.array(np.where(whole, values, 0).astype(np.int64), mask=~whole).cast(pa.string())
    return array.cast(pa.string())


def id_keys(ids: pa.Array) -> pa.Array:
    """What ids are compared by.

    Parameters
    ----------
    ids : pyarrow.Array of string

    Returns
    -------
    pyarrow.Array of string
        The same array where every id is its own key, as is usual.

    Examples
    --------
    >>> id_keys(pa.array(["7", " 7 ", "7.0", "007", "7E+11", "7.5"])).to_pylist()
    ['7', '7', '7', '007', '7E+11', '7.5']
    """
    if not _may_differ(ids):
        return ids
    # By way of bytes, as a text that is not UTF-8 rejects its row, and nothing else.
    keys = [None if text is None else id_key(text).encode(*_BYTES) for text in _decoded(ids)]
    return pa.array(keys, pa.binary()).view(pa.string())


def _decoded(ids: pa.Array) -> list[str | None]:
    return [None if cell is None else cell.decode(*_BYTES) for cell in as_bytes(ids).to_pylist()]


def id_key(text: str) -> str:
    """What one id is compared by."""
    text = text.strip()
    decimals = _DECIMALS.fullmatch(text) if text.endswith("0") else None
    return decimals[1] if decimals else text


def _may_differ(ids: pa.Array) -> bool:
    """Whether some id may be other than its key, seen from the bytes in little time."""
    data = ids.buffers()[2] if len(ids) else None
    if data is None:
        return False
    ends = np.frombuffer(ids.buffers()[1], dtype=np.int32)[ids.offset : ids.offset + len(ids) + 1]
    text = np.frombuffer(data, dtype=np.uint8)[: ends[-1]]
    filled = ends[1:] > ends[:-1]
    # Blanks of other widths are bytes above ASCII.
    edges = (text[ends[:-1][filled]], text[ends[1:][filled] - 1])
    if any(((edge <= ord(" ")) | (edge >= 0x80)).any() for edge in edges):
        return True
    return b".0" in text[ends[0] :].tobytes() if (edges[1] == ord("0")).any() else False


def is_total(text: str) -> bool:
    """Whether a cell is the head of a line of totals.

    Examples
    --------
    >>> is_total("Grand Total:"), is_total("total spend of 7")
    (True, False)
    """
    return text.strip().rstrip(":").strip().lower() in _TOTALS


def suspicious(ids: pa.Array) -> dict[str, int]:
    """Ids that are none, or have lost their digits, with the rows that have them.

    Parameters
    ----------
    ids : pyarrow.Array of string

    Returns
    -------
    dict of str to int
    """
    data = ids.buffers()[2] if len(ids) else None
    if data is None:
        return {}
    ends = np.frombuffer(ids.buffers()[1], dtype=np.int32)[ids.offset : ids.offset + len(ids) + 1]
    text = np.frombuffer(data, dtype=np.uint8)
    # By length, first and last letter, so that no text is made of the usual id.
    rows = np.flatnonzero(ends[1:] > ends[:-1])
    first, last, lengths = text[ends[:-1][rows]] | 0x20, text[ends[1:][rows] - 1] | 0x20, np.diff(ends)[rows]
    may = np.zeros(len(rows), dtype=bool)
    for word in _NO_IDS:
        may |= (lengths == len(word)) & (first == ord(word[0]) | 0x20) & (last == ord(word[-1]) | 0x20)
    if b"E+" in text[ends[0] : ends[-1]].tobytes():
        may[:] = True
    found: dict[str, int] = {}
    for cell in _decoded(ids.take(pa.array(rows[may]))) if may.any() else ():
        if cell is not None and (cell.strip().lower() in _NO_IDS or _EXPONENT.fullmatch(cell.strip())):
            found[cell] = found.get(cell, 0) + 1
    return found
