"""How far to rely on the model: term importance, correlated features, robustness, drift and triggers for review."""

from __future__ import annotations

from collections.abc import Sequence

from northstar_explain.model.evaluation.data_facts import Shift
from northstar_explain.model.evaluation.limits import CORRELATED, REJECTED_SHARE
from northstar_explain.model.learned_model import Model
from northstar_explain.model.monitoring.trigger_list import monitor_triggers
from northstar_explain.model.wording import capital
from northstar_explain.report.audit.chapters.frameworks import DRIFT
from northstar_explain.report.audit.shapes.bin_labels import percent, shortened, value_label
from northstar_explain.report.audit.shapes.feature_shapes import FeatureShape
from northstar_explain.report.audit.shapes.pair_shapes import PairShape
from northstar_explain.report.audit.shapes.shape_words import direction, keeps_direction, thin_share
from northstar_explain.report.charts.shift_line import shift_line
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
from northstar_explain.report.document.numbers import signed

_EXPECTED = {"up": "rises", "down": "falls", "": "–"}
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
        f"{len(shapes)} features and {len(pairs)} pairs, ranked by mean absolute points over the training rows. "
        "Each has a page in the appendix, with its bins, their rows and actual rates.",
        style="lead",
    )
    # A column of dashes says no more than the sentence below it.
    required = any(one.feature.monotone for one in shapes)
    rows: list[tuple[TableCell, ...]] = []
    for one in ranked:
        if isinstance(one, FeatureShape):
            low, high = one.reach
            words, thin = capital(one.feature.words), thin_share((*one.bins, one.missing))
            asked, way = _EXPECTED[one.feature.monotone or ""], _direction(one)
        else:
            low, high = float(one.points.min()), float(one.points.max())
            words, asked, way = terms_words(one.term, model), "–", "pair"
            thin = float(one.train_n[~one.thick].sum() / max(1, one.train_n.sum()))
        reach = f"{signed(low)} to {signed(high)}"
        cells = (shortened(words, 90), percent(one.share), f"{one.importance:.3f}", reach)
        ways = (asked, way) if required else (way,)
        rows.append((Link(f"A{one.rank}", one.rank), *cells, *ways, percent(thin)))
    heads = ("Page", "Term", "Share", "Mean points", "Points", *(("Expected",) if required else ()), "Found",
             "In thin bins")  # fmt: skip
    widths = (6, 32, 7, 8, 15, 9, 15, 8) if required else (6, 37, 8, 9, 16, 15, 9)
    page.add(table(heads, rows, words=2, widths=widths, style="small", alt_text="Terms by importance"))
    page.paragraphs(
        "Expected: the direction that the contract requires; a dash where it requires none."
        if required
        else "The contract requires a direction of no feature.",
        style="fine",
    )
    if directions := model.evaluation.purchase.directions:
        page.section(
            "Directions that the contract could give",
            Text("Shapes that all but rise or fall, and what requiring it costs on validation rows: log loss, with one "
                 "standard error. Nothing is required until the contract says monotone."),
            table(
                ("Feature", "Direction", "Of its shape, lost", "Cost"),
                [(capital(model.contract[one.feature].words), _EXPECTED[one.direction], percent(one.lost), one.cost)
                 for one in directions],
                style="small", alt_text="Proposed directions",
            ),
        )  # fmt: skip
    page.section("Features that share credit", *_shared(model))
    return page.chapter("terms", "Term importance", flows=True)


def _direction(shape: FeatureShape) -> str:
    if shape.axis is None and not shape.feature.order:
        return "categories"
    words = direction([bin.points for bin in shape.bins]).replace(", with wiggles", " (wiggles)")
    return words + (", NOT KEPT" if keeps_direction(shape) is False else "")


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
        f"{len(pairs)} pairs correlate by {CORRELATED} or more on the training rows. What the two have in common may "
        "be credited to either, so read their ranks and points together:"
    )
    return [Text(intro), shown, *([Text(f"{more} more are in tables/correlated.csv.", "fine")] if more > 0 else [])]


