"""The memo's table of what people do instead of these segments, and the sentences that compare them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from northstar_explain.model.evaluation.alternative_facts import (
    ALTERNATIVE_LABELS,
    KMEANS,
    MEDIAN_GRID,
    RECENCY_FREQUENCY,
    RFV,
    SEGMENTS,
    AlternativeFacts,
)
from northstar_explain.model.evaluation.limits import SENTENCE_RULES
from northstar_explain.model.evaluation.segment_facts import SegmentFacts
from northstar_explain.model.wording import capital

# What the groups of each are called in a sentence, plural.
_GROUPS_OF = {
    KMEANS: "the clusters of KMeans",
    RFV: "the named groups of recency-frequency-value quintiles",
    RECENCY_FREQUENCY: "those by recency and frequency",
    MEDIAN_GRID: "those of a grid of two medians",
}


def alternatives_facts(segments: SegmentFacts) -> dict[str, Any]:
    """The formatted facts of the segments beside their alternatives.

    Parameters
    ----------
    segments : SegmentFacts

    Returns
    -------
    dict
        ``heads``, one per grouping; ``rows`` of a label and a cell per grouping, the themes indented; ``how`` each is
        made; ``skipped`` with reasons; ``sentence``, which compares them; and the limit ``sentence_rules``.
    """
    ranked = segments.alternatives
    return {
        "heads": [capital(ALTERNATIVE_LABELS[one.name]) for one in ranked],
        "rows": [*_rows(ranked)],
        "how": [(capital(ALTERNATIVE_LABELS[one.name]), one.how) for one in ranked],
        "skipped": [(ALTERNATIVE_LABELS[one.name], one.reason) for one in segments.alternatives_skipped],
        "sentence": compared(ranked),
        "sentence_rules": SENTENCE_RULES,
    }


def _rows(ranked: Sequence[AlternativeFacts]) -> list[tuple[str, bool, list[str]]]:
    """Label, whether it is a part of the row above, and a cell per grouping."""

    def row(label: str, cell: Callable[[AlternativeFacts], str], part: bool = False) -> tuple[str, bool, list[str]]:
        return label, part, [cell(one) for one in ranked]

    def of_theme(theme: str) -> tuple[str, bool, list[str]]:
        return row(theme, lambda one: f"{one.by_theme[theme]:.0%}", part=True)

    return [
        row("Groups", lambda one: f"{one.groups}"),
        row("Behavior explained: features", lambda one: f"{one.behavior_explained:.0%}"),
        row("Behavior explained: themes", lambda one: f"{one.behavior_explained_themes:.0%}"),
        *(of_theme(theme) for theme in ranked[0].by_theme),
        row("Smallest group", lambda one: f"{one.smallest_share:.1%}"),
        row("Least stable group (Jaccard)", lambda one: f"{one.min_jaccard:.2f}"),
        row("ROC-AUC of the group's rate", lambda one: f"{one.rate_roc_auc:.3f}"),
        row("Rules in all", lambda one: "none" if one.rules is None else f"{one.rules}"),
        row("Said in a sentence", lambda one: _yes(one.said_in_a_sentence)),
        row("Conditions in SQL", lambda one: _yes(one.runs_in_sql)),
    ]


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def compared(groupings: Sequence[AlternativeFacts]) -> str:
    """The comparison in words, whoever comes out better.

    Parameters
    ----------
    groupings : sequence of AlternativeFacts
        The segments among them.

    Returns
    -------
    str
        What the segments explain beside KMeans and the best of the groups made by hand, and who ranks best.
    """
    by_name = {one.name: one for one in groupings}
    ours = by_name.pop(SEGMENTS)
    text = f"The {ours.groups} segments explain {ours.behavior_explained:.0%} of behavior"
    if kmeans := by_name.pop(KMEANS, None):
        text += f", KMeans without rules {kmeans.behavior_explained:.0%} with {kmeans.groups} groups"
    if by_name:
        best = max(by_name.values(), key=lambda one: one.behavior_explained)
        text += (
            f"; of the groups that people make by hand, {_GROUPS_OF[best.name]} explain most: "
            f"{best.behavior_explained:.0%} with {best.groups} groups, {_beside(best, ours)}"
        )
    return f"{text}. {_ranked(groupings, ours)}"


def _beside(best: AlternativeFacts, ours: AlternativeFacts) -> str:
    """More or less than the segments, by the percentages as they are printed."""
    difference = round(100 * best.behavior_explained) - round(100 * ours.behavior_explained)
    words = "as much as" if difference == 0 else "more than" if difference > 0 else "less than"
    return f"{words} the segments"


def _ranked(groupings: Sequence[AlternativeFacts], ours: AlternativeFacts) -> str:
    best = max(groupings, key=lambda one: one.rate_roc_auc)
    ranks, mine = f"{best.rate_roc_auc:.3f}", f"{ours.rate_roc_auc:.3f}"
    if ranks == mine:
        return f"As a ranking of who buys, no other purchase rates are better than the segments': ROC-AUC {mine}."
    return (
        f"As a ranking of who buys, the purchase rates of {_GROUPS_OF[best.name]} are best, with a ROC-AUC of {ranks}; "
        f"those of the segments reach {mine}. Segments are not chosen by it: ranking is what probabilities are for."
    )
