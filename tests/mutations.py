"""Tables, files and contracts with something wrong: what scoring and training must refuse, reject or survive.

Every function takes a generator, so that a seed names a case. A mutated table keeps the places of its rows and says
which of them it touched: the score of every other row must stay as it was.
"""

from __future__ import annotations

import decimal
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from northstar_explain.contract import Contract

TEXTS = (
    "", " ", "\x00", "a\x00b", "\ufeff", "\u202e", "e\u0301", "\u00e9", "\U0001f600", "\ud7ff", "=1+1", '"', "'", "\n", "\r\n", ",",
    "NA", "NaN", "nan", "null", "None", "-", "inf", "-inf", "1e999", "1_000", "0x10", "1,5", "\u0663", "true", "1.0", "x" * 70_000,
)  # fmt: skip
NUMBERS = (
    np.nan, np.inf, -np.inf, 0.0, -0.0, 5e-324, -5e-324, 1e308, -1e308, 2.0**53, 2.0**53 + 2, 2.0**63, -(2.0**63), 0.1, -1.0,
)  # fmt: skip
WHOLE = (0, -1, 2**31 - 1, -(2**31), 2**53 + 1, 2**63 - 1, -(2**63))


class Mutated(NamedTuple):
    """A table with something wrong, and the places of the rows whose score may differ."""

    table: pa.Table
    touched: frozenset[int]


def flip_bytes(data: bytes, rng: np.random.Generator, n: int) -> bytes:
    """The same bytes with `n` of them, at random places, replaced by others."""
    changed = np.frombuffer(data, dtype=np.uint8).copy()
    places = rng.choice(len(changed), size=min(n, len(changed)), replace=False)
    changed[places] ^= rng.integers(1, 256, len(places), dtype=np.uint8)
    return changed.tobytes()


def mutate_table(table: pa.Table, contract: Contract, rng: np.random.Generator) -> Mutated:
    """A table with one to three mutations, of cells, of whole columns or of columns that nobody asked for."""
    touched: frozenset[int] = frozenset()
    for _ in range(rng.integers(1, 4)):
        mutation = _MUTATIONS[rng.integers(len(_MUTATIONS))]
        table, more = mutation(table, contract, rng)
        touched |= more
    if rng.random() < 0.2:  # last, as nothing reads such a text any more
        table, more = _broken_text(table, rng)
        touched |= more
    return Mutated(table, touched)


def mutate_contract(text: str, rng: np.random.Generator) -> bytes:
    """A contract file with one to three lines or bytes changed; often no TOML any more, or no UTF-8."""
    lines = text.splitlines()
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        lines = _LINES[rng.integers(len(_LINES))](lines, rng)
    data = "\n".join(lines).encode("utf-8", "surrogatepass")
    return flip_bytes(data, rng, int(rng.integers(1, 5))) if data and rng.random() < 0.2 else data


def invalid_utf8(texts: pa.Array, row: int, byte: int = 0xFF) -> pa.Array:
    """The texts with the first byte of one of them replaced by one that no UTF-8 holds.

    The array's buffers stay whole: only reading it as text fails.
    """
    texts = pa.concat_arrays([texts])  # without an offset
    known, ends, data = texts.buffers()
    wide = np.int64 if pa.types.is_large_string(texts.type) else np.int32
    start, end = np.frombuffer(ends, dtype=wide)[row : row + 2].tolist()
    assert end > start, f"row {row} has no text"
    changed = bytearray(data.to_pybytes())
    changed[start] = byte
    return pa.Array.from_buffers(texts.type, len(texts), [known, ends, pa.py_buffer(bytes(changed))])


def _needed(contract: Contract) -> list[str]:
    return [contract.id, *(feature.name for feature in contract.features)]


def _replaced(table: pa.Table, name: str, column: pa.Array | pa.ChunkedArray) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, column)


def _some(table: pa.Table, rng: np.random.Generator) -> list[int]:
    if not table.num_rows:
        return []
    count = min(int(rng.integers(1, 6)), table.num_rows)
    return sorted(int(row) for row in rng.choice(table.num_rows, count, replace=False))


def _column(table: pa.Table, contract: Contract, rng: np.random.Generator) -> str | None:
    """A column that the contract needs, of those that still are there once."""
    names = [name for name in _needed(contract) if table.column_names.count(name) == 1]
    return names[rng.integers(len(names))] if names else None


