"""Spellings of categories: whatever a model knows, SQL and Python make the same of a text."""

from __future__ import annotations

import pyarrow as pa
from engines import run_duckdb, run_sqlite
from hypothesis import given, settings
from hypothesis import strategies as st

from northstar_explain.contract.columns import category_of
from northstar_explain.contract.missing_marks import MISSING_CATEGORIES
from northstar_explain.contract.spelling import NO, YES, canonical, respelled
from northstar_explain.export.sql.category_sql import category
from northstar_explain.export.sql.sql_names import column

NUMBERS = ("1", "0", "-0", "3", "10", "-10", "300000", "12345678", "-5000000", "100000000000000", "999999999999999")
WRITTEN = ("1.0", "0.0", "3e5", "-5.0E+06", "1.2345678e07", "1e14", "007", "1.50", "1e16", "1e300")
WORDS = ("red", "Red", "É", "it's", "a.", "a", ".", "0.", "e5", "NULL", "nan", "?", "T", "Y")
ATOMS = (*YES, *NO, *NUMBERS, *WRITTEN, *WORDS)
YES_AND_NO = st.tuples(st.sampled_from(YES), st.sampled_from(NO)).map(list)


def written(pool: list[str]) -> st.SearchStrategy[str]:
    """Texts of the pool in other spellings."""
    return st.builds(
        lambda before, text, change, after: before + change(text) + after,
        st.sampled_from(["", "", "", " "]),
        st.sampled_from(pool),
        st.sampled_from([str, str, str.upper, str.title]),
        st.sampled_from(["", "", "", ".", ".0", ".00", "0", "  "]),
    )


@st.composite
def spellings(draw: st.DrawFn) -> tuple[list[str], list[str], list[str | None]]:
    """What a model knows, what else it asks about, and cells that spell these and a few others."""
    pool = draw(st.lists(st.sampled_from(ATOMS), min_size=1, max_size=4))
    texts = written(pool)
    # Training leaves one spelling of each value.
    known = draw(YES_AND_NO | st.lists(st.sampled_from(pool) | texts, unique_by=canonical, min_size=1, max_size=4))
    pool += known
    for text in known:
        if text.isdecimal() and 5 < len(text) < 16:
            # One form of the digits, as the guide says: no zeros at their end.
            digits = f"{text[0]}.{text[1:].rstrip('0') or '0'}"
            pool += [f"{digits}e{len(text) - 1}", f"{digits}E+{len(text) - 1:02}"]
    pool += draw(st.lists(st.sampled_from([*YES, *NO]), max_size=3))
    pool += ["-0"] if "0" in known else []
    # Drawn from the pool as it is now.
    texts = written(pool)
    named = draw(st.lists(texts, max_size=2))
    return known, named, draw(st.lists(texts | st.none(), min_size=1, max_size=40))


@settings(max_examples=400)
@given(spellings())
def test_sql_spells_as_python_does(drawn: tuple[list[str], list[str], list[str | None]]) -> None:
    known, named, cells = drawn
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
