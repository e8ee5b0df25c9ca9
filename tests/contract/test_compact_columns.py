"""Compact columns are decoded to the same bits, and take less memory."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from northstar_explain.contract import columns_of, northstar
from northstar_explain.contract.categories import Category
from northstar_explain.contract.columns import Columns, rows_of
from northstar_explain.contract.compact_columns import CompactColumns, compact_rows

OTHER_NAN = np.array([0x7FF8000000000001], dtype=np.uint64).view(np.float64)[0]
NUMBERS = st.one_of(
    st.sampled_from([0.0, -0.0, np.nan, OTHER_NAN, np.inf, -np.inf, 5e-324]), st.floats(), st.integers(0, 3).map(float)
)


def assert_same(found: Columns, wanted: Columns) -> None:
    assert list(found) == list(wanted)
    for name, column in wanted.items():
        other = found[name]
        if isinstance(column, Category):
            assert isinstance(other, Category) and other.values == column.values
            assert other.codes.dtype == column.codes.dtype
            np.testing.assert_array_equal(other.codes, column.codes)
        else:
            assert isinstance(other, np.ndarray) and other.dtype == np.float64
            np.testing.assert_array_equal(other.view(np.int64), column.view(np.int64))


@given(st.lists(NUMBERS, max_size=30), st.integers(0, 5), st.data())
def test_every_bit_comes_back_as_it_was(values: list[float], distinct: int, data: st.DataObject) -> None:
    numbers = np.tile(np.array(values, dtype=np.float64), 20)  # repeated, as values that do not repeat stay as they are
    codes = np.array(data.draw(st.lists(st.integers(-1, distinct - 1), min_size=len(numbers), max_size=len(numbers))))
    columns: Columns = {"n": numbers, "c": Category(codes.astype(np.int32), tuple("abcde"[:distinct]))}
    compact = CompactColumns(columns)
    assert_same(compact, columns)
    rows = np.arange(len(numbers))[::3]
    for some in (rows, rows[:0], numbers > 1):
        wanted = rows_of(columns, some)
        assert_same(compact.take(some), wanted)
        assert_same(compact_rows(compact, some), wanted)
        assert_same(compact_rows(columns, some), wanted)
        assert_same(rows_of(compact, some), wanted)


@pytest.mark.parametrize("distinct", [1, 127, 128, 129, 255, 256, 257, 65_535, 65_536, 65_537])
def test_the_last_value_that_a_code_has_room_for(distinct: int) -> None:
    codes = np.arange(-1, 4 * distinct, dtype=np.int32) % distinct
    some_missing = np.where(np.arange(len(codes)) % 7, codes, -1).astype(np.int32)
    columns: Columns = {"n": codes * 0.1, "c": Category(some_missing, tuple(map(str, range(distinct))))}
    assert_same(CompactColumns(columns), columns)


def test_customers_take_a_third_of_the_memory_and_what_never_repeats_no_more(customers: pa.Table) -> None:
    columns = columns_of(customers, northstar().features)
    size = sum(one.codes.nbytes if isinstance(one, Category) else one.nbytes for one in columns.values())
    assert CompactColumns(columns).nbytes < size / 3
    all_different: Columns = {"n": np.random.default_rng(0).normal(size=1_000)}
    assert CompactColumns(all_different)["n"] is all_different["n"]
