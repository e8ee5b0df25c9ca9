"""How far to rely on it: what weighs most, shared credit, robustness, drift and when to look again."""

from __future__ import annotations

from collections.abc import Sequence

from northstar_explain.model import Model
from northstar_explain.model.evaluation.data_facts import Shift
from northstar_explain.model.evaluation.limits import CORRELATED, PSI_LOOK, PSI_REVIEW, REJECTED_SHARE
from northstar_explain.model.evaluation.metric_registry import ECE
from northstar_explain.model.wording import capital
from northstar_explain.report.audit.shapes.bin_labels import percent, shortened, signed, value_label
from northstar_explain.report.audit.shapes.feature_shapes import FeatureShape
from northstar_explain.report.audit.shapes.pair_shapes import PairShape
from northstar_explain.report.audit.shapes.shape_words import direction, keeps_direction, thin_share
from northstar_explain.report.document import svg
from northstar_explain.report.document.blocks import (
    Block,
    Chapter,
    ChapterBuilder,
    Facts,
    Figure,
    ItemList,
    Link,
    TableCell,
    Text,
    table,
)
from northstar_explain.report.document.svg import Canvas

_SHOWN_SHIFTS = 12
_SHOWN_SHARED = 20


def terms_words(term: str, model: Model) -> str:
    """A term in the words of its features."""
    return capital(" with ".join(model.contract[name].words for name in term.split(" × ")))


def overview(model: Model, shapes: Sequence[FeatureShape], pairs: Sequence[PairShape]) -> Chapter:
    """All terms ranked, each with its page in the appendix."""
    page = ChapterBuilder()
    ranked: list[FeatureShape | PairShape] = sorted((*shapes, *pairs), key=lambda one: one.rank)
    page.paragraphs(
        f"{len(shapes)} features and {len(pairs)} pairs, ranked by mean absolute points over the training customers. "
        "Each "
        "has a page in the appendix, with every bin, its customers and what they did.",
        style="lead",
    )
    rows: list[tuple[TableCell, ...]] = []
    for one in ranked:
        if isinstance(one, FeatureShape):
            low, high = one.reach
            words, way, thin = capital(one.feature.words), _direction(one), thin_share((*one.bins, one.missing))
        else:
            low, high = float(one.points.min()), float(one.points.max())
            words, way = terms_words(one.term, model), "pair"
            thin = float(one.train_n[~one.thick].sum() / max(1, one.train_n.sum()))
        reach = f"{signed(low)} to {signed(high)}"
        told = (shortened(words, 90), percent(one.share), f"{one.importance:.3f}", reach, way, percent(thin))
        rows.append((Link(f"A{one.rank}", one.rank), *told))
    heads = ("Page", "Term", "Share", "Mean points", "Points", "Direction", "In thin bins")
    page.add(
        table(heads, rows, words=2, widths=(7, 39, 8, 9, 15, 13, 9), style="small", alt_text="Terms by importance")
    )
    page.section("Features that share credit", *_shared(model))
    return page.chapter("terms", "What weighs most", flows=True)


def _direction(shape: FeatureShape) -> str:
    if shape.axis is None and not shape.feature.order:
        return "categories"
    found = direction([bin.points for bin in shape.bins]).replace(", with wiggles", " (wiggles)")
    return found + {True: ", as demanded", False: ", NOT KEPT", None: ""}[keeps_direction(shape)]


def _shared(model: Model) -> list[Block]:
    pairs = model.evaluation.data.correlated
    if not pairs:
        return [Text(f"No two features of the model correlate by {CORRELATED} or more.")]
    words = {one.name: shortened(capital(one.words), 90) for one in model.contract.features}
    rows = [(words[one.first], words[one.second], one.measure, signed(one.value)) for one in pairs[:_SHOWN_SHARED]]
    heads = ("Feature", "and", "Measured by", "Value")
    shown = table(heads, rows, words=3, widths=(39, 39, 13, 9), style="small", alt_text="Features that share credit")
    more = len(pairs) - _SHOWN_SHARED
    intro = (
        f"{len(pairs)} pairs correlate by {CORRELATED} or more on the training rows. Either could carry "
        "what both have in "
        "common, so "
        "their ranks and points are to be read together:"
    )
    return [Text(intro), shown, *([Text(f"{more} more are in tables/correlated.csv.", "fine")] if more > 0 else [])]


