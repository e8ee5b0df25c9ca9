"""Chapter 6 of the memo, both together in production, and its appendix: the calendar with its commands."""

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
from northstar_explain.model.names import with_id
from northstar_explain.model.wording import capital
from northstar_explain.report import statements
from northstar_explain.report.document.blocks import Cell, Chapter, ChapterBuilder, Table, TableCell, Text, rich, table
from northstar_explain.report.playbook.evidence import is_audience
from northstar_explain.report.playbook.plays import plays_of
from northstar_explain.report.treatments import TREATMENTS


def together(model: Model) -> Chapter:
    """Who is contacted first with what, and how it is watched."""
    noun, evaluation = model.contract.noun, model.evaluation
    later = ", at a later date" if evaluation.purchase.out_of_time else ""
    chapter = ChapterBuilder()
    chapter.paragraphs(
        "The segment decides what to say, and a control group shows what it was worth. "
        f"{statements.paid_contacts(evaluation.money)}; free channels go by probability. Below each proposal: {noun} "
        f"of the holdout{later}, the outcomes expected of them, the sum of their probabilities, and the outcomes that "
        "came."
    )
    chapter.add(treatment_table(model))
    chapter.paragraphs(
        "Proposals are from each segment's profile; people decide. None is made for fewer than "
        f"{AUDIENCE_MIN_CUSTOMERS} {noun} of the whole table.",
        style="fine",
    )
    chapter.add(Text(rich(
        "<strong>Likely is not persuadable.</strong> {}: one in ten by default, the same ones every week, chosen by a "
        "hash of their id.", statements.not_persuadable(model.contract)
    )))  # fmt: skip
    chapter.add(_control_sizes(model))
    return chapter.chapter("together", "6. Together in production")


def treatment_table(model: Model) -> Table:
    """The treatment of each segment in each band: the segment's play, with the effort that the band is worth."""
    rows: list[tuple[TableCell, ...]] = []
    plays, audiences = plays_of(model), model.evaluation.audiences.segments
    for segment in model.segmentation.segments:
        play, cells = plays[segment.id], model.evaluation.together.matrix[segment.id]
        offer = play.offer or play.message
        texts = {"first": f"First on own channels. {play.message}.", "next": f"After them. {offer}."}
        in_bands = [
            _treatment(
                [cells[step - 1] for step in steps],
                key,
                texts.get(key, f"{words}."),
                is_audience(audiences[segment.id].bands[key], segment),
            )
            for steps, key, words in TREATMENTS
        ]
        rows.append((with_id(segment.id, segment.name), *in_bands))
    head = ("What to do", *(_deciles_words(steps) for steps, _, _ in TREATMENTS))
    return table(head, rows, words=4, style="todo dense", widths=(22, 28, 26, 24))


def _treatment(deciles: Sequence[DecileCell], band: str, words: str, planned: bool) -> Cell:
    n, actual = sum(cell.n for cell in deciles), sum(cell.actual_buyers for cell in deciles)
    expected = sum(cell.expected_buyers for cell in deciles)
    # No treatment for a few customers: they are no audience of their own, and none in the playbook.
    if not planned:
        words = "Too few to plan for: treat with the other segments of the band."
    if not n:
        return Cell("None here.", "0", band)
    return Cell(words, f"{n:,}: {expected:,.0f} expected, {actual:,} came", band)


def _deciles_words(steps: tuple[int, ...]) -> str:
    return f"Deciles {max(steps)} to {min(steps)}" if len(steps) > 2 else f"Deciles {max(steps)} and {min(steps)}"


def _control_sizes(model: Model) -> Table:
    sizes = model.evaluation.together.control_sizes
    head = ("Rise of the outcome rate to detect, points (5% significance, 80% power)",
            *(f"{100 * one.uplift:g}" for one in sizes))  # fmt: skip
    needed = f"{capital(model.contract.noun)} needed in each of campaign and control"
    return table(head, [(needed, *(f"{one.customers_each:,}" for one in sizes))])


def calendar() -> Chapter:
    """What is done when, by whom and by which command, and the limits at which monitoring speaks up."""
    segment, gap = f"{MONITOR_SEGMENT_CHANGE:.0%} of itself", points(MONITOR_CALIBRATION_GAP)
    rows = (
        ("Weekly",
         Cell("Score, and monitor against last week's scores. It fires when a feature or the score drifts beyond its "
              f"stated limit, more than {REJECTED_SHARE:.0%} of rows are rejected, or a segment's share moves by more "
              f"than {segment} and by more than chance",
              "explain score, then explain monitor --scores (last week's) --scores (this week's)"), "data team"),
        ("For a campaign",
         Cell("Plan it, and contact its audience", "explain campaign plan; with --uplift, from what was measured"),
         "marketing"),
        ("Once its outcomes are known",
         Cell("Read the campaign against its control group, and plan the next one with the measured uplifts. Monitor "
              f"with outcomes: it fires when ROC-AUC falls more than {MONITOR_AUC_DROP:g} below the holdout's, or "
              f"rates are off by more than {gap} and by more than chance",
              "explain campaign read, and explain monitor --outcomes"), "marketing with data team"),
        ("Monthly, or when a trigger fires",
         Cell("Update the model: segments keep their ids and names where they continue earlier ones",
              "explain train --update; with --holdout, evaluated on a later table"),
         "data team; marketing reads who moved"),
        ("With every new model",
         Cell("Audit pack, read and signed; playbook and memo again",
              "explain audit, explain playbook and explain compare; --margin, --contact-cost, --voucher and --budget "
              "for other amounts, --owner and --decide-by for this page"), "auditors; marketing"),
    )  # fmt: skip
    of_year = table(("When", "What, and the command", "Who"), rows, words=3, widths=(18, 66, 16), style="dense")
    return Chapter("commands", "Appendix: calendar and commands", (of_year,))
