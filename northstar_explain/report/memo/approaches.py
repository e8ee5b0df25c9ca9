"""The two approaches side by side: labels, loss, validation, output, and who uses it."""

from __future__ import annotations

from northstar_explain.model.evaluation.limits import stability_figure
from northstar_explain.model.learned_model import Model
from northstar_explain.report.document.blocks import Chapter, Text, table


def two_approaches(model: Model) -> Chapter:
    """A small table, and what the reader should keep in mind of it."""
    contract, facts = model.contract, model.evaluation
    segments, holdout = facts.segments, facts.purchase.holdout
    later = " at a later date" if facts.purchase.out_of_time else ""
    rows = (
        ("Labels", "none: behavior alone", f"“{contract.outcome}”, for every row of training"),
        ("Loss", "squared distance to the center of the cluster; rules cost "
                 f"{segments.price_of_explainability - 1:.1%} more", "log loss of the probability"),
        ("Validation", f"rows not used to learn: fidelity {segments.fidelity:.0%}; resamples: least Jaccard "
                       f"{stability_figure(min(segments.stability.values()))}; shuffled columns",
         f"{holdout.n:,} {contract.noun}{later} that were used once"),
        ("Output", f"one of {segments.k} segments, each a sentence", "a probability, its decile, and reasons"),
        ("Used by", "marketing, to write; CRM, to select", "growth, to order and to budget; auditors, to check"),
    )  # fmt: skip
    head = ("", "Segments (clustering)", "Probabilities (classification)")
    return Chapter(
        "approaches",
        "1. Two approaches to one table",
        (
            table(head, rows, words=3, widths=(14, 43, 43)),
            Text("Clustering has no label to learn from or to be checked with. Classification has one, and needs it."),
        ),
    )