def _cells(table: pa.Table, contract: Contract, rng: np.random.Generator) -> Mutated:
    """Some cells become extreme, missing, or odd text, as far as the type of the column allows."""
    name, rows = _column(table, contract, rng), _some(table, rng)
    if name is None or not rows:
        return Mutated(table, frozenset())
    kind = table[name].type
    values = table[name].to_pylist()
    for row in rows:
        values[row] = _odd(kind, rng)
    try:
        column = pa.array(values, kind)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, pa.ArrowNotImplementedError):
        column = pa.array([None if row in rows else value for row, value in enumerate(values)], kind)
    # Two rows with one new id reject each other, and any row that had it before.
    odd = {values[row] for row in rows} if name == contract.id else set()
    return Mutated(
        _replaced(table, name, column), frozenset(rows) | {at for at, value in enumerate(values) if value in odd}
    )


def _odd(kind: pa.DataType, rng: np.random.Generator) -> Any:
    if rng.random() < 0.15:
        return None
    if pa.types.is_floating(kind):
        return float(NUMBERS[rng.integers(len(NUMBERS))])
    if pa.types.is_integer(kind):
        return WHOLE[rng.integers(len(WHOLE))]
    if pa.types.is_boolean(kind):
        return bool(rng.integers(2))
    return TEXTS[rng.integers(len(TEXTS))]


def _twins(table: pa.Table, contract: Contract, rng: np.random.Generator) -> Mutated:
    """Some rows come again at the end."""
    rows = _some(table, rng)
    if table.column_names.count(contract.id) != 1:
        return Mutated(table, frozenset())
    values = table[contract.id].to_pylist()
    ids = {values[row] for row in rows}
    twice = frozenset(at for at, value in enumerate(values) if value in ids)
    # By slices, as Arrow takes rows from not every type.
    more = pa.concat_tables([table, *(table.slice(row, 1) for row in rows)])
    return Mutated(more, twice | frozenset(range(table.num_rows, more.num_rows)))


def _broken_text(table: pa.Table, rng: np.random.Generator) -> Mutated:
    """A text of a column of texts is no UTF-8 any more."""
    names = table.column_names
    found = [field.name for field in table.schema if pa.types.is_string(field.type) and names.count(field.name) == 1]
    if not found or not table.num_rows:
        return Mutated(table, frozenset())
    name = found[rng.integers(len(found))]
    texts = pa.concat_arrays(table[name].chunks)
    row = int(rng.integers(table.num_rows))
    if not _size(texts, row):
        return Mutated(table, frozenset())
    return Mutated(_replaced(table, name, invalid_utf8(texts, row)), frozenset([row]))


def _size(texts: pa.Array, row: int) -> int:
    ends = np.frombuffer(texts.buffers()[1], dtype=np.int32)[texts.offset :]
    return int(ends[row + 1] - ends[row])


def _retyped(table: pa.Table, contract: Contract, rng: np.random.Generator) -> Mutated:
    """A column as another type with the same values, where Arrow can; the table may then be refused as a whole."""
    name = _column(table, contract, rng)
    if name is None:
        return Mutated(table, frozenset())
    kinds: list[pa.DataType] = [
        pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string()), pa.binary(), pa.float64(),
        pa.float32(), pa.int64(), pa.uint64(), pa.decimal128(38, 10), pa.decimal256(60, 10), pa.bool_(),
        pa.timestamp("us"), pa.large_binary(),
    ]  # fmt: skip
    try:
        column = table[name].cast(kinds[rng.integers(len(kinds))])
        exact = column.cast(table[name].type).equals(table[name]) and not pa.types.is_float32(column.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError):
        return Mutated(table, frozenset())
    # A value that another type spells otherwise is another value: nothing is claimed of such a column.
    touched = frozenset() if exact and not _spelt_otherwise(column.type) else frozenset(range(table.num_rows))
    return Mutated(_replaced(table, name, column), touched)


def _spelt_otherwise(kind: pa.DataType) -> bool:
    return bool(pa.types.is_boolean(kind) or pa.types.is_decimal(kind) or pa.types.is_timestamp(kind))


def _wrong(table: pa.Table, contract: Contract, rng: np.random.Generator) -> Mutated:
    """A needed column holds something else altogether, is missing, or is there twice."""
    name = _column(table, contract, rng)
    if name is None:
        return Mutated(table, frozenset())
    everything = frozenset(range(table.num_rows))
    choice = rng.integers(4)
    if choice == 0:
        return Mutated(table.drop_columns([name]), everything)
    if choice == 1:
        return Mutated(table.append_column(name, table[name]), everything)
    if choice == 2:
        return Mutated(_replaced(table, name, pa.nulls(table.num_rows)), everything)
    return Mutated(_replaced(table, name, _strange(table.num_rows, rng)), everything)


def _extra(table: pa.Table, contract: Contract, rng: np.random.Generator) -> Mutated:
    """A column of a strange type or name that the contract does not know."""
    names = ["note", "row", "reasons", "file", "", " ", "x.y", "a\x00b", "\U0001f600", "x" * 5_000]
    name = names[rng.integers(len(names))]
    return Mutated(table.append_column(name, _strange(table.num_rows, rng)), frozenset())


