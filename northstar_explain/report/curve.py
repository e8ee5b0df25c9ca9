"""Price of explainability and fidelity by number of rules, as a chart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from northstar_explain.model.evaluation.segment_facts import CurvePoint

WIDTH, HEIGHT = 640, 230
_PANEL, _GAP = 270, 60
_LEFT, _TOP, _BOTTOM = 44, 34, 40
_INK, _QUIET, _LINE, _RULE = "#1d2126", "#5a6068", "#00578a", "#d5d9de"


def curve_svg(points: Sequence[CurvePoint], knee: int, used: int) -> str:
    """Plot price and fidelity over the number of rules, side by side.

    Parameters
    ----------
    points : sequence of CurvePoint
    knee : int
        Rules from which on more are not worth their length.
    used : int
        Rules allowed in the model in use.

    Returns
    -------
    str
        An SVG with a title and a description for screen readers.
    """
    rules, fidelity = [point.max_rules for point in points], [point.fidelity for point in points]
    price = [point.price_of_explainability for point in points]
    description = "; ".join(
        f"{count} rules: price {cost:.3f}, fidelity {agree:.1%}"
        for count, cost, agree in zip(rules, price, fidelity, strict=True)
    )
    marks = {knee: "knee"} if knee == used else {used: "used", knee: "knee"}
    panels = (
        _panel(0, "Price of explainability (1 is no loss)", rules, price, "{:.2f}".format, marks)
        + _panel(_PANEL + _GAP, "Fidelity on rows not used to learn", rules, fidelity, "{:.0%}".format, marks)
    )  # fmt: skip
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" font-family="Inter, '
        f'sans-serif" font-size="11"><title>Price and fidelity by number of rules</title>'
        f"<desc>{escape(description)}. The knee is at {knee} rules.</desc>{panels}</svg>"
    )


def _panel(
    left: float, title: str, rules: list[int], values: list[float], label: Callable[[float], str], marks: dict[int, str]
) -> str:
    low, high = min(values), max(values)
    # A flat curve still gets a range, and no point touches the frame.
    room = max(high - low, 0.01) * 0.15
    low, high = low - room, high + room
    wide, high_px = _PANEL - _LEFT, HEIGHT - _TOP - _BOTTOM

    def x(count: int) -> float:
        return round(left + _LEFT + wide * (count - rules[0]) / max(1, rules[-1] - rules[0]), 1)

    def y(value: float) -> float:
        return round(_TOP + high_px * (high - value) / (high - low), 1)

    floor = _TOP + high_px
    shapes = [
        f'<text x="{left + _LEFT}" y="14" font-weight="600" fill="{_INK}">{title}</text>',
        f'<path d="M{left + _LEFT} {floor}H{left + _PANEL}" stroke="{_RULE}" fill="none"/>',
    ]
    # First and last value suffice to read the curve; the description for screen readers has all of them.
    for value in (values[0], values[-1]):
        shapes.append(f'<text x="{left + _LEFT - 8}" y="{y(value) + 4}" text-anchor="end" fill="{_QUIET}">'
                     f"{label(value)}</text>")  # fmt: skip
    path = "L".join(f"{x(count)} {y(value)}" for count, value in zip(rules, values, strict=True))
    shapes.append(f'<path d="M{path}" stroke="{_LINE}" stroke-width="2" fill="none"/>')
    for count, value in zip(rules, values, strict=True):
        fill = _LINE if count in marks else "#fff"
        shapes.append(
            f'<circle cx="{x(count)}" cy="{y(value)}" r="4" fill="{fill}" stroke="{_LINE}" stroke-width="2"/>'
        )
        shapes.append(f'<text x="{x(count)}" y="{floor + 15}" text-anchor="middle" fill="{_QUIET}">{count}</text>')
        if count in marks:
            shapes.append(f'<text x="{x(count)}" y="{floor + 29}" text-anchor="middle" font-weight="600" fill="{_INK}">'
                         f"{marks[count]}</text>")  # fmt: skip
    return "".join(shapes)
