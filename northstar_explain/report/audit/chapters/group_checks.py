"""Group checks: whether groups of people are scored and judged alike, with how many they are and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from northstar_explain.model import Model
from northstar_explain.model.wording import capital
from northstar_explain.report.audit.chapters.performance import NOT_MEASURED, figure, sensitive_words
from northstar_explain.report.audit.shapes.bin_labels import percent, shortened
from northstar_explain.report.document.blocks import Block, Chapter, Text, Writer, table

_MOST = 12


def groups(model: Model) -> Chapter:
    """Figures by group, sensitive features first."""
    page = Writer()
    page.say(
        "A check that no group is scored worse than others. It compares what the model says with what happened; it "
        "does "
        "not say what is fair, and claims no conformity with any rule.",
        style="lead",
    )
    page.say(*sensitive_words(model))
    found = model.evaluation["purchase"].get("groups")
    if not found:
        page.under("By group", Text(NOT_MEASURED))
        return page.chapter("groups", "Group checks", flows=True)
    sensitive = [feature.name for feature in model.contract.sensitive_features]
    for by in sorted(dict.fromkeys(row["by"] for row in found), key=lambda name: name not in sensitive):
        mine = [row for row in found if row["by"] == by]
        page.under(_words(by, model, by in sensitive), _table(mine))
        if len(mine) > _MOST:
            page.say(f"The {_MOST} largest of {len(mine)} groups; all are in tables/groups.csv.", style="fine")
    page.say(
        "Intervals of shares are by Wilson (1927). Groups of fewer than 50 customers have no figures: they would say "
        "more "
        "about chance than about the group.",
        style="fine",
    )
    return page.chapter("groups", "Group checks", flows=True)


def _words(by: str, model: Model, sensitive: bool) -> str:
    names = {feature.name: feature.words for feature in model.contract.features}
    return capital(names.get(by, by)) + (" (sensitive)" if sensitive else "")


def _table(rows: Sequence[Mapping[str, Any]]) -> Block:
    largest = sorted(rows, key=lambda row: -row["n"])[:_MOST]
    shown = [row for row in rows if row in largest]
    heads = (
        "Group",
        "Customers",
        "Bought",
        "95% interval",
        "Predicted",
        "Flagged",
        "Recall",
        "95% interval",
        "ROC-AUC",
        "Calib. error",
    )
    widths = (21, 9, 7, 11, 9, 8, 7, 11, 9, 8)
    return table(heads, [_row(row) for row in shown], style="bins", widths=widths, says="Figures by group")


def _row(row: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        shortened(str(row["group"]), 90),
        f"{row['n']:,}",
        percent(row["base_rate"]),
        _interval(row.get("base_rate_interval")),
        percent(row["predicted_rate"]),
        percent(row["flag_rate"]),
        percent(row["recall"]),
        _interval(row.get("recall_interval")),
        figure(row["roc_auc"]),
        figure(row["ece"]),
    )


def _interval(ends: Sequence[float] | None) -> str:
    return "–" if ends is None else f"{100 * ends[0]:.1f} to {100 * ends[1]:.1f}"
