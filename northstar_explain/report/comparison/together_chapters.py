"""Chapters 4 and 5 of the memo: when to use which, and both together in production."""

from __future__ import annotations

from collections.abc import Sequence

from northstar_explain.model.evaluation.limits import (
    AUDIENCE_MIN_CUSTOMERS,
    MONITOR_AUC_DROP,
    MONITOR_CALIBRATION_GAP,
    MONITOR_SEGMENT_CHANGE,
    REJECTED_SHARE,
    points,
)
from northstar_explain.model.evaluation.together_facts import DecileCell
from northstar_explain.model.learned_model import Model
from northstar_explain.model.wording import capital
from northstar_explain.report.document.blocks import Cell, Chapter, ChapterBuilder, Table, TableCell, Text, rich, table
from northstar_explain.report.playbook.evidence import is_audience
from northstar_explain.report.playbook.plays import plays_of
from northstar_explain.report.treatments import TREATMENTS

_QUESTIONS = (
    ("Which message?", "Segment", "It describes what people do, in words that a text can address",
     "Writing ten messages for ten deciles: a decile has no story"),
    ("Who first?", "Probability", "It ranks, inside segments too",
     "Taking the best segment whole: it holds high and low probabilities"),
    ("How large a budget?", "Probability, margin and contact cost", "A contact pays from cost over margin upwards",
     "A fixed share each month, whatever the season"),
    ("Is the campaign working?", "Control group", "Only those left out show what would have happened anyway",
     "Crediting the campaign with outcomes that would have come anyway"),
    ("Somebody new?", "Segment at once, probability with care", "Rules need few fields; the model has seen fewer like "
                                                                "them",
     "Reading a low probability as no interest: see the groups of the audit report"),
    ("Has the market changed?", "Both: shares of segments, drift of scores",
     "One shows behavior, the other the model's fit to it", "Training again to make an alarm go away"),
)  # fmt: skip


def when_to_use_which() -> Chapter:
    """The questions of a campaign, and what answers each."""
    head = ("Question", "Use", "Because", "Mistake to avoid")
    return Chapter("which", "4. When to use which", (table(head, _QUESTIONS, words=4, widths=(17, 21, 29, 33)),))


def together(model: Model) -> Chapter:
    """Who is contacted first with what, and how it is watched."""
    noun, evaluation = model.contract.noun, model.evaluation
    later = ", at a later date" if evaluation.purchase.out_of_time else ""
    chapter = ChapterBuilder()
    chapter.paragraphs(
        "The segment decides what to say, the probability whom to contact first, and a control group shows whether it "
        f"worked. Counts are of the {evaluation.purchase.holdout.n:,} {noun} of the holdout{later}: {noun}, and below "
        "them the expected outcomes, the sum of their probabilities."
    )
    chapter.add(decile_table(model), treatment_table(model))
    chapter.paragraphs(
        f"Below each proposal: {noun} of the holdout, the outcomes expected of them, and the outcomes that came. "
        "Proposals are from each segment's profile; people decide. None is made for fewer than "
        f"{AUDIENCE_MIN_CUSTOMERS} {noun} of the whole table.",
        style="fine",
    )
    chapter.add(Text(rich(
        "<strong>A high probability is not a persuadable person.</strong> Those in the top deciles may have the "
        "outcome anyway. Whom a contact changes shows only in comparison with the control group: one in ten by "
        "default, the same ones every week, chosen by a hash of their id."
    )))  # fmt: skip
    chapter.add(_control_sizes(model), _calendar())
    return chapter.chapter("together", "5. Together in production")


def decile_table(model: Model) -> Table:
    """Customers and expected outcomes of each segment in each decile, the highest first."""
    bands = {step: key for steps, key, _ in TREATMENTS for step in steps}
    rows: list[tuple[TableCell, ...]] = [
        (id, *(Cell(f"{cell.n:,}", f"{cell.expected_buyers:,.0f}", bands[cell.decile]) for cell in reversed(cells)))
        for id, cells in model.evaluation.together.matrix.items()
    ]
    return table(("Decile", *map(str, range(10, 0, -1))), rows, style="deciles", alt_text="Segments by decile")


def treatment_table(model: Model) -> Table:
    """The treatment of each segment in each band: the segment's play, with the effort that the band is worth."""
    rows: list[tuple[TableCell, ...]] = []
    plays, audiences = plays_of(model), model.evaluation.audiences.segments
    for segment in model.segmentation.segments:
        play, cells = plays[segment.id], model.evaluation.together.matrix[segment.id]
        offer = play.offer or play.message
        texts = {"first": f"Contact first. {play.message}.", "next": f"As the budget goes. {offer}."}
        in_bands = [
            _treatment(
                [cells[step - 1] for step in steps],
                key,
                texts.get(key, f"{words}."),
                is_audience(audiences[segment.id].bands[key], segment),
            )
            for steps, key, words in TREATMENTS
        ]
        rows.append((f"{segment.id} {segment.name}", *in_bands))
    head = ("What to do", *(_deciles_words(steps) for steps, _, _ in TREATMENTS))
    return table(head, rows, words=4, style="todo", widths=(20, 32, 27, 21))


def _treatment(deciles: Sequence[DecileCell], band: str, words: str, planned: bool) -> Cell:
    n, actual = sum(cell.n for cell in deciles), sum(cell.actual_buyers for cell in deciles)
    expected = sum(cell.expected_buyers for cell in deciles)
    # No treatment for a few customers: they are no audience of their own, and none in the playbook.
    if not planned:
        words = "Too few to plan for: treat with the other segments of the band."
    came = f"{n:,}: {expected:,.0f} expected, {actual:,} came" if n else "0: nobody"
    return Cell(words, came, band)


def _deciles_words(steps: tuple[int, ...]) -> str:
    return f"Deciles {max(steps)} to {min(steps)}" if len(steps) > 2 else f"Deciles {max(steps)} and {min(steps)}"


def _control_sizes(model: Model) -> Table:
    sizes = model.evaluation.together.control_sizes
    head = ("Rise of the outcome rate to detect, percentage points; 5% significance (two-sided), 80% power",
            *(f"{100 * one.uplift:g}" for one in sizes))  # fmt: skip
    needed = f"{capital(model.contract.noun)} needed in each of campaign and control"
    return table(head, [(needed, *(f"{one.customers_each:,}" for one in sizes))])


def _calendar() -> Table:
    """When which command is run, with the limits at which it speaks up."""
    segment, gap = f"{MONITOR_SEGMENT_CHANGE:.0%} of itself", points(MONITOR_CALIBRATION_GAP)
    rows = (
        ("Weekly",
         "explain score, then explain monitor against last week's scores. It fires when a feature or the score drifts "
         f"beyond its stated limit, more than {REJECTED_SHARE:.0%} of rows are rejected, or a segment's share moves "
         f"by more than {segment} and by more than chance", "data team"),
        ("Monthly, or when a trigger fires",
         "explain train --update: segments keep their ids and names where they continue earlier ones",
         "data team; marketing reads who moved"),
        ("Once the outcomes of a campaign are known",
         "explain monitor --outcomes: were the probabilities right? It fires when ROC-AUC falls more than "
         f"{MONITOR_AUC_DROP:g} below the holdout's, or rates are off by more than {gap} and by more than chance. "
         "Control group: did the campaign work?", "marketing with data team"),
        ("With every new model", "explain audit, read and signed", "auditors"),
    )  # fmt: skip
    return table(("When", "What", "Who"), rows, words=3, widths=(20, 60, 20))
