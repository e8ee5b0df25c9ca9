"""What is known of the purchase model, as text for a terminal: figures, deciles, baselines, profit and groups."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Any

from northstar_explain.model import Model

WIDTH = 110
# Figure, what it is called, and what to say beside it.
_FIGURES = (
    ("roc_auc", "ROC-AUC", "{lift_quality_grade} (lift quality {lift_quality:.2f})"),
    ("f1", "F1", "at threshold {threshold:.4f}; everyone flagged: {f1_everyone:.4f}"),
    ("precision", "precision", ""),
    ("recall", "recall", ""),
    ("average_precision", "average precision", "base rate {base_rate:.4f}"),
    ("brier", "Brier score", "base rate alone {brier_base_rate:.4f}; skill {brier_skill:.3f}"),
    ("ece", "calibration error", ""),
    ("lift_10", "lift, best 10%", "and {capture_10:.0%} of buyers"),
    ("lift_20", "lift, best 20%", "and {capture_20:.0%} of buyers"),
    ("lift_30", "lift, best 30%", "and {capture_30:.0%} of buyers"),
)
_BESIDE = (("average_precision", "AP"), ("f1", "F1"), ("brier", "Brier"), ("ece", "calib."))
_GROUP_NAME = 48


def purchase_lines(model: Model) -> list[str]:
    """Everything that `explain show` says of the purchase model."""
    purchase = model.evaluation["purchase"]
    lines: list[str] = []
    for part in (_figures, _deciles, _baselines, _profit, _groups):
        if found := part(purchase):
            lines += ["", *found] if lines else found
    return lines


def _figures(purchase: dict[str, Any]) -> list[str]:
    held = purchase["holdout"]
    later = " (at a later date)" if purchase["out_of_time"] else ""
    lines = [f"Purchase model, on a holdout of {held['n']:,}{later}; in brackets 95% intervals"]
    if apart := purchase.get("kept_together"):
        taught = apart["train"] + apart["validation"]
        held_as = (
            f"rows of {apart['holdout']:,} {apart['by']}" if apart["by"] else f"{apart['holdout']:,} different rows"
        )
        lines.append(f"  {held_as}; {taught:,} others taught, none did both")
    for name, words, note in _FIGURES:
        said = note.format(**held)
        interval = _interval(purchase["intervals"][name])
        lines.append(f"  {words:<20}{held[name]:.4f}  {interval}{'  ' + said if said else ''}")
    top = ", ".join(f"{term['term']} {term['share']:.0%}" for term in purchase["terms"][:5])
    return [*lines, *textwrap.wrap(f"weighs most: {top}", WIDTH, initial_indent="  ", subsequent_indent="    ")]


def _deciles(purchase: dict[str, Any]) -> list[str]:
    deciles = purchase["deciles"][::-1]
    return [
        "By decile of the training population",
        f"  {'':<10}" + "".join(f"{one['decile']:>9}" for one in deciles),
        f"  {'customers':<10}" + "".join(f"{one['n']:>9,}" for one in deciles),
        f"  {'predicted':<10}" + "".join(_or_dash(one["predicted_rate"], "{:.1%}", 9) for one in deciles),
        f"  {'bought':<10}" + "".join(_or_dash(one["purchase_rate"], "{:.1%}", 9) for one in deciles),
    ]


def _baselines(purchase: dict[str, Any]) -> list[str]:
    heads = "".join(f"{words:>9}" for _, words in _BESIDE)
    lines = ["Beside it", f"  {'':<16}{'ROC-AUC':>9}{heads}{'lift 10%':>10}   behind in ROC-AUC"]
    for one in ({"name": "this model", **purchase["holdout"]}, *purchase["baselines"]):
        figures = "".join(f"{one[key]:>9.4f}" for key in ("roc_auc", *(key for key, _ in _BESIDE)))
        line = f"  {one['name'].replace('_', ' '):<16}{figures}{one['lift_10']:>10.2f}"
        if "roc_auc_behind" in one:
            line += f"   {one['roc_auc_behind']:>7.4f} {_interval(one['roc_auc_behind_interval'])}"
        lines.append(line)
    lines += [f"  no {one['name'].replace('_', ' ')}: {one['why']}" for one in purchase["baselines_left_out"]]
    gaps = purchase["gaps"]
    if gaps["knowable"] is not None:
        behind = f"{gaps['knowable']:.4f} {_interval(gaps['knowable_interval'])}"
        lines.append(f"  The true probabilities reach {gaps['knowable_roc_auc']:.4f}; this model is behind by {behind}")
    return lines


def _profit(purchase: dict[str, Any]) -> list[str]:
    profit = purchase["profit"]
    if profit is None:
        return []
    paying, everyone = profit["paying"], profit["curve"][-1]
    ends = _interval(paying["profit_interval"], "{:,.0f}")
    rows = (
        (f"from probability {profit['break_even']:.3f}", paying["share"], paying["profit"], ends),
        ("everyone", 1.0, everyone["profit"], _interval(everyone["profit_interval"], "{:,.0f}")),
        ("best of the curve", profit["best_share"], profit["best_profit"], "chosen on the holdout itself"),
    )
    at = f"at {profit['margin']:,.2f} a purchase and {profit['contact_cost']:,.2f} a contact"
    expected = f"Expected from the probabilities: {paying['expected']:,.0f}."
    return [
        f"Profit per 1,000 customers, {at}",
        *(f"  {name:<24}{share:>8.1%} contacted {value:>10,.0f}  {note}" for name, share, value, note in rows),
        f"  {expected} Buyers who would have come anyway are counted in.",
    ]


def _groups(purchase: dict[str, Any]) -> list[str]:
    heads = ("n", "bought", "predicted", "calib.", "flagged", "ROC-AUC")
    lines = ["By group", f"  {'':<{_GROUP_NAME}}" + "".join(f"{head:>10}" for head in heads)]
    for one in purchase["groups"]:
        said = f"{one['by']}: {one['group']}"
        said = said if len(said) < _GROUP_NAME else said[: _GROUP_NAME - 2] + "…"
        cells = _cells(one, (("base_rate", "{:.1%}"), ("predicted_rate", "{:.1%}"), ("ece", "{:.4f}"),
                             ("flag_rate", "{:.1%}"), ("roc_auc", "{:.4f}")))  # fmt: skip
        lines.append(f"  {said:<{_GROUP_NAME}}{one['n']:>10,}{cells}")
    return [*lines, "  nothing is shown of fewer than 50"]


def _cells(one: dict[str, Any], columns: Iterable[tuple[str, str]]) -> str:
    return "".join(_or_dash(one[key], form, 10) for key, form in columns)


def _or_dash(value: float | None, form: str, width: int) -> str:
    return f"{'-' if value is None else form.format(value):>{width}}"


def _interval(ends: Iterable[float], form: str = "{:.4f}") -> str:
    low, high = (form.format(end) for end in ends)
    return f"[{low}, {high}]"
