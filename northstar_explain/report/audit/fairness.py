"""Group checks: whether groups of people are scored and judged alike, with how many they are and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from northstar_explain.metrics import wilson
from northstar_explain.model import Model
from northstar_explain.model.wording import capital
from northstar_explain.report.audit.blocks import Block, Chapter, Text, Writer, table
from northstar_explain.report.audit.labels import percent, shortened
from northstar_explain.report.audit.performance import NOT_MEASURED, figure, sensitive_words

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
        return page.chapter("groups", "Group checks")
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
    return page.chapter("groups", "Group checks")


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
        "Calibration error",
    )
    return table(heads, [_row(row) for row in shown], style="bins", says="Figures by group")


def _row(row: Mapping[str, Any]) -> tuple[str, ...]:
    n, rate, recall = row["n"], row.get("base_rate"), row.get("recall")
    buyers = round(n * rate) if rate is not None else 0
    return (
        shortened(str(row["group"]), 40),
        f"{n:,}",
        percent(rate),
        _interval(rate, n),
        percent(row.get("predicted_rate")),
        percent(row.get("flag_rate")),
        percent(recall),
        _interval(recall, buyers),
        figure(row.get("roc_auc")),
        figure(row.get("ece")),
    )


def _interval(share: float | None, n: int) -> str:
    """The interval of a share of n."""
    if share is None or not n:
        return "–"
    low, high = wilson(round(share * n), n)
    return f"{100 * low:.1f} to {100 * high:.1f}"
