"""The holdout, looked at once: every figure of `evaluation.json`, and the two tables that stand beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from northstar_explain.contract import Contract
from northstar_explain.errors import Fault, TableError
from northstar_explain.evaluate.audit_inputs import audit_facts
from northstar_explain.evaluate.baselines import Score, baselines
from northstar_explain.evaluate.customers import Customers
from northstar_explain.evaluate.experiments import compare_facts
from northstar_explain.evaluate.groups import group_facts
from northstar_explain.evaluate.migration import Earlier, update_facts
from northstar_explain.evaluate.model_quality import CampaignCosts, Predictions, Trial, importance_facts, purchase_facts
from northstar_explain.evaluate.segment_context import detectable_facts, funnel_facts, spend_facts, trend_facts
from northstar_explain.evaluate.segment_quality import border_facts, outcome_facts, segment_facts
from northstar_explain.evaluate.segments_by_decile import control_facts, driver_facts, matrix_facts, quantile_facts
from northstar_explain.learn.compile_scorecard import Bags
from northstar_explain.learn.fit_purchase_model import Machine
from northstar_explain.learn.fit_segments import LearnedSegments
from northstar_explain.model import Purchase, Scorecard, ranks
from northstar_explain.model.evaluation import Evaluation, PurchaseFacts
from northstar_explain.model.evaluation.purchase_facts import GroupSplit
from northstar_explain.model.evaluation.segment_facts import Outcome, SegmentFacts
from northstar_explain.model.evaluation.together_facts import TogetherFacts
from northstar_explain.model.rules import Node, assign


@dataclass(frozen=True)
class Parts:
    """Customers by what they are for.

    Attributes
    ----------
    everybody : Customers
        Whom segments are found among: the customers of the table, without a later one's.
    train, validation, holdout : Customers
        Who teaches the purchase model, who chooses its threshold, and who only judges.
    out_of_time : bool
        Whether the holdout is a later table.
    not_taught, not_judged : int
        With a later table and rows that belong together: rows that teach nothing, as others of their group are judged,
        and rows of the later table that are not judged, as others of their group teach.
    train_of : int
        Training rows that `train` was drawn from; as many as it has where all were taken.
    repeated : int
        Rows that repeat another one. Equal rows are then kept in one part, as rows of one group are.
    """

    everybody: Customers
    train: Customers
    validation: Customers
    holdout: Customers
    out_of_time: bool = False
    not_taught: int = 0
    not_judged: int = 0
    train_of: int = 0
    repeated: int = 0


class FittedPurchaseModel(NamedTuple):
    """The purchase model, the machine it was compiled from, and a black box taught by the same rows."""

    scorecard: Scorecard
    purchase: Purchase
    machine: Machine
    bags: Bags
    black_box: Score


@dataclass(frozen=True)
class Case:
    """What is judged, by whom and how.

    Attributes
    ----------
    contract : Contract
    parts : Parts
    learned : LearnedSegments
        The segments, and the evidence for them.
    bought : FittedPurchaseModel
    earlier : Earlier or None
        The model that this one follows.
    truth : ndarray of float, shape (n,), or None
        True probabilities of the holdout, as `truth_of` gives them.
    stakes : CampaignCosts or None
    draws : int
        Bootstrap draws for the intervals.
    experiments : bool
        Whether to compare segments and purchase model by experiment.
    seed : int
    """

    contract: Contract
    parts: Parts
    learned: LearnedSegments
    bought: FittedPurchaseModel
    earlier: Earlier | None
    truth: np.ndarray | None
    stakes: CampaignCosts | None
    draws: int
    experiments: bool
    seed: int

    @property
    def tree(self) -> Node:
        """Which segment a customer is in."""
        return self.learned.segmentation.tree

    @cached_property
    def judged(self) -> Predictions:
        """The model's own way to score the holdout and to flag."""
        probability = self.bought.scorecard.probability(self.parts.holdout.columns)
        return Predictions(probability, self.bought.purchase.threshold)

    @cached_property
    def segments(self) -> np.ndarray:
        """The segment of each row of the holdout."""
        return assign(self.tree, self.parts.holdout.columns)

    @cached_property
    def decile(self) -> np.ndarray:
        """Of each row of the holdout, against the training population; 10 is the highest."""
        return ranks.decile(ranks.Percentiles(self.bought.purchase.percentiles)(self.judged.probability))