def _strange(rows: int, rng: np.random.Generator) -> pa.Array:
    makers: list[Callable[[], pa.Array]] = [
        lambda: pa.array([[{"k": "a"}]] * rows, pa.list_(pa.struct([("k", pa.string())]))),
        lambda: pa.array([(1, 2, 3)] * rows, pa.month_day_nano_interval()),
        lambda: pa.array([b"\xff\x00"] * rows, pa.binary()),
        lambda: pa.array([b"\xff\x00"] * rows, pa.binary_view()),
        lambda: pa.array([[("a", 1)]] * rows, pa.map_(pa.string(), pa.int64())),
        lambda: pa.array([decimal.Decimal("1.50")] * rows, pa.decimal256(70, 30)),
        lambda: pa.array(["v"] * rows, pa.string_view()),
        lambda: pa.array(["v"] * rows).dictionary_encode(),
        lambda: pa.array([[1, 2]] * rows, pa.list_(pa.int8(), 2)),
        lambda: pa.array([[1, 2]] * rows, pa.list_view(pa.int8())),
        lambda: pa.array([10**15] * rows, pa.timestamp("us", "Europe/Berlin")),
        lambda: pa.array([1] * rows, pa.duration("ns")),
        lambda: pa.RunEndEncodedArray.from_arrays([rows], ["x"]) if rows else pa.nulls(0),
        lambda: pa.UnionArray.from_sparse(pa.array([0] * rows, pa.int8()), [pa.array([1] * rows, pa.int64())]),
        lambda: pa.nulls(rows),
        lambda: pa.array(["text"] * rows),
    ]
    return makers[rng.integers(len(makers))]()


def _chunks(table: pa.Table, contract: Contract, rng: np.random.Generator) -> Mutated:
    """The same rows in pieces, some of them empty; or no rows at all."""
    if rng.random() < 0.1:
        return Mutated(table.slice(0, 0), frozenset(range(table.num_rows)))
    at = int(rng.integers(0, table.num_rows + 1))
    return Mutated(pa.concat_tables([table.slice(0, at), table.slice(0, 0), table.slice(at)]), frozenset())


def _order(table: pa.Table, contract: Contract, rng: np.random.Generator) -> Mutated:
    """The columns in another order."""
    return Mutated(table.select([int(at) for at in rng.permutation(table.num_columns)]), frozenset())


_MUTATIONS: list[Callable[[pa.Table, Contract, np.random.Generator], Mutated]] = [
    _cells, _cells, _cells, _cells, _twins, _retyped, _wrong, _extra, _extra, _chunks, _order,
]  # fmt: skip


def _without(lines: list[str], rng: np.random.Generator) -> list[str]:
    at = int(rng.integers(len(lines))) if lines else 0
    return lines[:at] + lines[at + 1 :]


def _doubled(lines: list[str], rng: np.random.Generator) -> list[str]:
    at = int(rng.integers(len(lines))) if lines else 0
    return lines[: at + 1] + lines[at:]


def _moved(lines: list[str], rng: np.random.Generator) -> list[str]:
    return [lines[int(at)] for at in np.argsort(np.arange(len(lines)) + rng.choice([0, 3], len(lines)))]


def _other_value(lines: list[str], rng: np.random.Generator) -> list[str]:
    """A key gets a value of any kind."""
    keyed = [at for at, line in enumerate(lines) if "=" in line]
    if not keyed:
        return lines
    values = [
        '""', "[]", "{}", "0", "-1", "1e999", "nan", "inf", "true", '"x"', "[1, [2]]", '["a", 1]', '"\\u0000"', '"\\U0001F600"',
        "1979-05-27", '"{lower} {upper} {}"', '"{"', '"count"', '"category"', '"ordered"', "9" * 400, "9" * 5_000, "[" * 2_000, '["a", "a"]', '"%s"', "[[]]",
    ]  # fmt: skip
    at = keyed[rng.integers(len(keyed))]
    key = lines[at].split("=")[0]
    return [*lines[:at], f"{key}= {values[rng.integers(len(values))]}", *lines[at + 1 :]]


def _renamed(lines: list[str], rng: np.random.Generator) -> list[str]:
    heads = [at for at, line in enumerate(lines) if line.startswith("[")]
    if not heads:
        return lines
    names = [
        "[table]",
        "[features]",
        "[features.x]",
        '[features.""]',
        "[[features]]",
        "[groups]",
        '[features."a.b"]',
        "[x",
        "[x]",
    ]
    at = heads[rng.integers(len(heads))]
    return [*lines[:at], names[rng.integers(len(names))], *lines[at + 1 :]]


_LINES: list[Callable[[list[str], np.random.Generator], list[str]]] = [
    _without, _without, _doubled, _moved, _other_value, _other_value, _other_value, _renamed,
]  # fmt: skip
