"""The segments beside what people do instead, for a terminal: one column per grouping."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

from northstar_explain.model.evaluation.alternative_facts import ALTERNATIVE_LABELS, AlternativeFacts
from northstar_explain.model.evaluation.limits import SENTENCE_RULES, stability_figure
from northstar_explain.model.evaluation.segment_facts import SegmentFacts

_WIDTH, _NAME, _COLUMN = 110, 38, 14


def alternative_lines(facts: SegmentFacts) -> list[str]:
    """The lines of `explain show` about alternatives to the segments.

    Parameters
    ----------
    facts : SegmentFacts

    Returns
    -------
    list of str
    """
    groupings = facts.alternatives

    def row(name: str, cell: Callable[[AlternativeFacts], str]) -> str:
        return _row(name, [cell(one) for one in groupings])

    def of_theme(theme: str) -> str:
        return row(f"  {theme}", lambda one: f"{one.by_theme[theme]:.2f}")

    return [
        "Segments beside what people do today",
        *_heads([ALTERNATIVE_LABELS[one.name] for one in groupings]),
        row("groups", lambda one: f"{one.groups}"),
        row("behavior explained: features", lambda one: f"{one.behavior_explained:.3f}"),
        row("behavior explained: themes", lambda one: f"{one.behavior_explained_themes:.3f}"),
        *(of_theme(theme) for theme in groupings[0].by_theme),
        row("smallest group", lambda one: f"{one.smallest_share:.1%}"),
        row(
            "stable: least, mean",
            lambda one: f"{stability_figure(one.min_jaccard)}, {stability_figure(one.mean_jaccard)}",
        ),
        row("ROC-AUC of the group's rate", lambda one: f"{one.rate_roc_auc:.4f}"),
        row("rules", lambda one: "none" if one.rules is None else f"{one.rules}"),
        row("said in a sentence", lambda one: _yes(one.said_in_a_sentence)),
        row("conditions in SQL", lambda one: _yes(one.runs_in_sql)),
        *(line for one in groupings for line in _wrapped(f"{ALTERNATIVE_LABELS[one.name]}: {one.how}")),
        *(
            line
            for one in facts.alternatives_skipped
            for line in _wrapped(f"no {ALTERNATIVE_LABELS[one.name]}: {one.reason}")
        ),
        *_wrapped(
            "behavior explained, smallest group: on rows not used to learn; stable: bootstrap Jaccard; the rate is "
            "that of training rows, ranked on the holdout, and chooses nothing; "
            f"said in a sentence: at most {SENTENCE_RULES} rules per group"
        ),
    ]


def _heads(labels: list[str]) -> list[str]:
    """Labels in two lines, broken between words."""
    broken = [textwrap.wrap(label, _COLUMN - 1) for label in labels]
    depth = max(len(parts) for parts in broken)
    padded = [[""] * (depth - len(parts)) + parts for parts in broken]
    return [_row("", [parts[line] for parts in padded]) for line in range(depth)]


def _row(name: str, cells: list[str]) -> str:
    name = name if len(name) < _NAME else name[: _NAME - 2] + "…"
    return f"  {name:<{_NAME}}{''.join(f'{cell:>{_COLUMN}}' for cell in cells)}".rstrip()


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent="  ", subsequent_indent="    ")


def _yes(value: bool) -> str:
    return "yes" if value else "no"