class Evaluated(NamedTuple):
    """All of `evaluation.json`, and two tables of the model folder."""

    evaluation: Evaluation
    shapes: pa.Table
    drift: pa.Table


def evaluate(case: Case, progress: Callable[[str], None]) -> Evaluated:
    """Measure everything that is reported.

    Parameters
    ----------
    case : Case
    progress : callable
        Told each stage as it begins.

    Returns
    -------
    Evaluated
    """
    progress("judging the holdout beside simpler models and a black box")
    purchase, segments = _purchase(case), _segments(case)
    experiments = None
    if case.experiments:
        train, holdout = case.parts.train, case.parts.holdout
        experiments = compare_facts(train, holdout, case.contract, case.learned, case.seed, progress)
    together = _together(case, segments.holdout_outcomes)
    progress("measuring what an auditor asks for")
    audited = audit_facts(
        case.bought.scorecard, case.bought.bags, case.tree, case.bought.purchase, _by_name(case.parts), case.contract,
        case.seed,
    )  # fmt: skip
    facts = Evaluation(purchase, segments, together, experiments, audited.data, audited.robustness, audited.drift)
    return Evaluated(facts, audited.shapes, audited.baseline)


def truth_of(held: Customers, truth: Mapping[str, float] | None) -> np.ndarray | None:
    """The true probabilities of the holdout, where they are known.

    Raises
    ------
    TableError
        When a customer of the holdout has none.
    """
    if truth is None:
        return None
    ids = held.ids.to_pylist()
    if strange := next((id for id in ids if id not in truth), None):
        todo = "Give the truth of these very customers."
        raise TableError("truth", [Fault("ids", "every customer of the holdout", f"no {strange}", todo)])
    return np.array([truth[id] for id in ids])


def _purchase(case: Case) -> PurchaseFacts:
    parts, held, judged = case.parts, case.parts.holdout, case.judged
    others = baselines(
        case.contract, parts.train.labelled, parts.validation.labelled, held.columns, case.tree, case.bought.black_box
    )
    trial = Trial(held.label, judged, others.predictions, case.decile, case.truth, case.stakes, held.groups)
    terms = case.bought.scorecard.terms
    return PurchaseFacts(
        **purchase_facts(trial, case.draws, case.seed)._asdict(),
        baselines_skipped=others.skipped,
        subgroups=group_facts(
            case.contract, held.columns, case.segments, held.label, judged.probability, judged.threshold
        ),
        train_n=len(parts.train),
        validation_n=len(parts.validation),
        terms=importance_facts([(term.name, term.importance) for term in terms]),
        out_of_time=parts.out_of_time,
        group_split=_group_split(case.contract, parts),
    )


def _group_split(contract: Contract, parts: Parts) -> GroupSplit | None:
    """How many groups of rows are in each split, where the contract names them or rows repeat; none is in two."""
    counts = {name: len(np.unique(part.groups)) for name, part in _by_name(parts).items() if part.groups is not None}
    if not counts:
        return None
    return GroupSplit(
        column=contract.group or None,
        **counts,
        train_rows_excluded=parts.not_taught,
        holdout_rows_excluded=parts.not_judged,
    )


def _segments(case: Case) -> SegmentFacts:
    learned, everybody = case.learned, case.parts.everybody
    found, before = learned.segmentation.segments, case.earlier
    return SegmentFacts(
        **segment_facts(learned)._asdict(),
        holdout_outcomes=outcome_facts(case.segments, case.parts.holdout.label, case.judged.probability),
        funnel=funnel_facts(found, everybody.columns),
        spend=spend_facts(case.contract, found),
        trend=trend_facts(found, len(everybody), before.model if before else None),
        borderline=border_facts(learned.segmentation, everybody.columns),
        update=update_facts(learned, before, everybody) if before else None,
    )


def _together(case: Case, outcomes: Mapping[str, Outcome]) -> TogetherFacts:
    held, probability = case.parts.holdout, case.judged.probability
    order = [segment.id for segment in case.learned.segmentation.segments]
    return TogetherFacts(
        matrix=matrix_facts(case.segments, case.decile, held.label, probability, order),
        quantiles=quantile_facts(case.segments, probability, order),
        drivers=driver_facts(case.bought.scorecard, held.columns, case.segments, order),
        control_sizes=control_facts(float(held.label.mean())),
        segment_control_sizes=detectable_facts(outcomes),
    )


def _by_name(parts: Parts) -> dict[str, Customers]:
    return {"train": parts.train, "validation": parts.validation, "holdout": parts.holdout}
