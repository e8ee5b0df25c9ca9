"""Groups in which the model finds fewer of the outcomes than in all: in plain sight, with what to do about them."""

from __future__ import annotations

from collections.abc import Sequence

from northstar_explain.model.evaluation.metric_registry import RECALL, ROC_AUC
from northstar_explain.model.evaluation.rate_facts import Subgroup
from northstar_explain.model.learned_model import Model
from northstar_explain.report.document.blocks import Block, Text, rich, table

MOST_GROUPS = 5
SEGMENT, TENURE = "segment", "tenure"
# Of the outcomes of a segment, found by the flag: below this, the flag is of no use there.
_HARDLY = 0.05


def weak_groups(model: Model) -> tuple[Subgroup, ...]:
    """Groups, other than segments, whose recall is below that of all by more than chance; the lowest first."""
    purchase = model.evaluation.purchase
    whole = purchase.holdout.figures[RECALL]
    weak = [
        one
        for one in purchase.subgroups
        if one.by != SEGMENT and one.recall is not None and one.recall_interval and one.recall_interval.high < whole
    ]
    # Two checks may find the same people, such as those of whom nothing and those whose age is not known: shown once.
    each = {(one.n, one.recall): one for one in reversed(weak)}
    return tuple(sorted(each.values(), key=lambda one: (one.recall, one.name))[:MOST_GROUPS])


def weak_blocks(model: Model) -> tuple[Block, ...]:
    """A table of them, and what to do."""
    noun, holdout = model.contract.noun, model.evaluation.purchase.holdout
    weak, found = weak_groups(model), holdout.figures[RECALL]
    rows = [(f"all {noun}", f"{holdout.n:,}", f"{holdout.base_rate:.1%}", f"{found:.0%}", "",
             f"{holdout.figures[ROC_AUC]:.3f}"), *map(_row, weak)]  # fmt: skip
    head = ("Group", noun.capitalize(), "Outcome rate", "Found by the flag", "95% interval", "ROC-AUC")
    text = (
        f"Of the outcomes in these groups, the flag (a probability of {holdout.threshold:.1%} or more) finds fewer "
        "than in all, by more than chance. A low probability there means that little is known, not that there is no "
        "interest."
        if weak
        else "In no group of the checks does the flag find fewer of the outcomes than in all by more than chance."
    )
    blocks: list[Block] = [Text(text)]
    if weak:
        blocks.append(table(head, rows))
    return (*blocks, *map(Text, _segments(model)))


def _row(one: Subgroup) -> tuple[str, ...]:
    low, high = one.recall_interval or (0.0, 0.0)
    return (
        one.name if one.by in (TENURE, "unknown") else f"{one.by}: {one.name}",
        f"{one.n:,}",
        "–" if one.base_rate is None else f"{one.base_rate:.1%}",
        f"{one.recall or 0.0:.0%}",
        f"{low:.0%} to {high:.0%}",
        "–" if one.roc_auc is None else f"{one.roc_auc:.3f}",
    )


def _segments(model: Model) -> Sequence[str]:
    hardly = [one for one in model.evaluation.purchase.subgroups
              if one.by == SEGMENT and one.recall is not None and one.recall < _HARDLY]  # fmt: skip
    if not hardly:
        return ()
    named = ", ".join(f"{one.name} (rate {one.base_rate:.1%})" for one in hardly)
    return (
        rich(
            "<strong>Segments with low rates</strong>: in {} hardly any are flagged. Rank inside these segments "
            "instead of using the flag.",
            named,
        ),
    )
