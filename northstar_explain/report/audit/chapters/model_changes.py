"""What changed since another model: term by term on one scale, and whose decile is another one."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from northstar_explain.model.deciding_part import DecidingPart
from northstar_explain.model.evaluation.move_facts import FAR, MovedGroup, Moves
from northstar_explain.model.learned_model import Model
from northstar_explain.model.names import with_id
from northstar_explain.model.other_points import points_like
from northstar_explain.report.audit.against import TermChange, golden_moves, term_changes
from northstar_explain.report.audit.shapes.bin_labels import percent, shortened
from northstar_explain.report.audit.shapes.feature_shapes import FeatureShape
from northstar_explain.report.charts.two_shapes import two_shapes
from northstar_explain.report.document.blocks import (
    Block,
    Chapter,
    ChapterBuilder,
    Columns,
    Facts,
    Figure,
    Table,
    Text,
    table,
)
from northstar_explain.report.document.numbers import signed

_CHARTS, _MOVERS = 6, 20
# Rows by how many deciles they moved.
_WAYS: dict[str, Callable[[int], bool]] = {
    "Up": lambda step: step > 0, "Down": lambda step: step < 0, "Stayed": lambda step: step == 0,
    f"Up by {FAR}+": lambda step: step >= FAR, f"Down by {FAR}+": lambda step: step <= -FAR,
}  # fmt: skip


def changes(model: Model, old: DecidingPart, shapes: Sequence[FeatureShape], moves: Moves | None = None) -> Chapter:
    """The chapter on another model that the pack was made against; `moves` are those of the holdout, where known."""
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
    page.section("Rows in another decile", *_movers(moves or golden_moves(model, old), model, moves is not None))
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
    drawn = [(numeric[name], points_like(terms[name], earlier[name], model.contract)[1:-1].tolist()) for name in names]
    ends = [end for shape, before in drawn for end in (*before, *(bin.points for bin in shape.bins))]
    if not ends:
        return [Text("No numeric feature is in both models.")]
    scale = (min(0.0, *ends) - 0.05, max(0.0, *ends) + 0.05)
    figures = [(Figure(two_shapes(shape, before, scale)),) for shape, before in drawn]
    pairs = (tuple(figures[place : place + 2]) for place in range(0, len(figures), 2))
    return [*map(Columns, pairs), Text("Line: this model; dashed: before.", "fine")]


def _movers(found: Moves, model: Model, everybody: bool) -> list[Block]:
    if found.lacking:
        lacking = ", ".join(found.lacking)
        return [Text(f"Not scored: the table of this model lacks what the older one needs: {lacking}.")]
    share = percent(found.in_another / max(1, found.n))
    of = f"{found.n:,} rows of the holdout" if everybody else f"{found.n:,} golden rows that are ordinary rows"
    intro = f"Of {of}, {found.in_another:,} ({share}) are in another decile, each model's among its own training rows."
    if not everybody:
        intro += " With `explain audit --customers TABLE`, every row of the holdout is compared."
    if not found.in_another:
        return [Text(intro)]
    far = sum(n for i, row in enumerate(found.counts) for j, n in enumerate(row) if abs(i - j) > 1)
    stayed = found.n - found.in_another
    intro += f" {stayed:,} ({percent(stayed / found.n)}) stayed, {found.in_another - far:,} moved by one decile, "
    intro += f"{far:,} by more."
    shown: list[Block] = [Text(intro), _decile_table(found), *_shift_tables(found)]
    names = {one.id: with_id(one.id, one.name) for one in model.segmentation.segments}
    shown += [_group_table("Who moved, by segment", "Segment", found.segments, names)]
    shown += [_group_table("Why: the term whose points differ most", "Term", found.terms[:_MOVERS], {})]
    return [*shown, *_farthest(found)]


def _decile_table(found: Moves) -> Table:
    heads = ("Decile before", *(f"now {place}" for place in range(1, 11)))
    rows = [(str(i), *(f"{n:,}" if n else "–" for n in row)) for i, row in enumerate(found.counts, start=1)]
    return table(heads, rows, style="bins", alt_text="Rows by decile before and now")


def _shift_tables(found: Moves) -> list[Block]:
    """What each term added to the log-odds of those who moved up and down, beside those who stayed."""
    rows = [sum(n for step, n in found.by_step.items() if of(step)) for of in _WAYS.values()]
    sums = {one.term: [one.over(of) for of in _WAYS.values()] for one in found.shifts}
    sums = dict(sorted(sums.items(), key=lambda one: (-abs(one[1][0]) - abs(one[1][1]), one[0])))
    intercept = [found.intercept * n for n in rows]
    whole = [math.fsum([of, *(one[place] for one in sums.values())]) for place, of in enumerate(intercept)]
    lines = [("All, with the intercept", whole), ("Intercept", intercept), *list(sums.items())[:_MOVERS]]
    words = (
        "What each term added to the log-odds, newer less older, of the rows that moved. A decile is a rank: what is "
        "added for everybody moves nobody, so that a term moved rows as far as it adds more, or less, to them than to "
        "those who stayed."
    )
    below = f"{_MOVERS} of {len(sums)} terms at most, the rest in against/."
    counts = ("Rows", *(f"{n:,}" for n in rows))
    means = [[value / max(1, n) for value, n in zip(one, rows, strict=True)] for _, one in lines]
    shown = (("Mean of a row", 3, means), ("Sum of all rows", 1, [one for _, one in lines]))
    return [Text(words), *(
        table(
            (which, *_WAYS),
            [counts, *((name, *_cells(values, rows, digits)) for (name, _), values in zip(lines, of, strict=True))],
            widths=(30, 14, 14, 14, 14, 14), style="bins", alt_text=f"Differences of the points by move: {which}",
        )
        for which, digits, of in shown
    ), Text(below, "fine")]  # fmt: skip


def _cells(values: Sequence[float], rows: Sequence[int], digits: int) -> list[str]:
    return [signed(value, digits) if n else "–" for value, n in zip(values, rows, strict=True)]


def _group_table(title: str, head: str, groups: Sequence[MovedGroup], names: Mapping[str, str]) -> Table:
    rows = [
        (shortened(names.get(one.name, one.name), 60), f"{one.n:,}", f"{one.up:,}", f"{one.down:,}") for one in groups
    ]
    heads = (head, "Rows" if names else "Moved most by it", "Up", "Down")
    return table(heads, rows, widths=(55, 15, 15, 15), style="bins", alt_text=title)


def _farthest(found: Moves) -> list[Block]:
    rows = [
        (
            f"{one.row:,}", f"{one.deciles[0]} to {one.deciles[1]}", " to ".join(map(percent, one.probabilities)),
            one.term, " to ".join(map(signed, one.points)),
        )
        for one in found.moved
    ]  # fmt: skip
    heads, widths = ("Row", "Decile", "Probability", "Largest difference in", "Its points"), (12, 12, 20, 36, 20)
    shown = table(heads, rows, words=4, widths=widths, style="bins", alt_text="Rows in another decile")
    more = found.in_another - len(rows)
    return [shown, *([Text(f"{more:,} more have moved, none of them farther.", "fine")] if more else [])]
