"""Scorecards of a few terms, tables that stand on their cuts, and models made of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from engines import model_of
from helpers import around, with_column
from hypothesis import strategies as st
from strategies import CONTRACT, CUTS, NUMBERS, VALUES

from northstar_explain.contract import Contract
from northstar_explain.contract.conditions import NumberCondition
from northstar_explain.model import Model, Scorecard
from northstar_explain.model.rules import Leaf, Split
from northstar_explain.model.scorecard import CategoryBins, NumberBins, Term

TREE = Split(NumberCondition("m", 1.0), Leaf("S1"), Leaf("S2"))
NUMBER = NumberBins("m", np.array([1.0, 2.0]))


def with_card(model: Model, card: Scorecard) -> Model:
    """The model with another card, and two segments."""
    return model_of(model, TREE, CONTRACT, ["high", "low"], card)


def card_of(*axes: tuple[NumberBins | CategoryBins, ...]) -> Scorecard:
    """A card whose every entry has points of its own."""
    shapes = [[axis.count for axis in each] for each in axes]
    points = [np.arange(1.0, 1 + math.prod(shape)).reshape(shape) / 7**i for i, shape in enumerate(shapes)]
    reasons = [tuple(f"{place}" for place in range(p.size)) for p in points]
    terms = (Term(each, p, p, p, said) for each, p, said in zip(axes, points, reasons, strict=True))
    return Scorecard(-2.0, tuple(terms))


def numbered(table: pa.Table, contract: Contract) -> pa.Table:
    """The table with an id of its own for each row."""
    ids = pa.array([f"C{i}" for i in range(table.num_rows)])
    return (
        with_column(table, contract.id, ids)
        if contract.id in table.column_names
        else table.append_column(contract.id, ids)
    )


def hard_values(model: Model) -> dict[str, list[Any]]:
    """For each feature of the model: every cut, the doubles beside it, far out, missing, unseen."""
    hard: dict[str, list[Any]] = {}
    for axis in (axis for term in model.scorecard.terms for axis in term.axes):
        found = hard.setdefault(axis.feature, [])
        found += around(axis.cuts) if isinstance(axis, NumberBins) else [*axis.values, "never seen", "'"]
    for name, found in hard.items():
        feature = model.contract[name]
        if feature.kind.numeric:
            found += [0.0, -0.0, 1e12, -1e12, 1e300, math.inf, -math.inf]
        if feature.missing is not None:
            found += [None, math.nan] if feature.kind.numeric else [None, "", "NULL"]
    return hard


@st.composite
def cards(draw: st.DrawFn) -> Scorecard:
    """Scorecards of a few terms: numbers of few cuts and of many, categories, pairs with cuts of their own."""

    def bins(feature: str) -> NumberBins | CategoryBins:
        if feature in "nm":
            more = [float(x) for x in range(200, 200 + draw(st.sampled_from([0, 1, 30, 90])))]
            chosen = draw(st.lists(st.sampled_from(CUTS), unique=True, max_size=6))
            return NumberBins(feature, np.array(sorted(chosen) + more))
        named = draw(st.lists(st.sampled_from([v for v in VALUES if v]), unique=True, min_size=1))
        return CategoryBins(feature, {value: draw(st.integers(1, i + 1)) for i, value in enumerate(named)})

    alone = [(bins(f),) for f in draw(st.lists(st.sampled_from("nmcd"), unique=True, min_size=1))]
    both = draw(st.lists(st.sampled_from(["nm", "nc", "cd", "md"]), unique=True, max_size=3))
    rng, ties = np.random.default_rng(draw(st.integers(0, 99))), draw(st.booleans())
    terms: list[Term] = []
    for axes in draw(st.permutations([*alone, *((bins(pair[0]), bins(pair[1])) for pair in both)])):
        points = rng.normal(size=[axis.count for axis in axes])
        points = np.round(2 * points) / 2 if ties else points
        reasons = tuple(f"{len(terms)}: {place}" for place in range(points.size))
        theme = draw(st.sampled_from(["", "one", "other"]))
        terms.append(Term(tuple(axes), points, points, points, reasons, theme))
    return Scorecard(draw(st.sampled_from([-1.5, 0.0, 0.1, 3.0])), tuple(terms))


@st.composite
def scored_tables(draw: st.DrawFn) -> pa.Table:
    """Rows on the cuts of such cards and beside them, with NULL, NaN, empty and unseen texts."""
    n = draw(st.integers(1, 20))

    def several(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
        return pa.array(draw(st.lists(st.sampled_from(values), min_size=n, max_size=n)), kind)

    numbers = [*NUMBERS, 200.0, 229.0, float(np.nextafter(230.0, 0)), 289.0, math.inf, -math.inf]
    known = [*(v for v in VALUES if v), "unheard of"]
    return pa.table({
        "id": pa.array(range(n)),
        "n": several([*numbers, math.nan, None], pa.float64()),
        "m": several(numbers, pa.float64()),
        "c": several([*known, "", None], pa.string()),
        "d": several(known, pa.string()),
    })  # fmt: skip
