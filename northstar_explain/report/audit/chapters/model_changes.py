"""What changed since another model: term by term on one scale, and whose decile is another one."""

from __future__ import annotations

from collections.abc import Sequence

from northstar_explain.model.deciding_part import DecidingPart
from northstar_explain.model.learned_model import Model
from northstar_explain.report.audit.against import Movers, TermChange, movers, points_like, term_changes
from northstar_explain.report.audit.shapes.bin_labels import percent, shortened, signed
from northstar_explain.report.audit.shapes.feature_shapes import FeatureShape
from northstar_explain.report.charts.two_shapes import two_shapes
from northstar_explain.report.document.blocks import Block, Chapter, ChapterBuilder, Columns, Facts, Figure, Text, table

_CHARTS, _MOVERS = 6, 20


def changes(model: Model, old: DecidingPart, shapes: Sequence[FeatureShape]) -> Chapter:
    """The chapter on another model that the pack was made against."""
    page = ChapterBuilder()
    changed = term_changes(model, old)
    page.paragraphs(
        f"Compared with model {old.id}, of which against/ holds what decides a score. Points of both are log-odds, "
        "each term centred on its own training customers. Differences are newer less older, over the training "
        "customers of this model.",
        style="lead",
    )
    page.add(_numbers(model, old))
    page.section("Term by term", *_terms(changed, model))
    page.section("The most changed numeric features, on one scale", *_charts(changed, model, old, shapes))
    page.section("Ordinary golden rows in another decile", *_movers(movers(model, old), model))
    return page.chapter("changes", "What changed", flows=True)


def _numbers(model: Model, old: DecidingPart) -> Facts:
    before, after = old.purchase, model.purchase
    kept = {one.id for one in old.segmentation.segments} & {one.id for one in model.segmentation.segments}
    same = sum(_definition(old, id) == _definition(model, id) for id in kept)
    return Facts((
        ("Intercept", f"{signed(before.intercept, 4)} before, {signed(after.intercept, 4)} now"),
        ("Threshold of the flag", f"{before.threshold:.4f} before, {after.threshold:.4f} now"),
        ("Terms", f"{len(old.scorecard.terms)} before, {len(model.scorecard.terms)} now"),
        ("Segments", f"{len(old.segmentation.segments)} before, {len(model.segmentation.segments)} now; of {len(kept)} "
                     f"ids in both, {same} have the same rule"),
    ))  # fmt: skip


def _definition(of: Model | DecidingPart, id: str) -> str:
    return next(one.definition for one in of.segmentation.segments if one.id == id)


def _terms(changed: Sequence[TermChange], model: Model) -> list[Block]:
    rows = [
        (
            one.term, _importance(one.before), _importance(one.after), f"{one.mean:.3f}", signed(one.largest),
            shortened(one.where, 60),
        )
        for one in changed
    ]  # fmt: skip
    heads = ("Term", "Importance before", "now", "Mean difference", "Largest", "Where")
    widths = (36, 10, 8, 10, 9, 27)
    shown = table(heads, rows, words=1, last_words=1, widths=widths, style="bins", alt_text="Terms of two models")
    note = "Importance: mean absolute points. A dash: the model does not have the term, which counts as no points."
    return [shown, Text(note, "fine")]


def _importance(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _charts(
    changed: Sequence[TermChange], model: Model, old: DecidingPart, shapes: Sequence[FeatureShape]
) -> list[Block]:
    terms, earlier = {t.name: t for t in model.scorecard.terms}, {t.name: t for t in old.scorecard.terms}
    numeric = {shape.term: shape for shape in shapes if shape.axis is not None}
    names = [one.term for one in changed if one.term in numeric and one.term in earlier][:_CHARTS]
    drawn = [(numeric[name], points_like(terms[name], earlier[name], model)[1:-1].tolist()) for name in names]
    ends = [end for shape, before in drawn for end in (*before, *(bin.points for bin in shape.bins))]
    if not ends:
        return [Text("No numeric feature is in both models.")]
    scale = (min(0.0, *ends) - 0.05, max(0.0, *ends) + 0.05)
    figures = [(Figure(two_shapes(shape, before, scale)),) for shape, before in drawn]
    pairs = (tuple(figures[place : place + 2]) for place in range(0, len(figures), 2))
    return [*map(Columns, pairs), Text("Line: this model; dashed: before.", "fine")]


def _movers(found: Movers, model: Model) -> list[Block]:
    if found.lacking:
        lacking = ", ".join(found.lacking)
        return [Text(f"Not scored: the table of this model lacks what the older one needs: {lacking}.")]
    share = len(found.moved) / max(1, found.n)
    intro = (
        f"Of {found.n:,} golden rows that are ordinary customers, {len(found.moved):,} ({percent(share)}) are in "
        "another decile, each model's among its own training customers. Beside each, the term whose points differ most."
    )
    rows = [
        (
            str(one.row), f"{one.deciles[0]} to {one.deciles[1]}", " to ".join(map(percent, one.probabilities)),
            one.term, " to ".join(map(signed, one.points)),
        )
        for one in found.moved[:_MOVERS]
    ]  # fmt: skip
    if not rows:
        return [Text(intro)]
    heads, widths = ("Golden row", "Decile", "Probability", "Largest difference in", "Its points"), (12, 12, 20, 36, 20)
    shown = table(heads, rows, words=4, widths=widths, style="bins", alt_text="Golden rows in another decile")
    more = len(found.moved) - len(rows)
    return [Text(intro), shown, *([Text(f"{more:,} more have moved, none of them farther.", "fine")] if more else [])]
