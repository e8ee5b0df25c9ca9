"""One customer worked out by hand: value, bin and points of every term, their sum, and the way to the segment."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from northstar_explain.contract.categories import Category
from northstar_explain.contract.columns import Columns, columns_of
from northstar_explain.model.golden_scores import EXPECTED
from northstar_explain.model.learned_model import Model
from northstar_explain.model.ranks import Percentiles, decile
from northstar_explain.model.rules import Leaf, Node
from northstar_explain.model.scorecard import Term
from northstar_explain.model.wording import capital, phrases
from northstar_explain.report.audit.shapes.bin_labels import bin_label, shortened, value_label
from northstar_explain.report.document.blocks import Block, Chapter, ChapterBuilder, Facts, ItemList, table
from northstar_explain.report.document.numbers import signed

_ORDINARY = 100  # golden rows that are ordinary customers; edge cases would be odd to begin with
_DIGITS = 6


def by_hand(model: Model) -> Chapter:
    """The arithmetic of one score, to be followed with a pocket calculator."""
    page = ChapterBuilder()
    row = _middle(model)
    columns = columns_of(model.golden.slice(row, 1), model.contract.features)
    page.paragraphs(
        f"Golden row {row + 1}, an ordinary one of median probability (tables/golden.csv.gz). Each term gives the "
        f"points of the bin that the value falls in; every bin is in tables/scorecard.csv.gz, every cell of a pair in "
        "tables/pairs.csv.gz. A value on a cut belongs to the bin above.",
        style="lead",
    )
    page.add(_terms(model, columns))
    page.section("The sum", Facts(tuple(_sum(model, columns))))
    segment = model.golden[EXPECTED[0]][row].as_py()
    steps = tuple(_way(model.segmentation.tree, columns, model))
    page.section("The segment", ItemList((*steps, f"Therefore {segment}, {_name(model, segment)}."), ordered=True))
    return page.chapter("by-hand", "One row worked out by hand", flows=True)


def _middle(model: Model) -> int:
    probability = model.golden[EXPECTED[1]].to_numpy()[:_ORDINARY]
    # A stable sort, so that equal probabilities give the same page on every machine.
    return int(np.argsort(probability, kind="stable")[len(probability) // 2])


def _name(model: Model, id: str) -> str:
    return next(one.name for one in model.segmentation.segments if one.id == id)


def _terms(model: Model, columns: Columns) -> Block:
    ranks = {one.term: place for place, one in enumerate(model.evaluation.purchase.terms, start=1)}
    rows = [
        (
            f"A{ranks[term.name]}", " with ".join(shortened(model.contract[name].words, 60) for name in term.features),
            " and ".join(_value(model, columns, name) for name in term.features),
            " and ".join(bins), signed(points, _DIGITS),
        )
        for term in sorted(model.scorecard.terms, key=lambda term: ranks[term.name])
        for bins, points in [_bin(term, columns, model)]
    ]  # fmt: skip
    heads, widths = ("Page", "Term", "Value", "Bin", "Points"), (6, 38, 20, 24, 12)
    return table(heads, rows, words=4, widths=widths, style="bins", alt_text="Points of every term")


def _bin(term: Term, columns: Columns, model: Model) -> tuple[list[str], float]:
    places = [int(axis.index(columns[axis.feature])[0]) for axis in term.axes]
    labels = [shortened(bin_label(axis, at, model.contract), 30) for axis, at in zip(term.axes, places, strict=True)]
    return labels, float(term.points[tuple(places)])


def _value(model: Model, columns: Columns, name: str) -> str:
    column = columns[name]
    if isinstance(column, Category):
        code = int(column.codes[0])
        return "missing" if code < 0 else shortened(column.values[code], 30)
    value = float(column[0])
    return "missing" if np.isnan(value) else value_label(model.contract[name], value, model.contract.currency)


def _sum(model: Model, columns: Columns) -> Iterator[tuple[str, str]]:
    intercept = model.purchase.intercept
    points = model.scorecard.contributions(columns)[1]
    logit, probability = float(model.scorecard.logit(points)[0]), model.scorecard.probability(columns)
    percentile = Percentiles(model.purchase.percentiles)(probability)
    yield "Intercept", f"{signed(intercept, _DIGITS)} (model/purchase.json)"
    yield f"Points of the {len(points)} terms", signed(float(points.sum()), _DIGITS)
    yield "Log-odds, their sum", signed(logit, _DIGITS)
    yield "Probability", f"1 / (1 + exp(-log-odds)) = {float(probability[0]):.{_DIGITS}f}"
    yield "Decile", f"{int(decile(percentile)[0])}: percentile {float(percentile[0]):.1f} of the training rows"
    for name, threshold in model.purchase.flags.items():
        flagged = "" if probability[0] >= threshold else "not "
        yield f"Flag {name}", f"{flagged}flagged: the threshold is {threshold:.{_DIGITS}f}"


def _way(node: Node, columns: Columns, model: Model) -> Iterator[str]:
    """The conditions that lead to the segment, each with the customer's value and the answer."""
    while not isinstance(node, Leaf):
        test = node.test
        fits = bool(test.matches(columns[test.feature])[0])  # type: ignore[arg-type]
        asked = capital(" and ".join(phrases(test, model.contract)))
        yield f"{asked}: {'yes' if fits else 'no'} ({_value(model, columns, test.feature)})."
        node = node.yes if fits else node.no
