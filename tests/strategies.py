"""Trees of conditions, and rows on and beside what they ask, for properties that hold whatever the tree."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from northstar_explain.contract import Category, parse
from northstar_explain.contract.columns import Columns
from northstar_explain.contract.conditions import CategoryCondition, Condition, MissingCondition, NumberCondition
from northstar_explain.model.rules import Leaf, Node, Split

CONTRACT = parse("""
[table]
id = "id"
label = "y"
[features.n]
kind = "amount"
words = "n"
missing = "unknown"
[features.m]
kind = "count"
words = "m"
[features.c]
kind = "category"
words = "c"
missing = "unknown"
[features.d]
kind = "category"
words = "d"
""")
CUTS = [-1.5, 0.0, 0.1, 1.0, 3.0, 100.0]
VALUES = ("red", "green", "blue", "")
# On each cut, one float to either side, far away, and negative zero.
NUMBERS = [x for cut in CUTS for x in (np.nextafter(cut, -math.inf), cut, np.nextafter(cut, math.inf))]
NUMBERS += [-0.0, -1e300, 1e300]
CODES = [0, 1, 2, 3, 4]  # the last is a value that no condition asks about


def may_miss(feature: str) -> bool:
    return CONTRACT[feature].missing is not None


@st.composite
def conditions(draw: st.DrawFn, feature: str | None = None) -> Condition:
    """A question that a tree may ask: one bound, some values, missing, or known."""
    feature = feature or draw(st.sampled_from("nmcd"))
    missing = may_miss(feature) and draw(st.booleans())
    kind = draw(st.sampled_from(["value", "value", "value", "missing", "known"])) if may_miss(feature) else "value"
    if kind == "missing":
        return MissingCondition(feature)
    if kind == "known":
        return NumberCondition(feature)
    if feature in "nm":
        bound, lower = draw(st.sampled_from(CUTS)), draw(st.booleans())
        return NumberCondition(feature, bound if lower else None, None if lower else bound, missing)
    values = tuple(draw(st.lists(st.sampled_from(VALUES), min_size=1, max_size=3, unique=True)))
    return CategoryCondition(feature, values, draw(st.booleans()), missing)


@st.composite
def trees(draw: st.DrawFn, depth: int = 4) -> Node:
    if depth == 0 or draw(st.integers(0, 4)) == 0:
        return Leaf(draw(st.sampled_from(["S1", "S2", "S3", "S10"])))
    return Split(draw(conditions()), draw(trees(depth - 1)), draw(trees(depth - 1)))


@st.composite
def tables(draw: st.DrawFn) -> Columns:
    n = draw(st.integers(1, 30))

    def several(values: Sequence[float]) -> list[float]:
        return draw(st.lists(st.sampled_from(values), min_size=n, max_size=n))

    return {
        "n": np.array(several([*NUMBERS, math.nan])),
        "m": np.array(several(NUMBERS)),
        "c": Category(np.array(several([*CODES, -1]), dtype=np.int32), (*VALUES, "unheard of")),
        "d": Category(np.array(several(CODES), dtype=np.int32), (*VALUES, "unheard of")),
    }
