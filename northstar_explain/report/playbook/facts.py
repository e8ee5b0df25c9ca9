"""The facts of a playbook, taken from a model folder and formatted; nothing is measured here."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace

from northstar_explain.model.evaluation.limits import JACCARD_STABLE
from northstar_explain.model.learned_model import Model
from northstar_explain.model.names import called
from northstar_explain.model.wording import capital
from northstar_explain.report.document import numbers as words
from northstar_explain.report.document.palette import accents
from northstar_explain.report.playbook.last_pages import Branch, Changes, Contacts, branch, changes, contacts
from northstar_explain.report.playbook.method import Note, glossary, limits, method
from northstar_explain.report.playbook.plan import Plan
from northstar_explain.report.playbook.playbook_charts import Column, mosaic_svg, stripes_svg
from northstar_explain.report.playbook.plays import plays_of
from northstar_explain.report.playbook.segment_page import UNASSIGNED, SegmentPage, segment_page

# Leaves up to which the page of the tree has room for the definitions, too.
ROOMY = 8


@dataclass(frozen=True)
class Playbook:
    """The formatted facts of a playbook."""

    title: str
    owner: str
    owned: bool
    logo: str
    date: str
    model_id: str
    customers: str
    noun: str
    outcome: str
    outcome_label: str
    base_rate: str
    tested: str
    spend: str
    headline: str
    cover: str
    mosaic: str
    segments: tuple[SegmentPage, ...]
    contacts: Contacts
    tree: Branch
    questions: int
    roomy_tree: bool
    stable_from: str
    method: tuple[Note, ...]
    limits: tuple[Note, ...]
    glossary: tuple[Note, ...]
    changes: Changes | None
    caveat: str


def playbook_facts(model: Model, plan: Plan | None = None) -> Playbook:
    """Collect the facts of a playbook.

    Parameters
    ----------
    model : Model
    plan : Plan, optional
        What marketing decided.

    Returns
    -------
    Playbook
        Ready to print: figures formatted, texts without markup.
    """
    plan = plan or Plan()
    # Before anything is formatted: the names of the plan are used on every page.
    model = planned(model, plan)
    contract, segments = model.contract, model.segmentation.segments
    facts, holdout = model.evaluation.segments, model.evaluation.purchase.holdout
    ids = [segment.id for segment in segments]
    colors = accents(ids, {id: one.color for id, one in plan.segments.items() if one.color})
    plays = plays_of(model, plan)
    pages = tuple(segment_page(one, model, colors, plan[one.id], plays[one.id]) for one in segments)
    columns = _columns(model, colors)
    tree = branch(model.segmentation.tree, contract, {one.id: one for one in pages})
    return Playbook(
        title=plan.title or contract.title,
        owner=plan.owner or UNASSIGNED,
        owned=bool(plan.owner),
        logo=_data_url(plan),
        date=words.day(str(model.manifest["date"])),
        model_id=model.id,
        customers=words.count(sum(segment.customers for segment in segments)),
        noun=contract.noun,
        outcome=contract.outcome,
        outcome_label=capital(contract.outcome),
        base_rate=words.percent(holdout.base_rate),
        tested=words.count(holdout.n),
        spend=contract[facts.spend.feature].words if facts.spend else "",
        headline=_headline(model),
        cover=stripes_svg([Column(s.id, s.name, colors[s.id], s.share, 0.0) for s in segments], contract.noun),
        mosaic=mosaic_svg(columns, holdout.base_rate, contract.outcome, contract.noun),
        segments=pages,
        contacts=contacts(model, pages),
        tree=tree,
        questions=tree.questions,
        roomy_tree=tree.leaves <= ROOMY,
        stable_from=f"{JACCARD_STABLE}",
        method=method(model),
        limits=limits(model),
        glossary=glossary(model),
        changes=changes(model, {segment.id: segment.name for segment in segments}),
        # On every page, as any page may be read alone.
        caveat="" if facts.eligible else "segments to be relied on with care",
    )


def planned(model: Model, plan: Plan) -> Model:
    """The model with the names that the plan gives to its segments."""
    given = {id: one.name for id, one in plan.segments.items() if one.name}
    return replace(model, segmentation=called(model.segmentation, given))


def _columns(model: Model, colors: dict[str, str]) -> list[Column]:
    """Segments by purchase rate, the highest first."""
    outcomes = model.evaluation.segments.holdout_outcomes
    columns = [
        Column(
            one.id, one.name, colors[one.id], one.share, outcomes[one.id].purchase_rate if one.id in outcomes else 0.0
        )
        for one in model.segmentation.segments
    ]
    # Descending, so that the mosaic falls from left to right.
    return sorted(columns, key=lambda column: -column.rate)


def _headline(model: Model) -> str:
    """The main result: the segment with the largest share of those who act."""
    outcomes, contract = model.evaluation.segments.holdout_outcomes, model.contract

    def share(id: str) -> float:
        return outcomes[id].share_of_buyers if id in outcomes else 0.0

    # By share of buyers and not by rate: the largest part of the business is the main result.
    best = max(model.segmentation.segments, key=lambda one: share(one.id))
    return f"{best.name}: {best.share:.0%} of {contract.noun}, {share(best.id):.0%} of everyone who {contract.outcome}"


def _data_url(plan: Plan) -> str:
    return f"data:{plan.logo.kind};base64,{base64.b64encode(plan.logo.data).decode()}" if plan.logo else ""
