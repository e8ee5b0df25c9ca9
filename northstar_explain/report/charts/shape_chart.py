"""The chart of a feature, by its kind."""

from __future__ import annotations

from northstar_explain.report.audit.shapes.feature_shapes import FeatureShape
from northstar_explain.report.audit.shapes.point_ranges import Range
from northstar_explain.report.charts.category_shape import category_on_scale, category_shape
from northstar_explain.report.charts.number_shape import number_on_scale, number_shape
from northstar_explain.report.document.charts import Chart


def shape_chart(shape: FeatureShape, common: Range, intercept: float) -> Chart:
    """`number_shape` or `category_shape`, whose parameters these are."""
    plot = category_shape if shape.axis is None else number_shape
    return plot(shape, common, intercept)


def shape_on_scale(shape: FeatureShape, scale: Range, intercept: float) -> Chart:
    """`number_on_scale` or `category_on_scale`, whose parameters these are."""
    plot = category_on_scale if shape.axis is None else number_on_scale
    return plot(shape, scale, intercept)