def robustness(model: Model) -> Chapter:
    """Stability over bags, and the response to values out of range."""
    page = ChapterBuilder()
    facts = model.evaluation.robustness
    bags, noun = facts.bags, model.contract.noun
    spread = bags.probability_spread
    page.paragraphs(
        f"The scorecard is the mean of {bags.bags} bags, each an EBM fitted to half of the training "
        f"rows. {bags.n:,} {noun} of the holdout, scored by each bag alone, show how much a result depends on the "
        "rows that the model was fitted to.",
        style="lead",
    )
    page.add(
        Facts((
            ("Probability", f"standard deviation over the bags {100 * spread.mean:.2f} percentage points on "
                            f"average; {100 * spread.p95:.2f} at the 95th percentile of these {noun}"),
            ("Flag of the likely", f"the same for {percent(bags.same_flag)} of the {noun}"),
            ("Decile", f"the same for {percent(bags.same_decile)}"),
            ("Strongest reason", f"the same for {percent(bags.same_top_reason)}"),
            ("Three strongest reasons", f"{percent(bags.same_top_three)} of them are also given by a single bag"),
        ))
    )  # fmt: skip
    page.paragraphs(
        "These are means over the bags. Their standard deviation is not a confidence interval.", style="fine"
    )
    page.section("The model fitted again", *_retraining(model))
    rows = []
    # The strongest response first: it is the one that a wrong unit or a typing error would cause.
    for one in sorted(facts.out_of_range, key=lambda item: -item.largest):
        feature = model.contract[one.feature]
        low, high = (value_label(feature, x, model.contract.currency) for x in (one.seen_low, one.seen_high))
        changes = (signed(100 * one.below), signed(100 * one.above), f"{100 * one.largest:.2f}")
        rows.append((shortened(capital(feature.words), 90), f"{low} to {high}", *changes))
    heads = ("Feature", "Range in training", "Mean, far below", "Mean, far above", "Largest for one row")
    page.section(
        "Values out of range: change of the probability in percentage points",
        table(heads, rows, words=1, widths=(42, 22, 12, 12, 12), style="small", alt_text="Response out of range"),
    )
    page.paragraphs(
        "Every row is moved far below and far above the training range, one feature at a time. The score becomes "
        "that of the outermost bin and stays there; rows outside the contract's bounds are rejected before scoring.",
        style="fine",
    )
    return page.chapter("robustness", "Robustness", flows=True)


def _retraining(model: Model) -> list[Block]:
    facts = model.evaluation.robustness.retraining
    if facts is None:
        return [Text("Not run: training with --deep fits the model again with other seeds and on bootstrap draws.")]
    intro = (
        f"Each refit has {facts.bags} bags and {facts.rows:,} training rows. Those of “other seeds” differ in the "
        "halves of rows that their bags are fitted to, and in the rows where the table has more; “bootstrap draws” are "
        "of rows drawn with replacement. The spread over bags shows how much halves of one sample differ, within one "
        "fit; refits show how much a whole new training would. With more rows and bags, as the model has, they would "
        "differ less."
    )
    rows = [
        (
            one.kind, str(one.refits), f"{one.rank_correlation:.3f}", f"{one.lowest_rank_correlation:.3f}",
            percent(one.same_decile), percent(one.within_one),
        )
        for one in facts.agreement
    ]  # fmt: skip
    heads = ("Fitted again with", "Refits", "Rank correlation", "Lowest", "Same decile", "Or one beside")
    shown = table(heads, rows, words=1, widths=(30, 10, 18, 12, 15, 15), style="small", alt_text="Refits")
    note = (
        f"Scores of {facts.agreement[0].n:,} holdout rows, against those of the model (Spearman); deciles are tenths "
        "of these rows. Lines in the plots of the appendix show the lowest and the highest points of each bin."
    )
    pairs = [f"{one.term} by {one.refits}" for one in facts.pairs]
    chosen = f"Pairs that refits chose too, of {facts.refits}: {'; '.join(pairs)}." if pairs else ""
    return [Text(intro), shown, Text(note, "fine"), *([Text(chosen, "fine")] if chosen else [])]


def drift(model: Model) -> Chapter:
    """The drift baseline, the shift of the holdout, and triggers for a review."""
    page = ChapterBuilder()
    facts = model.evaluation.drift
    compared = "the later table" if model.evaluation.purchase.out_of_time else "the holdout"
    page.paragraphs(
        "The baseline holds the number of training rows in each decile of every feature and of the probability, "
        "and in each segment (model/drift.parquet, tables/drift.csv). Later tables are compared with it.",
        style="lead",
    )
    rows = [(shortened(_shift_words(one, model), 70), f"{one.psi:.4f}") for one in facts.holdout[:_SHOWN_SHIFTS]]
    page.section(
        f"Shift of {compared} from the training rows",
        Figure(shift_line(facts.holdout)),
        table(("Largest shifts", "Population stability index"), rows, style="small", alt_text="Shift of the holdout"),
    )
    page.paragraphs(
        "The command “explain score” compares every run with training and names shifted features in its report; "
        "“explain monitor” compares two runs, and predictions with outcomes.",
        style="fine",
    )
    page.section(
        "Triggers for a review",
        Text(
            "“explain monitor” fires on each of these, with the same limits; of differences and shares only where they "
            "are also more than chance allows for so many rows:"
        ),
        ItemList(tuple(one.words for one in monitor_triggers())),
        Text("Beside these, which no program sees:"),
        ItemList((
            f"An unseen category with more than {REJECTED_SHARE:.0%} of the rows (the run's report names it).",
            "A new data source, a changed meaning of a column, another outcome or window; an owner or approver who "
            "leaves.",
            "After a year at the latest, or with each monthly training, whichever comes first.",
        )),
    )  # fmt: skip
    return page.chapter(*DRIFT, flows=True)


def _shift_words(one: Shift, model: Model) -> str:
    return capital(model.contract[one.name].words) if one.of == "feature" else f"The {one.of}"
