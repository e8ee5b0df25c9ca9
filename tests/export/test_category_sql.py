"""Spellings of categories: whatever a model knows, SQL and Python make the same of a text."""

from __future__ import annotations

import pyarrow as pa
from engines import run_duckdb, run_sqlite
from hypothesis import given, settings
from hypothesis import strategies as st

from northstar_explain.contract.columns import category_of
from northstar_explain.contract.missing_marks import MISSING_CATEGORIES
from northstar_explain.contract.spelling import NO, YES, respelled
from northstar_explain.export.sql.category_sql import category
from northstar_explain.export.sql.identifiers import column

NUMBERS = ("1", "0", "-0", "3", "10", "-10", "300000", "12345678", "-5000000", "100000000000000", "999999999999999")
WRITTEN = ("1.0", "0.0", "3e5", "-5.0E+06", "1.2345678e07", "1e14", "007", "1.50", "1e16", "1e300")
WORDS = ("red", "Red", "É", "it's", "a.", "a", ".", "0.", "e5", "NULL", "nan", "?", "T", "Y")
ATOMS = (*YES, *NO, *NUMBERS, *WRITTEN, *WORDS)
texts = st.builds(
    lambda before, text, change, after: before + change(text) + after,
    st.sampled_from(["", "", "", " "]),
    st.sampled_from(ATOMS),
    st.sampled_from([str, str, str.upper, str.title]),
    st.sampled_from(["", "", "", ".", ".0", ".00", "0", "  "]),
)
several = st.lists(texts, unique=True, min_size=1, max_size=4)
yes_and_no = st.tuples(st.sampled_from(YES), st.sampled_from(NO)).map(list)


@settings(max_examples=300)
@given(st.one_of(several, yes_and_no), several, st.lists(st.one_of(texts, st.none()), min_size=1, max_size=40))
def test_sql_spells_as_python_does(known: list[str], named: list[str], cells: list[str | None]) -> None:
    asked = [*known, *named]
    table = pa.table({"id": range(len(cells)), "c": pa.array(cells, pa.string())})
    read = respelled(category_of(table["c"].combine_chunks()), MISSING_CATEGORIES, known)
    expected = [([*read.values, None])[code] for code in read.codes]
    for name, run in (("duckdb", run_duckdb), ("sqlite", run_sqlite)):
        value = category(column("t", "c"), asked, known, MISSING_CATEGORIES)
        found = run(f'SELECT {value.sql(name)} AS c FROM t ORDER BY "id"', {"t": table})["c"].to_pylist()
        for cell, mine, theirs in zip(cells, expected, found, strict=True):
            # What the model does not name is unseen, however it is spelled.
            assert theirs == mine or {mine, theirs}.isdisjoint([*asked, None]), (cell, mine, theirs)
