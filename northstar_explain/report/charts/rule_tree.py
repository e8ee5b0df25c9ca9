"""The tree of the rules: a question in each row, and the segment to which the answers lead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from northstar_explain.model.tree import Leaf, Tree
from northstar_explain.report.document.charts import Chart
from northstar_explain.report.document.palette import PAPER, QUIET, RULE

_WIDE, _ROW, _STEP, _PILL = 600, 23, 30, 26


@dataclass(frozen=True)
class _Line:
    """A row of the picture; `parent` is the row of the question that leads here."""

    text: str
    answer: str
    depth: int
    row: int
    parent: int
    segment: str


def rule_tree(tree: Tree[str, str], names: Mapping[str, str], colors: Mapping[str, str]) -> Chart:
    """The tree, indented.

    Parameters
    ----------
    tree : Split or Leaf
        Tests are questions, segments are ids.
    names, colors : mapping of str to str
        Of each segment.

    Returns
    -------
    Chart
    """
    lines = list(_lines(tree, names))
    strokes = [stroke for one in lines if one.answer for stroke in _strokes(one)]
    texts = [{"x": _x(one) + (_STEP if one.answer else 0) + (_PILL + 6 if one.segment else 0), "y": _y(one.row),
              "text": one.text, "weight": 600 if one.segment else 400} for one in lines]  # fmt: skip
    answers = [{"x": _x(one) + 4, "y": _y(one.row), "text": one.answer} for one in lines if one.answer]
    pills = [{"x": _x(one) + (_STEP if one.answer else 0), "y": _y(one.row), "color": colors[one.segment],
              "id": one.segment, "name": one.text} for one in lines if one.segment]  # fmt: skip
    at: dict[str, Any] = {"x": _pixels("x"), "y": _pixels("y")}
    spec = {
        "width": _WIDE,
        "height": _ROW * len(lines),
        "layer": [
            {"data": {"values": strokes}, "mark": {"type": "rule", "color": RULE, "strokeWidth": 1.5},
             "encoding": {**at, "x2": {"field": "x2"}, "y2": {"field": "y2"}}},
            {"data": {"values": pills}, "mark": {"type": "rect", "width": _PILL, "height": 17, "cornerRadius": 3,
                                                 "xOffset": _PILL / 2},
             "encoding": {**at, "color": {"field": "color", "type": "nominal", "scale": None},
                          "tooltip": [{"field": "id", "title": "Segment"}, {"field": "name", "title": "Name"}]}},
            {"data": {"values": pills}, "mark": {"type": "text", "dx": _PILL / 2, "color": PAPER, "fontWeight": 700},
             "encoding": {**at, "text": {"field": "id"}}},
            {"data": {"values": answers}, "mark": {"type": "text", "align": "left", "color": QUIET, "fontWeight": 600},
             "encoding": {**at, "text": {"field": "text"}}},
            *({"data": {"values": [one for one in texts if one["weight"] == weight]},
               "mark": {"type": "text", "align": "left", "fontWeight": weight},
               "encoding": {**at, "text": {"field": "text"}}} for weight in (400, 600)),
        ],
    }  # fmt: skip
    return Chart(spec, f"All rules as one tree. {said(tree)}")


def said(tree: Tree[str, str]) -> str:
    """The tree in one line: each question with what follows from yes and no."""
    if isinstance(tree, Leaf):
        return f"{tree.segment}."
    return f"{tree.test} If yes: {said(tree.yes)} If no: {said(tree.no)}"


def _lines(tree: Tree[str, str], names: Mapping[str, str]) -> Iterator[_Line]:
    row = 0

    def walk(node: Tree[str, str], answer: str, depth: int, parent: int) -> Iterator[_Line]:
        nonlocal row
        here, row = row, row + 1
        if isinstance(node, Leaf):
            yield _Line(names[node.segment], answer, depth, here, parent, node.segment)
            return
        yield _Line(node.test, answer, depth, here, parent, "")
        yield from walk(node.yes, "yes", depth + 1, here)
        yield from walk(node.no, "no", depth + 1, here)

    return walk(tree, "", 0, 0)


def _strokes(one: _Line) -> tuple[dict[str, float], ...]:
    """From below the question's first letter down to this row, and on to the answer."""
    left, top = _x(one) - _STEP / 2, _y(one.parent) + _ROW / 2 - 2
    return (
        {"x": left, "x2": left, "y": top, "y2": _y(one.row)},
        {"x": left, "x2": _x(one), "y": _y(one.row), "y2": _y(one.row)},
    )


def _x(one: _Line) -> float:
    # The root has no answer before it, so that its question begins at the edge.
    return max(0, one.depth - 1) * _STEP + (_STEP * 0.75 if one.depth else 0)


def _y(row: int) -> float:
    return row * _ROW + _ROW / 2


def _pixels(field: str) -> dict[str, Any]:
    return {"field": field, "type": "quantitative", "scale": None, "axis": None}
