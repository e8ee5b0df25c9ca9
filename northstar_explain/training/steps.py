"""Training in its steps: check, split, fit, evaluate, build."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from northstar_explain.contract.check import Checked, check_with_reasons
from northstar_explain.contract.features import Contract
from northstar_explain.contract.rejected import Reason
from northstar_explain.evaluate.customers import Customers, customers_of
from northstar_explain.evaluate.leak_report import FeatureRanking, leak_report, report_lines
from northstar_explain.evaluate.leakage import require_credible, require_no_leak
from northstar_explain.evaluate.migration import Earlier
from northstar_explain.learn import fit_segments
from northstar_explain.learn.fit_segments import LearnedSegments
from northstar_explain.learn.golden_rows import Ordinary, golden_rows, ordinary_rows, with_interpret_probability
from northstar_explain.learn.word_reasons import with_reasons
from northstar_explain.learn.workers import beside, one_thread
from northstar_explain.metrics import roc_auc
from northstar_explain.model.folder import build
from northstar_explain.model.learned_model import Model, follow
from northstar_explain.model.monitoring.row_sample import sample_of, sampled
from northstar_explain.training.data_date import data_date
from northstar_explain.training.evaluate_step import Case, Evaluated, evaluate, truth_of
from northstar_explain.training.free_memory import release_free_memory
from northstar_explain.training.manifest import about, fitted
from northstar_explain.training.previous_model import previous
from northstar_explain.training.purchase_step import FittedPurchaseModel, fit_purchase
from northstar_explain.training.requirements import (
    require_both_labels,
    require_few_rejected,
    require_known,
    require_learnable,
    require_other,
)
from northstar_explain.training.row_sets import RowSets, split_rows
from northstar_explain.training.training_options import Source, TrainingOptions

Progress = Callable[[str], None]


class Trained(NamedTuple):
    """A model, the rows that could not be used to make it, and how well each feature ranks alone."""

    model: Model
    rejected: pa.Table
    ignored: tuple[str, ...]
    later_rejected: pa.Table | None = None
    rankings: tuple[FeatureRanking, ...] = ()
    reasons: tuple[Reason, ...] = ()
    as_text: bool = False  # whether the customers came as CSV, and those of the later table
    later_as_text: bool = False


class _Task(NamedTuple):
    """What `train` was given."""

    source: Source
    contract: Contract
    options: TrainingOptions
    later: Source | None
    earlier: Earlier | None


class _Positions(NamedTuple):
    """Rows of the table, and where the valid ones stand in it and in the later one, the first row 1."""

    rows: int
    table: np.ndarray
    later: np.ndarray | None


def train(
    source: Source,
    contract: Contract,
    options: TrainingOptions,
    progress: Progress = lambda stage: None,
    later: Source | None = None,
    earlier: Earlier | None = None,
) -> Trained:
    """Learn segments, fit a purchase model, and evaluate both.

    Parameters
    ----------
    source : Source
        Customers with their label.
    contract : Contract
    options : TrainingOptions
    progress : callable
        Takes the name of each stage as it begins.
    later : Source, optional
        Customers at a later date. They become the holdout, so that it is out of time as well; of groups that are in
        both tables, some are fitted to and the others evaluated on.
    earlier : Earlier, optional
        The model to continue.

    Returns
    -------
    Trained

    Raises
    ------
    TableError
        When a table does not keep its contract or is too small or too poor to learn from.
    """
    task = _Task(source, contract, options, later, earlier)
    # From here on only the task holds the tables, so that they can be released below.
    del source, later
    # With more threads, sums are added in the order in which threads finish: other bits for the same seed.
    with one_thread():
        as_of = data_date(task.source.table, contract, options, task.source.name)
        checked, later_checked, reasons = _check(task, progress)
        # What the manifest needs of the tables is taken now. Large ones take more memory than all else, so they are
        # released as soon as they are not needed: if the caller keeps no reference either, the fits have that memory.
        origin = about(task.source, contract, options, checked.accepted.num_rows, task.later, as_of)
        ordinary = ordinary_rows(checked.accepted, contract, options.seed)
        task = task._replace(source=_without_rows(task.source), later=task.later and _without_rows(task.later))
        size = checked.accepted.num_rows + checked.rejected.num_rows
        positions = _Positions(size, valid_rows(checked), later_checked and valid_rows(later_checked))
        customers = customers_of(checked.accepted, contract)
        later_customers = later_checked and customers_of(later_checked.accepted, contract)
        checked, later_checked = _without_accepted(checked), later_checked and _without_accepted(later_checked)
        release_free_memory()
        row_sets = _split(task, customers, later_customers, checked.rejected)
        del customers, later_customers
        release_free_memory()
        rankings = _require_no_leak(task, row_sets, progress)
        model = _learn_model(task, row_sets, positions, ordinary, origin, progress)
    later_rejected = later_checked.rejected if later_checked else None
    return Trained(
        model, checked.rejected, checked.ignored, later_rejected, rankings, reasons, task.source.as_text,
        task.later is not None and task.later.as_text,
    )  # fmt: skip


def valid_rows(checked: Checked) -> np.ndarray:
    """Position of each valid row in its table, the first row 1."""
    rows = checked.accepted.num_rows + checked.rejected.num_rows
    rejected = checked.rejected["row"].to_numpy() if checked.rejected.num_rows else np.empty(0, np.int64)
    return np.setdiff1d(np.arange(1, rows + 1), rejected, assume_unique=True)


# New tables, not empty slices, for the same reason.
def _without_accepted(checked: Checked) -> Checked:
    return checked._replace(accepted=pa.table({}))


def _without_rows(source: Source) -> Source:
    return replace(source, table=pa.table({}))


def _learn_model(
    task: _Task, row_sets: RowSets, positions: _Positions, ordinary: Ordinary, origin: dict[str, Any],
    progress: Progress,
) -> Model:  # fmt: skip
    truth = truth_of(row_sets.holdout, (task.later or task.source).truth)
    learned, purchase_model = _learn(task, row_sets, progress)
    release_free_memory()
    options = task.options
    case = Case(
        task.contract, row_sets, learned, purchase_model, task.earlier, truth,
        options.economics(task.contract), options.draws, options.experiments, options.seed,
        options.purchase if options.deep else None, *positions,
    )  # fmt: skip
    return _model(task, ordinary, origin, case, evaluate(case, progress))


def _check(task: _Task, progress: Progress) -> tuple[Checked, Checked | None, tuple[Reason, ...]]:
    """Check options and tables, a later one too, so that faults are reported before the long work begins."""
    require_known(task.contract, task.options.accept_leakage)
    progress("checking the table against its contract")
    checked, reasons = _checked(task.source, task)
    if task.later is None:
        return checked, None, reasons
    progress("checking the later table")
    later, _ = _checked(task.later, task)
    require_other(task.source.name, task.later.name, checked, later)
    return checked, later, reasons


def _checked(source: Source, task: _Task) -> tuple[Checked, tuple[Reason, ...]]:
    checked, reasons = check_with_reasons(
        source.table, task.contract, label=True, source=source.name, as_text=source.as_text, numbers=source.numbers
    )
    require_few_rejected(
        source.name, source.table.num_rows, checked.rejected.num_rows, reasons, task.options.max_rejected
    )
    if not checked.rejected.num_rows:
        # They are an empty slice, which would hold all the memory of the table.
        checked = checked._replace(rejected=pa.Table.from_batches([], checked.rejected.schema))
    return checked, reasons


def _split(task: _Task, customers: Customers, later: Customers | None, rejected: pa.Table) -> RowSets:
    require_learnable(task.source.name, task.contract, customers, rejected)
    fit_segments.usable(task.contract, customers.columns)  # here, so that it fails before the fit beside it
    row_sets = split_rows(customers, later, task.options, task.contract)
    # Of the holdout by itself as well: without both outcomes no metric of ranking is defined.
    require_both_labels((task.later or task.source).name, task.contract, row_sets.holdout.label)
    return row_sets


def _require_no_leak(task: _Task, row_sets: RowSets, progress: Progress) -> tuple[FeatureRanking, ...]:
    """Refuse what must be a leak, and report what may be one, while nothing long has begun."""
    progress("running the leakage check")
    train, options = row_sets.train, task.options
    accepted = options.accept_leakage
    require_no_leak(
        task.contract, train.columns, train.label, task.source.name, accepted, options.seed, train.groups
    )  # fmt: skip
    rankings = leak_report(task.contract, train.columns, train.label, options.seed, train.groups)
    rankings = tuple(replace(one, accepted=one.feature in accepted) for one in rankings)
    for line in report_lines(rankings):
        progress(line)
    return rankings


def _learn(task: _Task, row_sets: RowSets, progress: Progress) -> tuple[LearnedSegments, FittedPurchaseModel]:
    """Learn segments and, at the same time, fit the purchase model."""
    contract, options = task.contract, task.options
    # Before the fits, as an update that cannot work should fail within seconds.
    before = previous(task.earlier, contract, options.date)
    if len(row_sets.train) < row_sets.train_of:
        progress(f"sampled {len(row_sets.train):,} of {row_sets.train_of:,} training rows to fit on")
    train, source = row_sets.train, task.source.name
    # Boosting runs in worker processes, so that this one is free to learn the segments, which never see the label.
    with beside(fit_purchase, train, row_sets.validation, contract, options, progress) as fitted_purchase:
        everybody = row_sets.everybody
        learned = fit_segments.learn(
            everybody.columns, contract, options.segments, options.seed, progress, before, everybody.groups,
            options.fit_rows, options.deep,
        )  # fmt: skip
        purchase_model = fitted_purchase()
    # On the validation rows: whether a model is refused must not depend on the holdout.
    _require_credible(source, row_sets.validation, purchase_model, options)
    # Only now are the themes of the segments known, which reasons are given by.
    theme_of = {name: theme.name for theme in learned.themes for name in theme.features}
    scorecard = with_reasons(purchase_model.scorecard, contract, train.columns, theme_of)
    return learned, purchase_model._replace(scorecard=scorecard)


def _require_credible(
    source: str, validation: Customers, purchase_model: FittedPurchaseModel, options: TrainingOptions
) -> None:
    """Refuse a model that ranks too well as a whole, naming the feature that it rests on most."""
    auc = roc_auc(validation.label, purchase_model.scorecard.probability(validation.columns))
    # A pair counts for both of its features: either may be the one that leaks.
    weights: dict[str, float] = {}
    for term in purchase_model.scorecard.terms:
        for name in term.features:
            weights[name] = weights.get(name, 0.0) + term.importance
    require_credible(source, auc, max(weights, key=lambda name: weights[name]), options.accept_leakage)


def _row_sample(case: Case) -> dict[str, Any]:
    """Some rows of the table as hashes, by which `explain monitor` knows the rows that trained the model."""
    everybody = case.rows.everybody
    some = everybody.take(sampled(everybody.ids.to_pylist()))
    return sample_of(some.ids.to_pylist(), case.purchase_model.scorecard.probability(some.columns)).to_json()


def _model(task: _Task, ordinary: Ordinary, origin: dict[str, Any], case: Case, evaluated: Evaluated) -> Model:
    contract, fitted_model = task.contract, case.purchase_model
    # What a scorer checks itself against, wherever it runs: predicted by interpret, not by our own table.
    golden = golden_rows(ordinary, contract, fitted_model.scorecard, case.tree)
    golden = with_interpret_probability(golden, fitted_model.ebm, contract)
    # Completed here: how many rows were fitted to is known only after the fits.
    data = {**origin["data"], **fitted(case.rows, case.learned), "row_sample": _row_sample(case)}
    manifest = {**origin, "data": data}
    model = build(
        contract, case.learned.segmentation, fitted_model.scorecard, fitted_model.purchase, evaluated.evaluation,
        golden, evaluated.shapes, evaluated.drift, evaluated.evidence, manifest,
    )  # fmt: skip
    # Names that people gave to segments outlive the model that they were given in.
    return follow(model, task.earlier.model) if task.earlier else model
