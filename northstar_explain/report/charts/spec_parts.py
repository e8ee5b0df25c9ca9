"""Parts that several charts share: colours, axes of points, labels of places on an axis."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from northstar_explain.report.audit.shapes.plot_axis import nice_values
from northstar_explain.report.document.charts import printable
from northstar_explain.report.document.palette import LINE

CURVE, BAND, COUNT, ACTUAL, WASH = LINE, "#b9d3e6", "#9aa3ac", "#9a4a00", "#e9ebee"
REFITS, LATER = "#6b4a9e", "#2f7d4f"
SIGNED = {2: "+.1f", 0.12: "+.2f", 0: "+.3f"}  # least span of points: how they are written

Spec = dict[str, Any]


def places(labels: Sequence[str]) -> str:
    """The expression of an axis whose values are places, 0 to n - 1, and whose labels are these.

    Places rather than the labels themselves, as two labels may be alike once they are shortened.
    """
    return f"{_texts(labels)}[datum.value]"


def _texts(labels: Sequence[str]) -> str:
    # JSON hides characters behind escapes, so that what a picture cannot hold goes first.
    return json.dumps(printable(list(labels)))


def at(values: Sequence[float], labels: Sequence[str]) -> Spec:
    """The ticks of an axis: values and their labels."""
    texts = f"{_texts(labels)}[indexof({json.dumps(list(values))}, datum.value)]"
    return {"values": list(values), "labelExpr": texts}


def points_axis(scale: tuple[float, float], about: int = 6) -> Spec:
    """The axis of a scale of points."""
    format = next(text for least, text in SIGNED.items() if scale[1] - scale[0] >= least)
    # Zero is no gain and no loss, and has no sign.
    label = f"datum.value == 0 ? '0' : format(datum.value, '{format}')"
    return {
        "values": nice_values(*scale, about),
        "labelExpr": label,
        "title": None,
        "domain": False,
        "ticks": False,
        "grid": True,
    }


def domain(scale: tuple[float, float]) -> Spec:
    """A scale that ends where it is told to."""
    return {"domain": list(scale), "nice": False, "zero": False}


def short(value: float) -> float:
    """A number to as many digits as a picture shows."""
    return float(f"{value:.5g}")