def robustness(model: Model) -> Chapter:
    """What other bags and values out of range would change."""
    page = ChapterBuilder()
    facts = model.evaluation.robustness
    bags = facts.bags
    spread = bags.probability_spread
    page.paragraphs(
        f"The scorecard is the mean of {bags.bags} machines, each fitted to another part of the training rows. "
        "Scored by "
        f"each of them alone, {bags.n:,} customers of the holdout show how far a result depends on the "
        "rows it was fitted to.",
        style="lead",
    )
    page.add(
        Facts((
            ("Probability", f"standard deviation over the bags {100 * spread.mean:.2f} points of a percent on "
                            f"average; {100 * spread.p95:.2f} for the customer at the 95th percentile"),
            ("Likely-buyer flag", f"the same for {percent(bags.same_flag)} of the customers"),
            ("Decile", f"the same for {percent(bags.same_decile)}"),
            ("Strongest reason", f"the same for {percent(bags.same_top_reason)}"),
            ("Three strongest reasons", f"{percent(bags.same_top_three)} of them are named by a bag alone, too"),
        ))
    )  # fmt: skip
    page.paragraphs("These are means over the bags. The spread is no confidence interval.", style="fine")
    rows = []
    for one in sorted(facts.out_of_range, key=lambda item: -item.largest):
        feature = model.contract[one.feature]
        low, high = (value_label(feature, x, model.contract.currency) for x in (one.seen_low, one.seen_high))
        changes = (signed(100 * one.below), signed(100 * one.above), f"{100 * one.largest:.2f}")
        rows.append((shortened(capital(feature.words), 90), f"{low} to {high}", *changes))
    heads = ("Feature", "Seen in training", "Mean, far below", "Mean, far above", "Largest for one, either way")
    page.section(
        "Beyond the values seen, in points of a percent of the probability",
        table(heads, rows, words=1, widths=(42, 22, 12, 12, 12), style="small", alt_text="Response out of range"),
    )
    page.paragraphs(
        "Every customer is moved far below and far above the values seen, one feature at a time. The score goes to "
        "that of "
        "the outermost bin and stays there; the contract rejects what is outside its bounds before it comes to that.",
        style="fine",
    )
    return page.chapter("robustness", "Robustness", flows=True)


def drift(model: Model) -> Chapter:
    """The baseline for later tables, and what asks for a review."""
    page = ChapterBuilder()
    facts, error = model.evaluation.drift, model.evaluation.purchase.holdout.figures[ECE]
    later = "the later table" if model.evaluation.purchase.out_of_time else "the holdout, drawn from the same table"
    page.paragraphs(
        "The baseline holds how many training customers were in each tenth of every feature, of the probability, and "
        "in each "
        "segment (model/drift.parquet, tables/drift.csv). Later tables are held against it.",
        style="lead",
    )
    rows = [(shortened(_shift_words(one, model), 70), f"{one.psi:.4f}") for one in facts.holdout[:_SHOWN_SHIFTS]]
    page.section(
        f"How far {later}, is from the training rows" if "," in later else f"How far {later} is from the training rows",
        _shifts(facts.holdout),
        table(
            ("The largest of all", "Population stability index"), rows, style="small", alt_text="Shift of the holdout"
        ),
    )
    page.paragraphs(
        "The command “explain score” holds every run against training and names shifted features in its report; "
        "“explain monitor” compares two runs, and predictions with outcomes.",
        style="fine",
    )
    page.section("Triggers for a review", ItemList((
        f"A population stability index from {PSI_LOOK} on: look at the feature; from {PSI_REVIEW} on, of a "
        "feature among the ten "
        "most important, of the probability or of the segments: review the model (Siddiqi 2006).",
        f"A share of rejected rows above {REJECTED_SHARE:.0%}, or a category never seen in training with "
        f"more than {REJECTED_SHARE:.0%} of the customers.",
        f"Predicted and actual rate further apart than {2 * error:.1%}, twice the calibration error of "
        "the holdout, in any decile with 1,000 customers "
        "or more.",
        "A new source of data, another meaning of a column, another outcome or window; an owner or approver who "
        "leaves.",
        "At the latest after a year, or with each monthly training, whichever comes first.",
    )))  # fmt: skip
    return page.chapter("drift", "Drift baseline and triggers for review", flows=True)


def _shift_words(one: Shift, model: Model) -> str:
    return capital(model.contract[one.name].words) if one.of == "feature" else f"The {one.of}"


def _shifts(found: Sequence[Shift]) -> Figure:
    """A dot for each index on a line with the two marks; what is far beyond stands at the end of the line."""
    canvas = Canvas(
        890,
        74,
        f"Population stability indices of {len(found)} features on a line; marks at {PSI_LOOK} and {PSI_REVIEW}.",
    )
    width, left, end = 800.0, 40.0, 2 * PSI_REVIEW
    beyond = [one.psi for one in found if one.psi > end]
    canvas.path(svg.line([(left, 40), (left + width, 40)]), stroke=svg.SOFT)
    places = [left + width * min(1.0, one.psi / end) for one in found]
    canvas.path("".join(svg.circle(x, 40, 3.4) for x in places), fill=svg.CURVE)
    for value, words in ((0.0, "0"), (PSI_LOOK, f"{PSI_LOOK}: look"), (PSI_REVIEW, f"{PSI_REVIEW}: review")):
        x = left + width * value / end
        canvas.path(svg.line([(x, 26), (x, 54)]), stroke=svg.SOFT)
        canvas.text(x, 68, words, anchor="middle")
    if beyond:
        canvas.text(left + width, 68, f"{len(beyond)} beyond {end}, up to {max(beyond):.2f}", anchor="end")
    canvas.text(left, 16, "each dot is a feature, the probability or the segments", size=11)
    return canvas.done()
