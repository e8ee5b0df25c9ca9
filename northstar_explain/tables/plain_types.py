"""Columns of any type as one of the few that the contract's check reads: text, booleans, whole numbers, floats.

A dictionary may hold any type, and so may an extension; databases give decimals, UUIDs and dates. Only the columns
that somebody needs are converted: what is not used can break no run.
"""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

_UUID_BYTES = 16


def with_plain_types(table: pa.Table, names: Iterable[str]) -> pa.Table:
    """The table with some of its columns converted; a type that is none of values stays as it is.

    Parameters
    ----------
    table : pyarrow.Table
    names : iterable of str
        Columns to convert; those that are not there, or twice, are left out.

    Returns
    -------
    pyarrow.Table
    """
    for name in names:
        places = table.schema.get_all_field_indices(name)
        if len(places) != 1 or _is_plain(table.schema.field(places[0]).type):
            continue
        chunks = [_plain(chunk) for chunk in table.column(places[0]).chunks]
        # For its type, which a column without chunks does not show.
        empty = _plain(pa.array([], table.schema.field(places[0]).type))
        table = table.set_column(places[0], name, pa.chunked_array(chunks, empty.type))
    return table


def _is_plain(kind: pa.DataType) -> bool:
    types = pa.types
    if types.is_dictionary(kind):
        return bool(types.is_string(kind.value_type) or types.is_large_string(kind.value_type))
    return bool(types.is_string(kind) or types.is_integer(kind) or types.is_boolean(kind) or types.is_null(kind)
                or types.is_float64(kind) or types.is_float32(kind) or types.is_large_string(kind))  # fmt: skip


def _plain(array: pa.Array) -> pa.Array:
    """The same values in a type that is read."""
    kind = array.type
    types = pa.types
    if _is_plain(kind):
        return array
    if types.is_dictionary(kind):
        return _plain(array.dictionary_decode())
    if types.is_run_end_encoded(kind):
        import pyarrow.compute as pc

        return _plain(pc.run_end_decode(array))
    if isinstance(kind, pa.BaseExtensionType):
        if "uuid" in kind.extension_name:
            return _uuids(array.storage)
        return array.cast(pa.bool_()) if kind.extension_name == "arrow.bool8" else _plain(array.storage)
    if types.is_fixed_size_binary(kind) and kind.byte_width == _UUID_BYTES:
        return _uuids(array)
    if types.is_string_view(kind):
        return array.cast(pa.string())
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_binary_view(kind):
        # Viewed, as bytes that are no UTF-8 shall reject their row and nothing else.
        return array.cast(pa.binary()).view(pa.string())
    if types.is_float16(kind):
        return array.cast(pa.float32())
    if types.is_decimal(kind) and not types.is_decimal256(kind):
        return array.cast(pa.decimal128(38, kind.scale)) if kind.bit_width < 128 else array
    return array


def _uuids(bytes16: pa.Array) -> pa.Array:
    """UUIDs as people write them."""
    texts = [None if value is None else value.hex() for value in bytes16.to_pylist()]
    spelled = [t and f"{t[:8]}-{t[8:12]}-{t[12:16]}-{t[16:20]}-{t[20:]}" for t in texts]
    return pa.array(spelled, pa.string())
