"""Training in its steps: check, split, learn, evaluate, put together."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pyarrow as pa

from northstar_explain.contract import Checked, Contract, check
from northstar_explain.evaluate.customers import Customers, customers_of
from northstar_explain.evaluate.holdout import Case, Evaluated, FittedPurchaseModel, Parts, evaluate, truth_of
from northstar_explain.evaluate.leakage import require_credible, require_no_leak
from northstar_explain.evaluate.migration import Earlier
from northstar_explain.learn import fit_segments
from northstar_explain.learn.fit_segments import LearnedSegments
from northstar_explain.learn.golden_rows import golden_rows, with_interpret_probability
from northstar_explain.learn.workers import beside, one_thread
from northstar_explain.metrics import roc_auc
from northstar_explain.model import Model, build, follow
from northstar_explain.training.manifest import about
from northstar_explain.training.options import Options, Source
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
    options: Options
    later: Source | None
    earlier: Earlier | None


def train(
    source: Source,
    contract: Contract,
    options: Options,
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
    options : Options
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
    with one_thread():
        return _train(_Task(source, contract, options, later, earlier), progress)


def _train(task: _Task, progress: Progress) -> Trained:
    checked, later = _check(task, progress)
    parts = _split(task, checked, later)
    truth = truth_of(parts.holdout, (task.later or task.source).truth)
    learned, bought = _learn(task, parts, progress)
    options = task.options
    case = Case(
        task.contract, parts, learned, bought, task.earlier, truth,
        options.stakes, options.draws, options.experiments, options.seed,
    )  # fmt: skip
    model = _model(task, checked.accepted, case, evaluate(case, progress))
    return Trained(model, checked.rejected, checked.ignored, later.rejected if later else None)


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
    parts = parted(customers, judged, task.options)
    require_both_labels((task.later or task.source).name, task.contract, parts.holdout.label)
    return parts


def _learn(task: _Task, parts: Parts, progress: Progress) -> tuple[LearnedSegments, FittedPurchaseModel]:
    """Learn segments, and beside it the purchase model, which no leak may have taught."""
    contract, options = task.contract, task.options
    before = previous(task.earlier, contract, options.date)
    progress("looking for features that know too much")
    train, source, accepted = parts.train, task.source.name, options.accept_leakage
    require_no_leak(contract, train.columns, train.label, source, accepted, options.seed, train.groups)
    with beside(learn_purchase, train, parts.validation, contract, options, progress) as purchases:
        everybody = parts.everybody
        learned = fit_segments.learn(
            everybody.columns, contract, options.segments, options.seed, progress, before, everybody.groups
        )
        bought = purchases()
    _require_credible(source, parts.validation, bought, options)
    return learned, bought


def _require_credible(source: str, chosen: Customers, bought: FittedPurchaseModel, options: Options) -> None:
    auc = roc_auc(chosen.label, bought.scorecard.probability(chosen.columns))
    weights: dict[str, float] = {}
    for term in bought.scorecard.terms:
        for name in term.features:
            weights[name] = weights.get(name, 0.0) + term.importance
    require_credible(source, auc, max(weights, key=lambda name: weights[name]), options.accept_leakage)


def _model(task: _Task, accepted: pa.Table, case: Case, evaluated: Evaluated) -> Model:
    contract, bought, found = task.contract, case.bought, case.learned.segmentation
    golden = golden_rows(accepted, contract, bought.scorecard, case.tree, case.seed)
    golden = with_interpret_probability(golden, bought.machine, contract)
    said = about(task.source, contract, task.options, accepted.num_rows, task.later)
    model = build(
        contract, found, bought.scorecard, bought.purchase, evaluated.evaluation, golden, evaluated.shapes,
        evaluated.drift, said,
    )  # fmt: skip
    return follow(model, task.earlier.model) if task.earlier else model
