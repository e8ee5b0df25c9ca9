"""The evaluation: every figure of `evaluation.json`, most of them on the holdout, and the two tables beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from northstar_explain.contract.columns import rows_of
from northstar_explain.contract.compact_columns import compact_rows
from northstar_explain.contract.economics import Economics
from northstar_explain.contract.features import Contract
from northstar_explain.errors import Fault, TableError
from northstar_explain.evaluate.audiences import audience_facts
from northstar_explain.evaluate.audit_inputs import audit_facts
from northstar_explain.evaluate.baselines import Baselines, baselines
from northstar_explain.evaluate.customers import Customers
from northstar_explain.evaluate.experiments import compare_facts
from northstar_explain.evaluate.groups import group_facts, subgroups
from northstar_explain.evaluate.migration import Earlier, update_facts
from northstar_explain.evaluate.model_quality import Predictions, Trial, importance_facts, purchase_facts
from northstar_explain.evaluate.operating_points import operating_point, operating_points
from northstar_explain.evaluate.proxies import proxy_facts, sampled
from northstar_explain.evaluate.retraining import Refits, refits
from northstar_explain.evaluate.segment_alternatives import AlternativeRows, Alternatives, alternative_facts
from northstar_explain.evaluate.segment_context import detectable_facts, funnel_facts, spend_facts, trend_facts
from northstar_explain.evaluate.segment_quality import border_facts, outcome_facts, segment_facts
from northstar_explain.evaluate.segments_by_decile import control_facts, driver_facts, matrix_facts, quantile_facts
from northstar_explain.evaluate.trait_counts import trait_facts
from northstar_explain.learn.fit_purchase_model import PurchaseModelOptions
from northstar_explain.learn.fit_segments import LearnedSegments
from northstar_explain.learn.workers import Task, beside, in_processes
from northstar_explain.model import ranks
from northstar_explain.model.campaign.money import money_facts
from northstar_explain.model.campaign.value import FLAGGED_BY
from northstar_explain.model.evaluation import Evaluation, PurchaseFacts
from northstar_explain.model.evaluation.purchase_facts import Flag, GroupSplit
from northstar_explain.model.evaluation.segment_facts import Outcome, SegmentFacts
from northstar_explain.model.evaluation.together_facts import TogetherFacts
from northstar_explain.model.holdout_evidence import (
    Evidence,
    baselines_table,
    holdout_table,
    kept_baseline,
    kept_probability,
    sets_table,
)
from northstar_explain.model.learned_model import FLAG_BREAK_EVEN, FLAG_F1
from northstar_explain.model.rules import Node, assign
from northstar_explain.training.purchase_step import FittedPurchaseModel
from northstar_explain.training.row_sets import RowSets, numbered


@dataclass(frozen=True)
class Case:
    """What is evaluated, on which rows and how.

    Attributes
    ----------
    contract : Contract
    rows : RowSets
    learned : LearnedSegments
        The segments, and the evidence for them.
    purchase_model : FittedPurchaseModel
    earlier : Earlier or None
        The model that this one updates.
    truth : ndarray of float, shape (n,), or None
        True probabilities of the holdout, as `truth_of` gives them.
    economics : Economics or None
        What contacts are worth is measured with.
    draws : int
        Bootstrap draws for the intervals.
    experiments : bool
        Whether to compare segments and purchase model by experiment.
    seed : int
    refit : PurchaseModelOptions or None
        How the purchase model was fitted, to fit it again; none where that is not asked for.
    table_size : int
        Rows of the table, rejected ones included.
    table_rows : ndarray of int
        Position in the table of each valid row, the first 1.
    later_rows : ndarray of int or None
        The same of the later table, where there is one.
    """

    contract: Contract
    rows: RowSets
    learned: LearnedSegments
    purchase_model: FittedPurchaseModel
    earlier: Earlier | None
    truth: np.ndarray | None
    economics: Economics | None
    draws: int
    experiments: bool
    seed: int
    refit: PurchaseModelOptions | None
    table_size: int
    table_rows: np.ndarray
    later_rows: np.ndarray | None

    @property
    def tree(self) -> Node:
        """Which segment a customer is in."""
        return self.learned.segmentation.tree

    @property
    def segment_ids(self) -> list[str]:
        """The segments, in their order."""
        return [segment.id for segment in self.learned.segmentation.segments]

    @property
    def held_rows(self) -> np.ndarray:
        """Position of each row of the holdout in the table it came in, the first 1."""
        of = self.table_rows if self.later_rows is None else self.later_rows
        rows: np.ndarray = of[self.rows.held]
        return rows

    @cached_property
    def predictions(self) -> Predictions:
        """The model's probabilities of the holdout, as the evidence keeps them, and its threshold."""
        purchase = self.purchase_model.purchase
        probability = self.purchase_model.scorecard.probability(self.rows.holdout.columns)
        probability = kept_probability(probability, (*purchase.percentiles, purchase.threshold))
        # The threshold comes from the validation rows: chosen on the holdout, it would flatter every figure below.
        return Predictions(probability, purchase.threshold)

    @cached_property
    def segments(self) -> np.ndarray:
        """The segment of each row of the holdout."""
        return assign(self.tree, self.rows.holdout.columns)

    @cached_property
    def decile(self) -> np.ndarray:
        """Of each row of the holdout, against the training rows; 10 is the highest."""
        return ranks.decile(ranks.Percentiles(self.purchase_model.purchase.percentiles)(self.predictions.probability))

    @cached_property
    def others(self) -> Baselines:
        """The baselines: fitted to the rows that the model was fitted to, they see the holdout only to be evaluated."""
        rows = self.rows
        return baselines(
            self.contract, rows.train.labelled, rows.validation.labelled, rows.holdout.columns, self.tree,
            self.purchase_model.black_box.score, self.seed,
        )  # fmt: skip


