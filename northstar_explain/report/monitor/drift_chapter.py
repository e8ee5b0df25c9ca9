"""Whether customers are like those of training: features, score, rejected rows."""

from __future__ import annotations

from northstar_explain.model.evaluation.limits import PSI_REVIEW
from northstar_explain.model.learned_model import Model
from northstar_explain.model.monitoring.monitor_facts import FeatureDrift, MonitorFacts
from northstar_explain.report.document import numbers
from northstar_explain.report.document.blocks import Chapter, ChapterBuilder, table

_MOST = 12


def drift(facts: MonitorFacts, model: Model) -> Chapter:
    """The features that moved most, and what of it is beyond chance.

    Parameters
    ----------
    facts : MonitorFacts
    model : Model

    Returns
    -------
    Chapter
    """
    page = ChapterBuilder()
    if facts.feature_drift is None:
        page.paragraphs("Not known: there is no run report beside the last scores.")
        return page.chapter("drift", "Drift of features")
    ranked = sorted(facts.feature_drift.items(), key=lambda item: -item[1].psi)[:_MOST]
    rows = [(model.contract[name].words, f"{one.psi:.3f}", f"{one.threshold:.3f}", _words(one)) for name, one in ranked]
    head = ("Feature", "PSI", "Limit", "What it says")
    page.add(table(head, rows, last_words=1, widths=(46, 12, 12, 30), alt_text="The features that moved most"))
    deciles, noun = facts.deciles, model.contract.noun
    rejected = (
        "" if facts.rejected_share is None else f" {numbers.percent(facts.rejected_share)} of the rows were rejected."
    )
    page.paragraphs(
        "The last run against training, by the population stability index; a limit depends on the number of customers."
        f"{rejected} {deciles.up.customers:,} {noun} went to a higher decile of probability than before, "
        f"{deciles.down.customers:,} to a lower one, {deciles.same:,} stayed in theirs.",
        style="fine",
    )
    return page.chapter("drift", "Drift of features")


def _words(one: FeatureDrift) -> str:
    if not one.shifted:
        return "within its limit"
    return f"{PSI_REVIEW} or more: review the model" if one.large else "inspect it"
