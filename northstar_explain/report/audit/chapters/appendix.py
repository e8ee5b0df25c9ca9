"""The appendix: a page with the shape of every feature and every pair."""

from __future__ import annotations

from collections.abc import Sequence

from northstar_explain.model.evaluation.limits import THIN_BIN_CUSTOMERS
from northstar_explain.model.learned_model import Model
from northstar_explain.model.wording import capital
from northstar_explain.report.audit.about_intervals import INTERVALS, NOT_COVERED
from northstar_explain.report.audit.shapes.bin_labels import percent, shortened
from northstar_explain.report.audit.shapes.feature_shapes import ROWS, Bin, FeatureShape, probability_at
from northstar_explain.report.audit.shapes.pair_shapes import PairShape, describe_pair, strongest_colour
from northstar_explain.report.audit.shapes.point_ranges import common_range
from northstar_explain.report.audit.shapes.refit_words import later_key, refits_key
from northstar_explain.report.audit.shapes.shape_words import describe_shape
from northstar_explain.report.charts.pair_map import pair_map
from northstar_explain.report.charts.shape_chart import shape_chart
from northstar_explain.report.document.blocks import Chapter, ChapterBuilder, Figure, ItemList, Legend, Text, table
from northstar_explain.report.document.numbers import signed

_BAND = ("band", "95% interval of the effect")

_DOT = ("dot", "actual rate in the holdout, 95% interval")
_RING = ("ring", "mean predicted rate there")
_FEW = ("few", f"fewer than {THIN_BIN_CUSTOMERS} rows; blank: none")
_NUMBERS = Legend((_BAND, _DOT, _RING, ("thin", f"fewer than {THIN_BIN_CUSTOMERS} rows")))
_CATEGORIES = Legend((
    ("diamond", "points, with the 95% interval of the effect"), _DOT, _RING,
    ("open", f"fewer than {THIN_BIN_CUSTOMERS} rows"),
))  # fmt: skip


def appendix(model: Model, shapes: Sequence[FeatureShape], pairs: Sequence[PairShape]) -> tuple[Chapter, ...]:
    """One chapter of one page for each term, ordered by importance, so that the page number is the rank."""
    # Computed over all terms, so that every page has the same scale and the same colours.
    common = common_range(shapes, model.purchase.intercept)
    strongest = strongest_colour(tuple(pairs))
    ranked: list[FeatureShape | PairShape] = sorted((*shapes, *pairs), key=lambda one: one.rank)
    return tuple(
        _shape_page(one, common, model) if isinstance(one, FeatureShape) else _pair_page(one, strongest, model)
        for one in ranked
    )


def _eyebrow(one: FeatureShape | PairShape, model: Model) -> str:
    total = len(model.scorecard.terms)
    return (
        f"{one.term}  ·  rank {one.rank} of {total}  ·  {percent(one.share)} of all importance  ·  "
        f"mean absolute points {one.importance:.3f}"
    )


def _shape_page(shape: FeatureShape, common: tuple[float, float], model: Model) -> Chapter:
    page = ChapterBuilder()
    key = _key(_NUMBERS if shape.axis is not None else _CATEGORIES, model)
    plotted = shape_chart(shape, common, model.purchase.intercept)
    page.add(ItemList(describe_shape(shape, model.contract)), Figure(plotted), key)
    # Missing and unseen are always listed, even without customers: a later table may hold them.
    bins = [*shape.shown_groups, shape.missing, shape.unseen]
    rows = [_bin_row(bin, model.purchase.intercept) for bin in bins]
    heads = (
        "Bin",
        "Bins",
        "Rows",
        "Points",
        "95% interval",
        "Else average",
        "Actual, training",
        "Holdout",
        "Actual",
        "Predicted",
    )
    page.add(
        table(heads, rows, widths=(20, 4, 7, 14, 14, 8, 8, 8, 7, 10), style="bins", alt_text=f"Bins of {shape.term}")
    )
    more = len(shape.groups) - len(shape.shown_groups)
    if more:
        page.paragraphs(
            f"{more:,} more categories, with fewer rows each, are in tables/scorecard.csv.gz.", style="fine"
        )
    return page.chapter(f"A{shape.rank}", capital(shape.feature.words), _eyebrow(shape, model))


def _key(of: Legend, model: Model) -> Legend:
    again = (("refits", refits_key(model)), ("later", later_key(model)))
    return Legend((*of.signs, *(sign for sign in again if sign[1])))