class Evaluated(NamedTuple):
    """All of `evaluation.json`, two tables of the model folder, and what the figures are computed from."""

    evaluation: Evaluation
    shapes: pa.Table
    drift: pa.Table
    evidence: Evidence


def evaluate(case: Case, progress: Callable[[str], None]) -> Evaluated:
    """Measure everything that the reports show.

    Parameters
    ----------
    case : Case
    progress : callable
        Takes the name of each stage as it begins.

    Returns
    -------
    Evaluated
    """
    progress("evaluating on the holdout, beside baselines and a black box")
    purchase, segments = _purchase(case), _segments(case)
    experiments = None
    # Each experiment fits models of its own, which takes longer than all the rest: it may be left out.
    if case.experiments:
        train, holdout = case.rows.train, case.rows.holdout
        experiments = compare_facts(train, holdout, case.contract, case.learned, case.seed, progress)
    together = _together(case, segments.holdout_outcomes)
    progress("measuring the facts of the audit pack")
    fitted = case.purchase_model
    audited = audit_facts(
        fitted.scorecard,
        fitted.bags,
        case.tree,
        fitted.purchase,
        _by_name(case.rows),
        case.contract,
        case.seed,
        _refits(case, progress),
    )
    traits = trait_facts(case.contract, case.rows.everybody.columns, case.tree, case.segment_ids, case.rows.holdout)
    audiences = audience_facts(
        case.contract, case.rows.everybody.columns, case.tree, fitted.scorecard, fitted.purchase.percentiles,
        together.matrix,
    )  # fmt: skip
    facts = Evaluation(
        purchase, segments, together, experiments, audited.data, audited.robustness, audited.drift, traits, audiences,
        money_facts(audiences, purchase, case.economics) if case.economics else None,
    )  # fmt: skip
    return Evaluated(facts, audited.shapes, audited.baseline, _evidence(case))


def _refits(case: Case, progress: Callable[[str], None]) -> Refits | None:
    if case.refit is None:
        return None
    rows, scorecard = case.rows, case.purchase_model.scorecard
    return refits(
        case.contract, scorecard, rows.train, rows.holdout, rows.out_of_time, case.refit, case.seed, progress
    )  # fmt: skip


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
    # A customer without a truth would make the gap to the best possible model look smaller or larger than it is.
    if unknown := next((id for id in ids if id not in truth), None):
        todo = "Give the truth of these customers."
        raise TableError("truth", [Fault("ids", "every customer of the holdout", f"no {unknown}", todo)])
    # As many digits as the evidence keeps, so that what is computed from it is what is stored.
    return kept_baseline(np.array([truth[id] for id in ids]))


