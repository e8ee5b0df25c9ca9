"""Group checks: figures by group of customers, with group sizes and confidence intervals."""

from __future__ import annotations

from collections.abc import Sequence

from northstar_explain.model.evaluation import Interval
from northstar_explain.model.evaluation.limits import SUBGROUP_MIN_CUSTOMERS
from northstar_explain.model.evaluation.rate_facts import Subgroup
from northstar_explain.model.learned_model import Model
from northstar_explain.model.wording import capital
from northstar_explain.report.audit.chapters.performance import figure, sensitive_words
from northstar_explain.report.audit.shapes.bin_labels import percent, shortened
from northstar_explain.report.document.blocks import Block, Chapter, ChapterBuilder, table

_MOST = 12  # groups of one feature that fit on a page


def groups(model: Model) -> Chapter:
    """Figures by group, sensitive features first."""
    page = ChapterBuilder()
    page.paragraphs(
        "These checks show whether the model is less accurate for some groups than for others. They compare predicted "
        "with actual outcomes; they do not define fairness, and they claim no compliance with any regulation.",
        style="lead",
    )
    page.paragraphs(*sensitive_words(model))
    subgroups = model.evaluation.purchase.subgroups
    sensitive = [feature.name for feature in model.contract.sensitive_features]
    # False sorts before True, so sensitive features come first and the others keep their order.
    for by in sorted(dict.fromkeys(row.by for row in subgroups), key=lambda name: name not in sensitive):
        rows = [row for row in subgroups if row.by == by]
        page.section(_words(by, model, by in sensitive), _table(rows))
        if len(rows) > _MOST:
            page.paragraphs(
                f"The {_MOST} largest of {len(rows)} groups; all are in tables/subgroups.csv.", style="fine"
            )
    page.paragraphs(
        f"Intervals of shares are Wilson intervals (1927). Groups of fewer than {SUBGROUP_MIN_CUSTOMERS} customers "
        "have no figures: these would reflect chance more than the group.",
        style="fine",
    )
    return page.chapter("groups", "Group checks", flows=True)


def _words(by: str, model: Model, sensitive: bool) -> str:
    names = {feature.name: feature.words for feature in model.contract.features}
    return capital(names.get(by, by)) + (" (sensitive)" if sensitive else "")


def _table(rows: Sequence[Subgroup]) -> Block:
    # The largest groups are selected, but listed in the order of the stored facts.
    largest = sorted(rows, key=lambda row: -row.n)[:_MOST]
    shown = [row for row in rows if row in largest]
    heads = (
        "Group",
        "Customers",
        "Actual",
        "95% interval",
        "Predicted",
        "Flagged",
        "Recall",
        "95% interval",
        "ROC-AUC",
        "Calib. error",
    )
    widths = (17, 9, 7, 13, 9, 8, 7, 13, 9, 8)
    return table(heads, [_row(row) for row in shown], style="bins", widths=widths, alt_text="Figures by group")


def _row(row: Subgroup) -> tuple[str, ...]:
    return (
        shortened(row.name, 90),
        f"{row.n:,}",
        percent(row.base_rate),
        _interval(row.base_rate_interval),
        percent(row.predicted_rate),
        percent(row.flag_rate),
        percent(row.recall),
        _interval(row.recall_interval),
        figure(row.roc_auc),
        figure(row.ece),
    )


def _interval(ends: Interval | None) -> str:
    return "–" if ends is None else f"{100 * ends.low:.1f} to {100 * ends.high:.1f}"
