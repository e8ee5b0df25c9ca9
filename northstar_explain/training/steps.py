"""Training in its steps: check, split, learn, evaluate, put together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import pyarrow as pa

from northstar_explain.contract import Checked, Contract, check
from northstar_explain.evaluate.audit_inputs import Audited
from northstar_explain.evaluate.customers import Customers, customers_of
from northstar_explain.evaluate.holdout import Case, FittedPurchaseModel, Parts, evaluate, truth_of
from northstar_explain.evaluate.leakage import require_credible, require_no_leak
from northstar_explain.evaluate.migration import Earlier
from northstar_explain.learn import fit_segments
from northstar_explain.learn.fit_segments import LearnedSegments
from northstar_explain.learn.golden_rows import Ordinary, golden_rows, ordinary_rows, with_interpret_probability
from northstar_explain.learn.workers import beside, one_thread
from northstar_explain.metrics import roc_auc
from northstar_explain.model import Model, build, follow
from northstar_explain.training.manifest import about, fitted
from northstar_explain.training.options import Source, TrainingOptions
from northstar_explain.training.previous_model import previous
from northstar_explain.training.purchase_step import learn_purchase
from northstar_explain.training.requirements import require_both_labels, require_known, require_learnable
from northstar_explain.training.row_sets import parted

Progress = Callable[[str], None]


class Trained(NamedTuple):
    """A model, and the rows that could not be used to make it."""

    model: Model
    rejected: pa.Table
    ignored: tuple[str, ...]
    later_rejected: pa.Table | None = None


class _Task(NamedTuple):
    """What `train` was given."""

    source: Source
    contract: Contract
    options: TrainingOptions
    later: Source | None
    earlier: Earlier | None


def train(
    source: Source,
    contract: Contract,
    options: TrainingOptions,
    progress: Progress = lambda stage: None,
    later: Source | None = None,
    earlier: Earlier | None = None,
) -> Trained:
    """Learn segments and a purchase model, and evaluate both.

    Parameters
    ----------
    source : Source
        Customers with their label.
    contract : Contract
    options : TrainingOptions
    progress : callable
        Told each stage as it begins.
    later : Source, optional
        Customers at a later date. They become the holdout, so that it is out of time as well; of groups that are in
        both tables, some teach and the others are judged.
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
    del source, later
    with one_thread():
        checked, judged = _check(task, progress)
        parts = _split(task, checked, judged)
        # The tables are not needed any more. Large ones take more memory than all else, so they are let go of here; a
        # caller who keeps none of them either has that memory for the fits.
        origin = about(task.source, contract, options, checked.accepted.num_rows, task.later)
        ordinary = ordinary_rows(checked.accepted, contract, options.seed)
        checked, judged = _without_accepted(checked), judged and _without_accepted(judged)
        task = task._replace(source=_without_rows(task.source), later=task.later and _without_rows(task.later))
        pa.default_memory_pool().release_unused()
        model = _learn_model(task, parts, ordinary, origin, progress)
    return Trained(model, checked.rejected, checked.ignored, judged.rejected if judged else None)


def _without_accepted(checked: Checked) -> Checked:
    return checked._replace(accepted=checked.accepted.schema.empty_table())


def _without_rows(source: Source) -> Source:
    return replace(source, table=source.table.schema.empty_table())


def _learn_model(task: _Task, parts: Parts, ordinary: Ordinary, origin: dict[str, Any], progress: Progress) -> Model:
    truth = truth_of(parts.holdout, (task.later or task.source).truth)
    learned, bought = _learn(task, parts, progress)
    options = task.options
    case = Case(
        task.contract, parts, learned, bought, task.earlier, truth,
        options.stakes, options.draws, options.experiments, options.seed,
    )  # fmt: skip
    return _model(task, ordinary, origin, case, evaluate(case, progress))


def _check(task: _Task, progress: Progress) -> tuple[Checked, Checked | None]:
    """Check what was given, a second table too; said before the long work begins."""
    require_known(task.contract, task.options.accept_leakage)
    progress("checking the table against its contract")
    checked = _checked(task.source, task.contract)
    if task.later is None:
        return checked, None
    progress("checking the later table")
    return checked, _checked(task.later, task.contract)


def _checked(source: Source, contract: Contract) -> Checked:
    return check(source.table, contract, label=True, source=source.name, as_text=source.as_text)


def _split(task: _Task, checked: Checked, later: Checked | None) -> Parts:
    customers = customers_of(checked.accepted, task.contract)
    require_learnable(task.source.name, task.contract, customers, checked.rejected)
    fit_segments.usable(task.contract, customers.columns)  # said at once, not after the fit beside it
    judged = None if later is None else customers_of(later.accepted, task.contract)
    parts = parted(customers, judged, task.options, task.contract)
    require_both_labels((task.later or task.source).name, task.contract, parts.holdout.label)
    return parts


def _learn(task: _Task, parts: Parts, progress: Progress) -> tuple[LearnedSegments, FittedPurchaseModel]:
    """Learn segments, and beside it the purchase model, which no leak may have taught."""
    contract, options = task.contract, task.options
    before = previous(task.earlier, contract, options.date)
    if len(parts.train) < parts.train_of:
        progress(f"drew {len(parts.train):,} of {parts.train_of:,} training rows to fit on")
    progress("looking for features that know too much")
    train, source, accepted = parts.train, task.source.name, options.accept_leakage
    require_no_leak(contract, train.columns, train.label, source, accepted, options.seed, train.groups)
    with beside(learn_purchase, train, parts.validation, contract, options, progress) as purchases:
        everybody = parts.everybody
        learned = fit_segments.learn(
            everybody.columns, contract, options.segments, options.seed, progress, before, everybody.groups,
            options.fit_rows,
        )  # fmt: skip
        bought = purchases()
    _require_credible(source, parts.validation, bought, options)
    return learned, bought


def _require_credible(source: str, chosen: Customers, bought: FittedPurchaseModel, options: TrainingOptions) -> None:
    auc = roc_auc(chosen.label, bought.scorecard.probability(chosen.columns))
    weights: dict[str, float] = {}
    for term in bought.scorecard.terms:
        for name in term.features:
            weights[name] = weights.get(name, 0.0) + term.importance
    require_credible(source, auc, max(weights, key=lambda name: weights[name]), options.accept_leakage)


def _model(task: _Task, ordinary: Ordinary, origin: dict[str, Any], case: Case, audited: Audited) -> Model:
    contract, bought, found = task.contract, case.bought, case.learned.segmentation
    golden = golden_rows(ordinary, contract, bought.scorecard, case.tree)
    golden = with_interpret_probability(golden, bought.machine, contract)
    said = {**origin, "data": {**origin["data"], **fitted(case.parts, case.learned)}}
    model = build(
        contract, found, bought.scorecard, bought.purchase, audited.evaluation, golden, audited.shapes, audited.drift,
        said,
    )  # fmt: skip
    return follow(model, task.earlier.model) if task.earlier else model
