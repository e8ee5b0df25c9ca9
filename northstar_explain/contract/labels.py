"""Columns that only training needs: the label, yes and no in any spelling, and the group of each row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from northstar_explain.contract.cells import Violation, is_text
from northstar_explain.contract.columns import one_array
from northstar_explain.contract.customer_ids import id_keys, id_texts
from northstar_explain.contract.missing_marks import MISSING_CATEGORIES, MISSING_NUMBERS
from northstar_explain.contract.spelling import NO, YES, canonical

_LABEL_TEXT = {**dict.fromkeys(NO, 0), **dict.fromkeys(YES, 1)}


def read_labels(column: pa.ChunkedArray, name: str, positive: str = "") -> tuple[pa.Array, list[Violation]]:
    """The labels as int8, null where a cell holds no label, and a violation for those rows.

    Where the contract names a `positive` value, it stands for 1 and every other one for 0.
    """
    codes = positive_codes(column, positive) if positive else _label_codes(column)
    rows = np.flatnonzero(codes.is_null().to_numpy(zero_copy_only=False))
    expected = f"{positive!r} or another value" if positive else "0 or 1"
    return codes, [Violation(rows, name, expected)] if len(rows) else []


def positive_codes(column: pa.ChunkedArray, positive: str) -> pa.Array:
    """1 where a cell holds the positive value in any spelling, null where it holds none, 0 elsewhere."""
    import pyarrow.compute as pc

    texts = one_array(column.cast(pa.string()))
    distinct = texts.unique()
    keys = label_keys([text for text in distinct.to_pylist() if text is not None])
    wanted = label_keys([*keys, positive])[positive]
    codes = [None if not (key := keys.get(text, "")) else int(key == wanted) for text in distinct.to_pylist()]
    return pa.array(codes, pa.int8()).take(pc.index_in(texts, value_set=distinct))


def label_keys(values: Sequence[str]) -> dict[str, str]:
    """What the values of a label are compared by: without case and padding, and where all are yes and no, by these.

    Examples
    --------
    >>> label_keys(["Yes", "no ", "Y"])
    {'Yes': 'yes', 'no ': 'no', 'Y': 'yes'}
    >>> label_keys(["Churned", "churned", "n/a"])
    {'Churned': 'churned', 'churned': 'churned', 'n/a': ''}
    """
    keys = {text: "" if text.strip() in MISSING_CATEGORIES else canonical(text).casefold() for text in values}
    if all(key in _LABEL_TEXT for key in keys.values() if key):
        return {text: key and ("yes" if _LABEL_TEXT[key] else "no") for text, key in keys.items()}
    return keys


def read_groups(column: pa.ChunkedArray, name: str) -> tuple[pa.Array, list[Violation]]:
    """The groups as text, and a violation for the rows without one."""
    import pyarrow.compute as pc

    groups = id_keys(id_texts(column))
    empty = pc.fill_null(pc.equal(groups, ""), True).to_numpy(zero_copy_only=False)
    return groups, [Violation(np.flatnonzero(empty), name, "the group that the row belongs to")] if empty.any() else []


def unexpected_labels(column: pa.ChunkedArray, positive: str = "") -> str:
    """The first values that are neither 0 nor 1 nor missing, for an error; empty where there are none.

    With a `positive` value any other will do, but some row must have it.
    """
    import pyarrow.compute as pc

    if positive:
        known = positive_codes(column, positive)
        return "" if pc.max(known).as_py() == 1 else f"{positive!r} in no row"

    unexpected = column.filter(pc.and_(pc.is_null(_label_codes(column)), pc.invert(_blank(column))))
    values = sorted(map(str, unexpected.unique().to_pylist()))
    return ", ".join(map(repr, values[:5])) + (", ..." if len(values) > 5 else "") if values else ""


def _label_codes(column: pa.ChunkedArray) -> pa.Array:
    import pyarrow.compute as pc

    # NaN is what pandas writes for a missing label; as text it would be reported as an unexpected value.
    if pa.types.is_floating(column.type) or pa.types.is_decimal(column.type):
        column = column.cast(pa.float64(), safe=False)
        column = pc.if_else(pc.is_nan(column), pa.scalar(None, pa.float64()), column)
    texts = one_array(column.cast(pa.string()))
    distinct = texts.unique()
    codes = [None if text is None else _LABEL_TEXT.get(canonical(text).lower()) for text in distinct.to_pylist()]
    return pa.array(codes, pa.int8()).take(pc.index_in(texts, value_set=distinct))


def _blank(column: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow.compute as pc

    null = pc.is_null(column, nan_is_null=pa.types.is_floating(column.type))
    if not is_text(column.type):
        return null
    texts = pc.utf8_trim_whitespace(column.cast(pa.string()))
    return pc.or_(null, pc.is_in(texts, value_set=pa.array(MISSING_NUMBERS)))
