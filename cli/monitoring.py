"""`explain monitor`: scoring runs compared, and the triggers that fired, for a terminal or as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from northstar_explain.cli.output import print_out, remark
from northstar_explain.model.evaluation.metric_registry import F1, ROC_AUC

if TYPE_CHECKING:
    from northstar_explain.model.monitoring.expected_facts import ExpectedFigures
    from northstar_explain.model.monitoring.monitor_facts import (
        DecileMoves,
        FeatureDrift,
        MonitorFacts,
        RunOutcomes,
        RunSummary,
    )
    from northstar_explain.options import CsvOptions

# Exit code: a scheduler can tell a fired trigger from an error (1) and from wrong usage (2).
FIRED = 3
_MOST = 10
_REASONS = 5


def monitor(
    model: Path,
    scores: tuple[Path, ...],
    outcomes: Path | None,
    out: Path | None,
    html: Path | None,
    as_json: bool,
    overwrite: bool,
    csv: CsvOptions,
) -> int:
    """Compare the last two runs; return 3 when a trigger fires."""
    from northstar_explain import api

    *before, earlier, later = scores
    facts = api.load(model).monitor(earlier, later, outcomes, csv, before, out, html, overwrite)
    written = " and ".join(str(one) for one in (out, html) if one)
    done = f"{written} written." if written else ""
    print_out(json.dumps(facts.as_json(), indent=1, ensure_ascii=False) if as_json else text(facts), done)
    for reason in facts.rejected_reasons[:_REASONS]:
        remark(f"rejected of {scores[-1]}: {reason}")
    return FIRED if facts.triggers else 0


def text(facts: MonitorFacts) -> str:
    """The facts of a comparison for a terminal."""
    count, drift = facts.customers, facts.score_drift
    limit = "none" if drift.threshold is None else f"{drift.threshold:.4f}"
    lines = [
        f"Customers: {count.old:,} then, {count.new:,} now, {count.both:,} in both",
        f"Score: PSI {drift.psi:.4f} (limit {limit}, n {drift.n:,})",
        "",
        *_features(facts.feature_drift),
        "",
        *_segments(facts),
        "",
        *_deciles(facts.deciles),
        "",
        *_expected(facts.runs[-1]),
        *_known(facts.outcomes),
        "",
        *([f"TRIGGER  {one}" for one in facts.triggers] or ["No trigger fired."]),
    ]
    return "\n".join(lines)


def _features(drift: Mapping[str, FeatureDrift] | None) -> list[str]:
    if drift is None:
        return ["Features: not known, as there is no run report beside the new scores"]
    # The largest shift first, whether or not it passes its limit: limits differ with the number of customers.
    ranked = sorted(drift.items(), key=lambda item: -item[1].psi)[:_MOST]
    lines = [f"Features against training, the {len(ranked)} that moved most"]
    for name, one in ranked:
        mark = "  shifted" if one.shifted else ""
        lines.append(f"  {name:<28}PSI {one.psi:.4f}  (limit {one.threshold:.4f}, n {one.n:,}){mark}")
    return lines


def _segments(facts: MonitorFacts) -> list[str]:
    ids = [one.id for one in facts.segments]
    lines = ["Segments, and where the customers in both runs went", f"  {'':<6}{'then':>9}{'now':>9}"]
    lines[-1] += "".join(f"{'to ' + id:>10}" for id in ids)
    for one in facts.segments:
        to = facts.migration.get(one.id, {})
        moved = "".join(f"{to.get(id, 0):>10,}" for id in ids)
        lines.append(f"  {one.id:<6}{one.old_share:>9.1%}{one.new_share:>9.1%}{moved}")
    return lines


def _deciles(facts: DecileMoves) -> list[str]:
    lines = [f"Deciles: {facts.same:,} the same"]
    for way, move in (("up", facts.up), ("down", facts.down)):
        by = ", ".join(f"{one.term} ({one.customers:,})" for one in move.by)
        reasons = f"; a new first reason: {by}" if by else ""
        lines.append(f"  {way:<5}{move.customers:,}{reasons}")
    return lines


def _expected(run: RunSummary) -> list[str]:
    if run.expected is None:
        return ["Expected performance: none, as the run has no customers"]
    if run.expected.void:
        return [f"Expected performance: not estimated, as {'; '.join(run.expected.void)}"]
    lines = [
        f"Expected of {run.name} before outcomes are known, with 90% intervals",
        f"  {'':<6}{'ROC-AUC':>24}{'average precision':>24}{'Brier':>24}{'F1':>24}{'positives':>26}",
    ]
    for name, figures in [("all", run.expected.overall), *((one.id, one.figures) for one in run.expected.segments)]:
        if figures is not None:
            lines.append(f"  {name:<6}{_figures(figures)}")
    return lines


def _figures(figures: ExpectedFigures) -> str:
    shares = (figures.roc_auc, figures.average_precision, figures.brier, figures.f1)
    cells = [f"{one.value:.3f} [{one.interval.low:.3f}, {one.interval.high:.3f}]" for one in shares]
    number, (low, high) = figures.positives.value, figures.positives.interval
    return "".join(f"{cell:>24}" for cell in cells) + f"{f'{number:,.0f} [{low:,.0f}, {high:,.0f}]':>26}"


def _known(facts: RunOutcomes | None) -> list[str]:
    if facts is None:
        return []
    figures = facts.figures
    low, high = figures.intervals[ROC_AUC.key]
    sound = "{:.1%} to {:.1%}".format(*facts.predicted_interval)
    lines = [
        "",
        f"Outcomes of {facts.run}: {facts.n:,} known, {facts.unknown:,} not",
        f"  ROC-AUC {figures[ROC_AUC]:.4f} [{low:.4f}, {high:.4f}], F1 {figures[F1]:.4f}",
        f"  actual {facts.base_rate:.1%}, in a sound month {sound}; predicted {facts.predicted_rate:.1%}, "
        f"calibration slope {facts.calibration.slope:.2f}",
    ]
    if facts.trained_share is None:
        lines.append("  not known whether these rows trained the model: its folder was made by an earlier version")
    return lines
