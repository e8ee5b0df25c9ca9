"""A model's facts as text for a terminal."""

from __future__ import annotations

import textwrap
from typing import Any

from northstar_explain.cli.segment_tables import WIDTH, segment_lines
from northstar_explain.model import Model

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


def facts_text(model: Model) -> str:
    """The facts people ask for first.

    Parameters
    ----------
    model : Model

    Returns
    -------
    str
        Several lines, without one at the end.
    """
    return "\n".join([*_head(model), "", *_purchase(model), "", *segment_lines(model)])


def _head(model: Model) -> list[str]:
    data = model.manifest["data"]
    rejected = f", {data['rejected']:,} rejected" if data["rejected"] else ""
    return [
        f"{model.contract.title}",
        f"model {model.id} of {model.manifest['date']}: {data['rows']:,} rows{rejected}",
    ]


def _purchase(model: Model) -> list[str]:
    purchase = model.evaluation["purchase"]
    held, intervals = purchase["holdout"], purchase["intervals"]
    later = " (at a later date)" if purchase["out_of_time"] else ""
    lines = [f"Purchase model, on a holdout of {held['n']:,}{later}; in brackets the 95% interval"]
    for name, words, note in _FIGURES:
        low, high = intervals[name]
        said = note.format(**held)
        lines.append(f"  {words:<20}{held[name]:.4f}  [{low:.4f}, {high:.4f}]{'  ' + said if said else ''}")
    top = ", ".join(f"{term['term']} {term['share']:.0%}" for term in purchase["terms"][:5])
    lines += textwrap.wrap(f"weighs most: {top}", WIDTH, initial_indent="  ", subsequent_indent="    ")
    return [*lines, "", *_baselines(purchase), "", *_groups(purchase)]


def _baselines(purchase: dict[str, Any]) -> list[str]:
    held = purchase["holdout"]
    lines = ["Beside it", f"  {'':<16}{'ROC-AUC':>9}{'AP':>9}{'F1':>9}{'Brier':>9}{'lift 10%':>10}"]
    for one in ({"name": "this model", **held}, *purchase["baselines"]):
        figures = "".join(f"{one[key]:>9.4f}" for key in ("roc_auc", "average_precision", "f1", "brier"))
        lines.append(f"  {one['name'].replace('_', ' '):<16}{figures}{one['lift_10']:>10.2f}")
    gaps = purchase["gaps"]
    lines.append(f"  behind the black box by {gaps['black_box']:.4f} of ROC-AUC")
    if gaps["knowable"] is not None:
        lines.append(f"  behind the best knowable ({gaps['knowable_roc_auc']:.4f}) by {gaps['knowable']:.4f}")
    if purchase["profit"]:
        profit = purchase["profit"]
        best = f"  most profit at the best {profit['best_share']:.1%} of customers"
        lines.append(f"{best}; a contact pays from probability {profit['break_even']:.3f}")
    return lines


def _groups(purchase: dict[str, Any]) -> list[str]:
    heads = ("n", "bought", "predicted", "flagged", "ROC-AUC")
    lines = ["By group", f"  {'':<62}" + "".join(f"{head:>10}" for head in heads)]
    for one in purchase["groups"]:
        said = f"{one['by']}: {one['group']}"
        said = said if len(said) <= 60 else said[:59] + "…"
        rates = "".join(_or_dash(one[key], "{:.1%}") for key in ("base_rate", "predicted_rate", "flag_rate"))
        lines.append(f"  {said:<62}{one['n']:>10,}{rates}{_or_dash(one['roc_auc'], '{:.4f}')}")
    return [*lines, "  nothing is shown of fewer than 50"]


def _or_dash(value: float | None, form: str) -> str:
    return f"{'-' if value is None else form.format(value):>10}"