def _bin_row(bin: Bin, intercept: float) -> tuple[str, ...]:
    reach = signed(bin.points) if bin.lowest == bin.highest else f"{signed(bin.lowest)} to {signed(bin.highest)}"
    return (
        shortened(bin.label, 34) + (" *" if bin.thin else ""),
        f"{bin.bins}",
        f"{bin.train_n:,}",
        reach,
        " to ".join(map(signed, bin.interval)) if bin.interval else "–",
        percent(probability_at(bin.points, intercept)),
        percent(bin.train_rate),
        f"{bin.holdout_n:,}",
        percent(bin.holdout_rate) if bin.holdout_n >= THIN_BIN_CUSTOMERS else "–",
        percent(bin.predicted_rate) if bin.holdout_n >= THIN_BIN_CUSTOMERS else "–",
    )


def _pair_page(pair: PairShape, strongest: float, model: Model) -> Chapter:
    page = ChapterBuilder()
    page.add(ItemList(describe_pair(pair)), Figure(pair_map(pair, strongest)), Legend((_FEW,)))
    rows = [
        (
            shortened(cell.first, 40),
            shortened(cell.second, 40),
            signed(cell.points),
            f"{cell.spread:.2f}",
            f"{cell.train_n:,}",
            percent(cell.train_rate),
            f"{cell.holdout_n:,}",
            percent(cell.holdout_rate) if cell.holdout_n >= THIN_BIN_CUSTOMERS else "–",
        )
        for cell in pair.strongest
    ]
    names = [capital(side.feature.words) for side in (pair.first, pair.second)]
    heads = (*(shortened(name, 60) for name in names), "Points", "Spread", "Rows", "Actual", "Holdout", "Actual")
    widths, alt_text = (25, 25, 9, 8, 10, 8, 8, 7), f"Strongest cells of {pair.term}"
    if rows:
        page.add(table(heads, rows, words=2, widths=widths, style="bins", alt_text=alt_text))
        note = f"The cells with the most and the fewest points of those with {THIN_BIN_CUSTOMERS} rows or more."
    else:
        note = f"No cell has {THIN_BIN_CUSTOMERS} rows, so none is listed here."
    page.paragraphs(f"{note} Every cell is in tables/pairs.csv.gz.", style="fine")
    return page.chapter(
        f"A{pair.rank}", shortened(" with ".join([names[0], pair.second.feature.words]), 130), _eyebrow(pair, model)
    )


def _retrained(model: Model) -> tuple[str, ...]:
    if not refits_key(model):
        return ()
    later = " The dashed line is a fit to the later table alone." if later_key(model) else ""
    return (
        "Two thin lines are the lowest and the highest points where the model was fitted again, with other seeds and "
        "on bootstrap draws: what another training could have given, in each bin by itself; no confidence interval."
        f"{later}",
    )


def reading(model: Model) -> tuple[Text | ItemList, ...]:
    """How to read the pages of the appendix; explained once, before them."""
    noun, outcome = model.contract.noun, model.contract.outcome
    return (
        ItemList((
            "Points are log-odds and add up: +0.69 doubles the odds, −0.69 halves them, +0.10 raises them by a tenth.",
            "The large plot has a scale of its own; at its right are the probabilities where all else is average. The "
            "small one has the same scale on every page, so that features can be compared.",
            f"{INTERVALS} {NOT_COVERED}",
            "The spread of a cell of a pair is the standard deviation of its points over the bags. It is not a "
            "confidence interval.",
            *_retrained(model),
            f"Actual is the share of {noun} with the outcome: {outcome}. Dots are the actual rates of "
            "the bins in the holdout, with a 95% interval (Wilson 1927), where there are "
            f"{THIN_BIN_CUSTOMERS} rows or more and the rate lies on the scale; rings are the mean "
            "predicted rates of the same rows. Dots and rings differ from the curve where "
            "rows differ in other features too: the curve is the contribution of this feature alone.",
            f"Grey behind the curve, white diamonds, small squares: fewer than {THIN_BIN_CUSTOMERS} training "
            "rows. The missing bin is on the left, dashed where nobody is in it. A number is never “unseen”, so "
            "for numbers that bin is in the table only.",
            f"In the table, neighbouring bins are merged into at most {ROWS}; a star marks those with fewer than "
            f"{THIN_BIN_CUSTOMERS} rows. Every single bin is in tables/scorecard.csv.gz, every cell of a pair in "
            f"tables/pairs.csv.gz. Rates of fewer than {THIN_BIN_CUSTOMERS} holdout rows are left out.",
        )),
    )  # fmt: skip
