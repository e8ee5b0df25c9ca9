"""Group checks: figures by group of rows, with group sizes and confidence intervals."""

from __future__ import annotations

from collections.abc import Sequence

from northstar_explain.model.evaluation import Interval
from northstar_explain.model.evaluation.limits import FOUR_FIFTHS, SUBGROUP_MIN_CUSTOMERS
from northstar_explain.model.evaluation.rate_facts import Subgroup
from northstar_explain.model.learned_model import Model
from northstar_explain.model.wording import capital
from northstar_explain.report.audit.chapters.performance import figure, interval_words, sensitive_words
from northstar_explain.report.audit.shapes.bin_labels import percent, shortened
from northstar_explain.report.document.blocks import Block, Chapter, ChapterBuilder, Text, table
from northstar_explain.report.document.numbers import signed

_MOST = 12  # groups of one feature that fit on a page
_FLAG_RATIO = (
    "The flag ratio is the share flagged over that of the group that is flagged most; below "
    f"{FOUR_FIFTHS:.2f} it fails the four-fifths rule (EEOC 1978), a screen and no judgement. "
)


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
        page.section(
            _words(by, model, by in sensitive), _table(rows, capital(model.contract.noun)), *_chance_table(rows)
        )
        if len(rows) > _MOST:
            page.paragraphs(
                f"The {_MOST} largest of {len(rows)} groups; all are in tables/subgroups.csv.", style="fine"
            )
    flags = any(row.flag_ratio is not None for row in subgroups)
    page.paragraphs(
        "By chance: were every probability right, the actual rate would lie there in 95 of 100 samples, z is how many "
        "standard deviations of chance it is away, and the calibration error would be so large on average. "
        f"{_FLAG_RATIO if flags else ''}Intervals of ROC-AUC: DeLong (1988)"
        f"{'; of ratios: Katz (1978)' if flags else ''}.",
        style="fine",
    )
    page.paragraphs(
        f"Intervals of shares are Wilson intervals (1927). Groups of fewer than {SUBGROUP_MIN_CUSTOMERS} "
        f"{model.contract.noun} have no figures: these would reflect chance more than the group.",
        style="fine",
    )
    page.section("Whether other features stand in for a sensitive one", *_proxies(model))
    return page.chapter("groups", "Group checks", flows=True)


def _proxies(model: Model) -> list[Block]:
    """How well the model's features tell each group."""
    proxies = model.evaluation.purchase.proxies
    if not proxies:
        return [Text("No group of a sensitive feature is large enough to be told, or there is none.")]
    words = {feature.name: feature.words for feature in model.contract.features}
    rows = [
        (
            f"{capital(words[one.by])}: {shortened(one.name, 60)}", shortened(words[one.alone.feature or ""], 60),
            f"{one.together.roc_auc:.3f}", _ends(one.together.roc_auc_interval),
            f"{one.alone.roc_auc:.3f}", _ends(one.alone.roc_auc_interval),
        )
        for one in proxies
    ]  # fmt: skip
    heads = ("Group", "Strongest feature", "All features", "95% interval", "Strongest alone", "95% interval")
    widths = (26, 28, 9, 14, 9, 14)
    intro = (
        "That a sensitive feature is left out does not mean that the model cannot know it: others may stand in for it. "
        "Gradient boosting is fitted to the training rows to tell each group from all others by the features of the "
        "model, without the sensitive one; the figures are its ROC-AUC on the holdout, and that of the feature that "
        "tells it best by itself. 0.5 is chance, 1 is certainty."
    )
    shown = table(heads, rows, words=2, widths=widths, style="bins", alt_text="Proxy check")
    return [Text(intro), shown]


def _ends(ends: Interval) -> str:
    return f"{ends.low:.3f} to {ends.high:.3f}"


def _words(by: str, model: Model, sensitive: bool) -> str:
    names = {feature.name: feature.words for feature in model.contract.features}
    return capital(names.get(by, by)) + (" (sensitive)" if sensitive else "")


def _table(rows: Sequence[Subgroup], noun: str) -> Block:
    heads = ("Group", noun, "Actual", "95% interval", "Predicted", "Flagged", "Recall", "95% interval", "ROC-AUC")
    widths = (14, 9, 8, 14, 10, 9, 9, 15, 12)
    return table(heads, [_row(row) for row in _largest(rows)], style="bins", widths=widths, alt_text="Figures by group")


def _largest(rows: Sequence[Subgroup]) -> list[Subgroup]:
    """The largest groups, in the order of the stored facts."""
    largest = sorted(rows, key=lambda row: -row.n)[:_MOST]
    return [row for row in rows if row in largest]


def _chance_table(rows: Sequence[Subgroup]) -> tuple[Block, ...]:
    """What chance alone would give, and how a group compares with the one that is flagged most.

    Only of groups that are large enough for such figures: a table of dashes says nothing that the first does not.
    """
    measured = [row for row in _largest(rows) if row.calibration_z is not None or row.roc_auc_interval is not None]
    # Flags are compared between groups of a sensitive feature alone: else two columns of dashes.
    compared = any(row.flag_ratio is not None for row in measured)
    flag_heads = ("Flag ratio", "95% interval") if compared else ()
    heads = ("Group", "Actual, by chance", "z", "Calib. error", "by chance", "ROC-AUC, 95% interval", *flag_heads)
    shown = [
        (
            shortened(row.name, 90), _interval(row.rate_by_chance),
            "–" if row.calibration_z is None else signed(row.calibration_z, 1), figure(row.ece),
            figure(row.ece_by_chance), interval_words(row.roc_auc_interval), *(_flags(row) if compared else ()),
        )
        for row in measured
    ]  # fmt: skip
    widths = (17, 14, 7, 12, 11, 18, 9, 12) if compared else (25, 18, 9, 14, 12, 22)
    found = table(heads, shown, style="bins", widths=widths, alt_text="Groups against chance")
    return (found,) if shown else ()


def _flags(row: Subgroup) -> tuple[str, str]:
    ends = row.flag_ratio_interval
    return (
        "–" if row.flag_ratio is None else f"{row.flag_ratio:.2f}",
        "–" if ends is None else f"{ends.low:.2f} to {ends.high:.2f}",
    )


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
    )


def _interval(ends: Interval | None) -> str:
    return "–" if ends is None else f"{100 * ends.low:.1f} to {100 * ends.high:.1f}"
