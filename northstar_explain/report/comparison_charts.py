"""Charts of the comparison memo as compact SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from northstar_explain.model.evaluation.rate_facts import CalibrationBin, GainsPoint
from northstar_explain.model.evaluation.together_facts import DecileCell, Quantiles
from northstar_explain.report.document.palette import ACCENTS

_INK, _QUIET, _RULE, _LINE = "#1d2126", "#5a6068", "#d5d9de", "#00578a"
_WIDTH = 640


def bars_svg(rows: Sequence[tuple[str, float]], low: float, title: str) -> str:
    """Horizontal bars from a common start, each with its value.

    Parameters
    ----------
    rows : sequence of (str, float)
    low : float
        Where the bars start: 0.5 for an AUC, which chance reaches.
    title : str
        What the chart shows, for screen readers.

    Returns
    -------
    str
    """
    high = max(value for _, value in rows)
    left, room, step = 200, _WIDTH - 270, 22
    elements = []
    for place, (name, value) in enumerate(rows):
        y = place * step
        length = round(max(0.0, room * (value - low) / max(high - low, 1e-9)), 1)
        elements.append(
            f'<text x="{left - 10}" y="{y + 16}" text-anchor="end" fill="{_INK}">{escape(name)}</text>'
            f'<rect x="{left}" y="{y + 4}" width="{length}" height="16" fill="{_LINE}"/>'
            f'<text x="{left + length + 6}" y="{y + 16}" fill="{_INK}">{value:.3f}</text>'
        )
    description = "; ".join(f"{name}: {value:.3f}" for name, value in rows)
    return _svg(step * len(rows) + 4, title, description, elements)


def curves_svg(
    reliability: Sequence[CalibrationBin],
    gains: Sequence[GainsPoint],
    segments: Sequence[tuple[float, float]],
) -> str:
    """Predicted against actual rate, and the share of buyers among the best-scored customers.

    Parameters
    ----------
    reliability, gains : sequence of CalibrationBin, of GainsPoint
    segments : sequence of (float, float)
        The same shares when whole segments are taken, the one with the highest rate first.

    Returns
    -------
    str
    """
    # Both axes end at the highest rate, not at 100%, else the points of a rare outcome would lie in a corner.
    most = max(max(one.predicted_rate, one.purchase_rate) for one in reliability) * 1.05 or 1.0
    dots = [(one.predicted_rate, one.purchase_rate) for one in reliability]
    captured = [(one.share, one.captured) for one in gains]
    elements = [
        *_square(40, most, dots, "Predicted and actual purchase rate", marked=True),
        *_square(372, 1.0, captured, "Best-scored customers, and share of buyers", marked=False),
        *_line(372, 1.0, segments, _QUIET, ' stroke-dasharray="4 3"'),
        f'<text x="612" y="{_TOP + _SIDE - 24}" text-anchor="end" fill="{_LINE}">by probability</text>',
        f'<text x="612" y="{_TOP + _SIDE - 10}" text-anchor="end" fill="{_QUIET}">dashed: by segment</text>',
    ]
    description = "; ".join(f"predicted {x:.1%}, actual {y:.1%}" for x, y in dots)
    return _svg(_TOP + _SIDE + 24, "Calibration, and share of buyers among the best-scored", description, elements)


_TOP, _SIDE, _WIDE = 26, 160, 246


def _at(left: float, most: float, x: float, y: float) -> tuple[float, float]:
    return round(left + _WIDE * x / most, 1), round(_TOP + _SIDE * (1 - y / most), 1)


def _line(left: float, most: float, points: Sequence[tuple[float, float]], color: str, more: str = "") -> list[str]:
    path = "L".join("{} {}".format(*_at(left, most, *point)) for point in points)
    return [f'<path d="M{path}" stroke="{color}" stroke-width="2" fill="none"{more}/>']


def _square(left: float, most: float, points: Sequence[tuple[float, float]], title: str, marked: bool) -> list[str]:
    """A plot whose axes both run from 0 to the same end, with its diagonal."""
    elements = [
        f'<text x="{left}" y="12" font-weight="600" fill="{_INK}">{escape(title)}</text>',
        f'<path d="M{left} {_TOP}V{_TOP + _SIDE}H{left + _WIDE}" stroke="{_RULE}" fill="none"/>',
        *_line(left, most, [(0, 0), (most, most)], _RULE),
        *_line(left, most, points, _LINE),
    ]
    if marked:
        places = [_at(left, most, *point) for point in points]
        elements += [f'<circle cx="{x}" cy="{y}" r="3.5" fill="{_LINE}"/>' for x, y in places]
    for step in range(0, 101, 20):
        if step / 100 <= most:
            x, y = _at(left, most, step / 100, step / 100)
            elements.append(
                f'<text x="{x}" y="{_TOP + _SIDE + 15}" text-anchor="middle" fill="{_QUIET}">{step}%</text>'
            )
            elements.append(f'<text x="{left - 6}" y="{y + 4}" text-anchor="end" fill="{_QUIET}">{step}%</text>')
    return elements


def spread_svg(spread: Mapping[str, Quantiles], names: Mapping[str, str], title: str) -> str:
    """The middle half and the middle 80% of the probabilities in each segment, on one scale."""
    # The scale ends at the largest 90th percentile: a few likely buyers would squeeze all segments to the left.
    high = max(one.p90 for one in spread.values())
    left, room, step = 60, _WIDTH - 120, 30
    elements = []
    for place, (id, one) in enumerate(spread.items()):
        y, color = place * step + 8, ACCENTS[place % len(ACCENTS)]

        def x(value: float) -> float:
            return round(left + room * value / max(high, 1e-9), 1)

        elements.append(
            f'<text x="{left - 10}" y="{y + 12}" text-anchor="end" font-weight="600" fill="{color}">{escape(id)}</text>'
            f'<path d="M{x(one.p10)} {y + 8}H{x(one.p90)}" stroke="{color}" stroke-width="2"/>'
            f'<rect x="{x(one.p25)}" y="{y}" width="{round(x(one.p75) - x(one.p25), 1)}" height="16" '
            f'fill="{color}"/>'
            f'<path d="M{x(one.p50)} {y}V{y + 16}" stroke="#fff" stroke-width="2"/>'
            f'<text x="{x(one.p90) + 6}" y="{y + 12}" fill="{_QUIET}">{one.p90:.0%}</text>'
        )
    description = "; ".join(
        f"{names[id]}: middle half {one.p25:.1%} to {one.p75:.1%}, median {one.p50:.1%}" for id, one in spread.items()
    )
    return _svg(step * len(spread) + 8, title, description, elements)


def mix_svg(matrix: Mapping[str, Sequence[DecileCell]], title: str) -> str:
    """The segments in each decile: one bar per decile, one section per segment."""
    left, room, step = 60, _WIDTH - 70, 22
    elements, description = [], []
    for decile in range(10, 0, -1):
        counts = {id: cells[decile - 1].n for id, cells in matrix.items()}
        # Each bar is as wide as the others: it shows the mix of a decile, not its size.
        total, y, x = max(1, sum(counts.values())), (10 - decile) * step, float(left)
        elements.append(f'<text x="{left - 10}" y="{y + 14}" text-anchor="end" fill="{_INK}">{decile}</text>')
        for place, (id, count) in enumerate(counts.items()):
            width = round(room * count / total, 1)
            if count:
                elements.append(
                    f'<rect x="{round(x, 1)}" y="{y + 1}" width="{width}" height="{step - 3}" '
                    f'fill="{ACCENTS[place % len(ACCENTS)]}" stroke="#fff"/>'
                )
            # An id needs so many pixels; in a narrower section it would run into the next.
            if width > 34:
                elements.append(
                    f'<text x="{round(x + 6, 1)}" y="{y + 14}" fill="#fff" font-weight="600">{escape(id)}</text>'
                )
            x += width
        shares = ", ".join(f"{id} {count / total:.0%}" for id, count in counts.items() if count)
        description.append(f"decile {decile}: {shares}")
    return _svg(10 * step + 2, title, "; ".join(description), elements)


def _svg(height: int, title: str, description: str, elements: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" font-size="11" '
        f'font-family="Inter, sans-serif"><title>{escape(title)}</title><desc>{escape(description)}</desc>'
        f"{''.join(elements)}</svg>"
    )