def _purchase(case: Case) -> PurchaseFacts:
    rows, held, predictions = case.rows, case.rows.holdout, case.predictions
    terms = case.purchase_model.scorecard.terms
    few = sampled(rows.train.columns, case.seed)
    check: Task = (proxy_facts, (case.contract, few, held.columns, case.seed), {})
    with beside(in_processes, [check], len(held)) as found:
        others = case.others
        trial = Trial(held.label, predictions, others.predictions, case.decile, case.truth, held.groups)
        figures = purchase_facts(trial, case.draws, case.seed)
        (proxies,) = found()
    return PurchaseFacts(
        **figures._asdict(),
        baselines_skipped=others.skipped,
        black_box_search=case.purchase_model.black_box.search,
        directions=case.purchase_model.directions,
        subgroups=group_facts(
            case.contract, held.columns, case.segments, held.label, predictions.probability, predictions.threshold
        ),
        operating=operating_points(
            held.label, predictions.probability, predictions.threshold, case.purchase_model.purchase.percentiles
        ),
        flags=_flags(case),
        proxies=proxies,
        train_n=len(rows.train),
        validation_n=len(rows.validation),
        terms=importance_facts([(term.name, term.importance) for term in terms]),
        out_of_time=rows.out_of_time,
        group_split=_group_split(case.contract, rows),
    )


def _flags(case: Case) -> tuple[Flag, ...]:
    """What each flag of the scores finds in the holdout."""
    label, probability = case.rows.holdout.label, case.predictions.probability
    return tuple(
        Flag(
            name=name,
            assumed_uplift=FLAGGED_BY.uplift if name == FLAG_BREAK_EVEN else None,
            at=operating_point(label, probability, threshold, name == FLAG_F1),
        )
        for name, threshold in case.purchase_model.purchase.flags.items()
    )


def _group_split(contract: Contract, rows: RowSets) -> GroupSplit | None:
    """How many groups of rows each row set has, where the contract names them or rows repeat; none is in two."""
    counts = {name: len(np.unique(split.groups)) for name, split in _by_name(rows).items() if split.groups is not None}
    if not counts:
        return None
    return GroupSplit(
        column=contract.group or None,
        **counts,
        train_rows_excluded=rows.train_rows_excluded,
        holdout_rows_excluded=rows.holdout_rows_excluded,
    )


def _segments(case: Case) -> SegmentFacts:
    learned, everybody = case.learned, case.rows.everybody
    segments, before = learned.segmentation.segments, case.earlier
    return SegmentFacts(
        **segment_facts(learned)._asdict(),
        **_alternatives(case)._asdict(),
        holdout_outcomes=outcome_facts(case.segments, case.rows.holdout.label, case.predictions.probability),
        # Segments are made without the label, so they may be described by all rows; their outcomes may not.
        funnel=funnel_facts(segments, everybody.columns),
        spend=spend_facts(case.contract, segments),
        trend=trend_facts(segments, len(everybody), before.model if before else None),
        borderline=border_facts(learned.segmentation, everybody.columns),
        update=update_facts(learned, before, everybody) if before else None,
    )


def _alternatives(case: Case) -> Alternatives:
    """What people do instead: learned from the rows that the segments are learned from, and checked on the others."""
    # Not on the holdout of the purchase model, which is split by label: segments are learned from some of its rows.
    everybody, learned = case.rows.everybody.columns, case.learned
    fit, check = rows_of(everybody, learned.learn), compact_rows(everybody, learned.check)
    rows = AlternativeRows(fit, check, case.rows.train, case.rows.holdout)
    return alternative_facts(learned, case.contract, rows, case.seed)


def _together(case: Case, outcomes: Mapping[str, Outcome]) -> TogetherFacts:
    held, probability = case.rows.holdout, case.predictions.probability
    order = case.segment_ids
    return TogetherFacts(
        matrix=matrix_facts(case.segments, case.decile, held.label, probability, order),
        quantiles=quantile_facts(case.segments, probability, order),
        drivers=driver_facts(case.purchase_model.scorecard, held.columns, case.segments, order),
        # How large a control group must be follows from the share of buyers.
        control_sizes=control_facts(float(held.label.mean())),
        segment_control_sizes=detectable_facts(outcomes),
    )


def _evidence(case: Case) -> Evidence:
    """Scores and labels that the figures follow from; rows by their position in the table that they came in."""
    rows, held = case.rows, case.rows.holdout
    inside = [mask for _, _, mask in subgroups(case.contract, held.columns, case.segments)]
    scores = {name: one.probability for name, one in case.others.predictions.items()}
    scores |= {} if case.truth is None else {"truth": case.truth}
    holdout = holdout_table(
        case.held_rows, held.label, case.predictions.probability, case.segments, np.column_stack(inside),
        numbered(held.groups),
    )  # fmt: skip
    sets = sets_table(case.table_size, case.table_rows, rows.everybody.label, rows.set_of, rows.together)
    return Evidence(holdout, baselines_table(scores), sets)


def _by_name(rows: RowSets) -> dict[str, Customers]:
    return {"train": rows.train, "validation": rows.validation, "holdout": rows.holdout}
