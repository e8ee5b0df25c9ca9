"""The charts of the audit page: each term on a scale of its own, and on one that all terms of its sort share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from northstar_explain.model.learned_model import Model
from northstar_explain.report.audit.shapes.feature_shapes import FeatureShape
from northstar_explain.report.audit.shapes.pair_shapes import PairShape, strongest_colour
from northstar_explain.report.audit.shapes.point_ranges import common_range, own_range
from northstar_explain.report.charts.pair_map import pair_map
from northstar_explain.report.charts.shape_chart import shape_on_scale
from northstar_explain.report.document.charts import Chart

_IN_TABLES = ("p", "low", "high", "n")


def page_charts(model: Model, shapes: Sequence[FeatureShape], pairs: Sequence[PairShape]) -> dict[str, dict[str, Any]]:
    """The specifications of every term.

    Parameters
    ----------
    model : Model
    shapes, pairs : sequence
        All of them: the common scale holds them all.

    Returns
    -------
    dict
        Term to ``own``, the whole specification, and ``common``, the parts of it that differ on the common scale. Rows
        of their data have no points, intervals and customers: the page takes these from the term's tables.
    """
    intercept = model.purchase.intercept
    common, strongest = common_range(shapes, intercept), strongest_colour(tuple(pairs))
    charts = {
        one.term: _both(*(shape_on_scale(one, scale, intercept) for scale in (own_range(one), common)))
        for one in shapes
    }
    return charts | {
        pair.term: _both(*(pair_map(pair, end, values=True) for end in (strongest_colour((pair,)), strongest)))
        for pair in pairs
    }


def _both(own: Chart, common: Chart) -> dict[str, Any]:
    whole, other = _without_points(own.themed), _without_points(common.themed)
    # Data and theme are the same on either scale; they are kept once.
    return {"own": whole, "common": {key: part for key, part in other.items() if part != whole[key]}}


def _without_points(spec: dict[str, Any]) -> dict[str, Any]:
    """The specification without what the page has in its tables: points, interval and customers of each bin."""
    rows = [{key: value for key, value in row.items() if key not in _IN_TABLES} for row in spec["data"]["values"]]
    return {**spec, "data": {"values": rows}}
