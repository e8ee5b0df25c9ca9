"""The memo's table of what people do instead of these segments, and the sentences that compare them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from markupsafe import Markup

from northstar_explain.model.evaluation.alternative_facts import (
    ALTERNATIVE_LABELS,
    KMEANS,
    MEDIAN_GRID,
    RECENCY_FREQUENCY,
    RFV,
    SEGMENTS,
    AlternativeFacts,
)
from northstar_explain.model.evaluation.limits import SENTENCE_RULES, stability_figure
from northstar_explain.model.evaluation.segment_facts import SegmentFacts
from northstar_explain.model.wording import capital
from northstar_explain.report.document.blocks import Table, TableCell, Text, rich, table

# What the groups of each are called in a sentence, plural.
_GROUPS_OF = {
    KMEANS: "the clusters of KMeans",
    RFV: "the named groups of recency-frequency-value quintiles",
    RECENCY_FREQUENCY: "groups by recency and frequency",
    MEDIAN_GRID: "the cells of a grid of two medians",
}


def alternatives_blocks(segments: SegmentFacts, noun: str) -> tuple[Text, Table, Text]:
    """The segments beside their alternatives: the comparison in words, a column for each, and how each is made.

    Parameters
    ----------
    segments : SegmentFacts
    noun : str
        What customers are called, plural.

    Returns
    -------
    Text, Table, Text
    """
    ranked = segments.alternatives
    head = ("", *(capital(ALTERNATIVE_LABELS[one.name]) for one in ranked))
    return Text(compared(ranked)), table(head, [*_rows(ranked)], style="dense"), Text(_how(segments, noun), "fine")


def _how(segments: SegmentFacts, noun: str) -> Markup:
    made = [
        rich("<strong>{}</strong>: {}. ", capital(ALTERNATIVE_LABELS[one.name]), one.how)
        for one in segments.alternatives
    ]
    skipped = [rich("No {}: {}. ", ALTERNATIVE_LABELS[one.name], one.reason) for one in segments.alternatives_skipped]
    return Markup().join([*made, *skipped]) + (
        "Behavior explained: share of its variance between groups, a mean over features or themes, on "
        f"{noun} that no grouping was learned from; the smallest group is of them too. In a sentence: at most "
        f"{SENTENCE_RULES} rules select a group. "
        "Rates are of training rows, ranked on the holdout; no grouping is chosen by them."
    )


def _rows(ranked: Sequence[AlternativeFacts]) -> list[tuple[TableCell, ...]]:
    """A label and a cell per grouping."""

    def row(label: str, cell: Callable[[AlternativeFacts], str]) -> tuple[TableCell, ...]:
        return label, *(cell(one) for one in ranked)

    return [
        row("Groups", lambda one: f"{one.groups}"),
        row("Behavior explained: features", lambda one: f"{one.behavior_explained:.0%}"),
        row("Behavior explained: themes", lambda one: f"{one.behavior_explained_themes:.0%}"),
        row("Smallest group", lambda one: f"{one.smallest_share:.1%}"),
        row("Least stable group (Jaccard)", lambda one: stability_figure(one.min_jaccard)),
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
        return f"As a ranking, no other rates are better than the segments': ROC-AUC {mine}."
    return (
        f"As a ranking, the rates of {_GROUPS_OF[best.name]} are best, with a ROC-AUC of {ranks}; "
        f"those of the segments reach {mine}. Segments are not chosen by it: ranking is what probabilities are for."
    )
