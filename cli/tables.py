"""A model's facts as text for a terminal."""

from __future__ import annotations

import textwrap

from northstar_explain.cli.segment_tables import WIDTH, segment_lines
from northstar_explain.model import Model


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
    held = purchase["holdout"]
    later = " (at a later date)" if purchase["out_of_time"] else ""
    rows = [
        ("ROC-AUC", f"{held['roc_auc']:.4f}"),
        (
            "F1",
            f"{held['f1']:.4f}  (at threshold {held['threshold']:.4f}; everyone flagged: {held['f1_everyone']:.4f})",
        ),
        ("precision, recall", f"{held['precision']:.4f}, {held['recall']:.4f}"),
        ("average precision", f"{held['average_precision']:.4f}  (base rate {held['base_rate']:.4f})"),
        ("Brier score", f"{held['brier']:.4f}  (base rate alone {held['brier_base_rate']:.4f})"),
        ("calibration error", f"{held['ece']:.4f}"),
    ]
    top = ", ".join(f"{term['term']} {term['share']:.0%}" for term in purchase["terms"][:5])
    return [
        f"Purchase model, on a holdout of {held['n']:,}{later}",
        *(f"  {name:<20}{value}" for name, value in rows),
        *textwrap.wrap(f"weighs most: {top}", WIDTH, initial_indent="  ", subsequent_indent="    "),
    ]
