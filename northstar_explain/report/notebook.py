"""Displays for notebooks: a model, a segment and a shape as small pieces of HTML, every text escaped."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

from northstar_explain.model.learned_model import Model
from northstar_explain.model.names import with_id
from northstar_explain.model.segments import Segment
from northstar_explain.report.audit.shapes.feature_shapes import Bin, FeatureShape, feature_shapes
from northstar_explain.report.audit.shapes.pair_shapes import pair_shapes, strongest_colour
from northstar_explain.report.audit.shapes.point_ranges import common_range
from northstar_explain.report.charts.pair_map import pair_map
from northstar_explain.report.charts.shape_chart import shape_chart
from northstar_explain.report.document.charts import Chart, svg
from northstar_explain.report.document.numbers import signed

_SHOWN_TERMS, _SHOWN_FEATURES = 10, 6
# Colors and fonts are the notebook's own, so that a dark theme stays dark; only pictures stand on white.
_PICTURE = "background:#fff;max-width:900px;padding:8px"


def model_html(model: Model) -> str:
    """A model in a notebook: its segments, and the terms of its scorecard that matter most."""
    segments = [(one.id, one.name, f"{one.share:.1%}", one.definition) for one in model.segmentation.segments]
    ranked = sorted(model.scorecard.terms, key=lambda term: -term.importance)
    terms = [(term.name, f"{term.importance:.3f}") for term in ranked[:_SHOWN_TERMS]]
    caption = f"Terms of the scorecard: {len(terms)} of {len(ranked)}, by mean absolute points"
    return _join(
        _heading(f"Model {model.id}: {model.contract.title}"),
        _table("Segments", ("id", "name", "share", "definition"), segments),
        _table(caption, ("term", "importance"), terms),
    )


class SegmentDisplay:
    """A segment in a notebook.

    Parameters
    ----------
    model : Model
    id : str
        For example ``"S1"``.

    Attributes
    ----------
    segment : Segment

    Raises
    ------
    KeyError
        When there is no segment of this id.
    """

    def __init__(self, model: Model, id: str):
        by_id = {one.id: one for one in model.segmentation.segments}
        if id not in by_id:
            raise KeyError(f"segment {id!r}: expected one of {', '.join(by_id)}")
        self.segment: Segment = by_id[id]
        self._noun = model.contract.noun

    def __repr__(self) -> str:
        return f"<Segment {with_id(self.segment.id, self.segment.name)}: {self.segment.definition}>"

    def _repr_html_(self) -> str:
        one = self.segment
        size = f"{one.customers:,} {self._noun}, {one.share:.1%} of all"
        # By size of the effect, whatever its sign: being far below average describes as well as being above.
        farthest = sorted(one.profile, key=lambda profile: -abs(profile.effect))[:_SHOWN_FEATURES]
        rows = [(p.feature, f"{p.mean:,.2f}", f"{p.base:,.2f}", signed(p.effect)) for p in farthest]
        return _join(
            _heading(with_id(one.id, one.name)),
            escape(one.definition),
            Markup("<br>"),
            escape(size),
            _table(
                f"Furthest from the average of all {self._noun}",
                ("feature", "segment mean", "overall mean", "Cohen's d"),
                rows,
            ),
        )


class ShapeDisplay:
    """A term of the scorecard in a notebook: its plot, and the points of its bins.

    Parameters
    ----------
    model : Model
    term : str
        A feature, or two joined by " × ".

    Raises
    ------
    KeyError
        When the scorecard has no such term.
    """

    def __init__(self, model: Model, term: str):
        names = [one.name for one in model.scorecard.terms]
        if term not in names:
            raise KeyError(f"term {term!r}: expected one of {', '.join(names)}")
        self.term = term
        self._model = model

    def __repr__(self) -> str:
        return f"<Shape of {self.term}>"

    def _repr_html_(self) -> str:
        model, every = self._model, feature_shapes(self._model)
        for shape in every:
            if shape.term == self.term:
                intercept = model.scorecard.intercept
                chart = shape_chart(shape, common_range(every, intercept), intercept)
                return _join(_heading(self.term), _picture(chart), _bins(shape))
        every_pair = pair_shapes(model)
        pair = next(one for one in every_pair if one.term == self.term)
        return _join(_heading(self.term), _picture(pair_map(pair, strongest_colour(every_pair))))


def _bins(shape: FeatureShape) -> Markup:
    bins = [bin for bin in (*shape.groups, shape.missing, shape.unseen) if bin.train_n]
    return _table("Points of the bins", ("bin", "points", "training rows"), [_bin(bin) for bin in bins])


def _bin(bin: Bin) -> tuple[str, str, str]:
    return bin.label, signed(bin.points, 3), f"{bin.train_n:,}"


def _heading(text: str) -> Markup:
    return Markup("<strong>{}</strong><br>").format(text)


def _picture(chart: Chart) -> Markup:
    # An image of its own: the ids inside an SVG would otherwise be shared by all cells of the notebook.
    data = base64.b64encode(svg(chart).encode()).decode()
    return Markup('<img alt="{}" style="{}" src="data:image/svg+xml;base64,{}">').format(chart.alt_text, _PICTURE, data)


def _table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Markup:
    # Aligned here, as notebooks align every cell to the right, which makes definitions hard to read.
    cells = Markup("").join(
        Markup("<tr>{}</tr>").format(
            Markup("").join(Markup('<td style="text-align:left">{}</td>').format(cell) for cell in row)
        )
        for row in rows
    )
    head = Markup("").join(Markup('<th scope="col" style="text-align:left">{}</th>').format(one) for one in heads)
    return Markup("<table><caption>{}</caption><thead><tr>{}</tr></thead><tbody>{}</tbody></table>").format(
        caption, head, cells
    )


def _join(*pieces: Markup) -> str:
    return str(Markup("").join(pieces))
