"""The whole of training: check, split, learn, evaluate, and hand back a model ready to be saved."""

from __future__ import annotations

import datetime
import hashlib
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib import metadata
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from northstar_explain.contract import Category, Columns, Contract, check, columns_of
from northstar_explain.contract.columns import rows_of
from northstar_explain.errors import ContractError, Fault, TableError
from northstar_explain.evaluate.audit import Part, audit_facts
from northstar_explain.evaluate.baselines import Score, baselines, fit_black_box
from northstar_explain.evaluate.compare import Rows, compare_facts
from northstar_explain.evaluate.groups import group_facts
from northstar_explain.evaluate.leakage import require_credible, require_no_leak
from northstar_explain.evaluate.pages import detectable_facts, funnel_facts, spend_facts, trend_facts
from northstar_explain.evaluate.purchase import DRAWS, Judged, Stakes, Trial, importance_facts, purchase_facts
from northstar_explain.evaluate.segments import border_facts, outcome_facts, segment_facts
from northstar_explain.evaluate.together import control_facts, driver_facts, matrix_facts, spread_facts
from northstar_explain.evaluate.update import update_facts
from northstar_explain.learn import purchase, segments, splits
from northstar_explain.learn.compile import Bags, bags_of, compile_machine
from northstar_explain.learn.golden import golden_rows, with_machine
from northstar_explain.learn.workers import beside, one_thread
from northstar_explain.metrics import best_f1_threshold, roc_auc
from northstar_explain.model import Model, Purchase, Scorecard, build, follow, ranks
from northstar_explain.model.names import as_learnt
from northstar_explain.model.rules import assign

FEWEST_CUSTOMERS = 1_000
_LIBRARIES = ("northstar-explain", "numpy", "pyarrow", "scikit-learn", "interpret-core")


@dataclass(frozen=True)
class Options:
    """What a training run may be told.

    Attributes
    ----------
    seed : int
        Decides every random choice.
    date : datetime.date
        The day that the manifest and the reports carry.
    validation, holdout : float
        Shares of the customers; the holdout share is not used when a later table is given.
    segments : learn.segments.Options
    purchase : learn.purchase.Options
    experiments : bool
        Whether to run the experiments that compare segments and purchase model.
    draws : int
        Bootstrap draws for the intervals of the purchase model's figures.
    accept_leakage : tuple of str
        Features that may rank buyers better than is credible, since somebody has looked into them.
    margin, contact_cost : float or None
        Earned per purchase and spent per contact; with both, the profit curve is part of the evaluation.
    """

    seed: int = 0
    date: datetime.date = field(default_factory=datetime.date.today)
    validation: float = 0.1
    holdout: float = 0.2
    segments: segments.Options = field(default_factory=segments.Options)
    purchase: purchase.Options = field(default_factory=purchase.Options)
    experiments: bool = True
    draws: int = DRAWS
    accept_leakage: tuple[str, ...] = ()
    margin: float | None = None
    contact_cost: float | None = None


@dataclass(frozen=True)
class Source:
    """A table to learn from or to judge by.

    Attributes
    ----------
    table : pyarrow.Table
    name : str
        What to call it in errors and in the manifest.
    as_text : bool
        Whether numbers may come as text, as they do from CSV.
    truth : mapping of str to float, optional
        Each customer's true probability, where it is known, as in a simulation: the evaluation then says how far from
        the best knowable the model is. Never used to teach.
    """

    table: pa.Table
    name: str = "table"
    as_text: bool = False
    truth: Mapping[str, float] | None = None


class Trained(NamedTuple):
    """A model, and the rows that could not be used to make it."""

    model: Model
    rejected: pa.Table
    ignored: tuple[str, ...]
    later_rejected: pa.Table | None = None


@dataclass(frozen=True)
class Earlier:
    """The model that a new one follows.

    Attributes
    ----------
    model : Model
        Its segments keep their ids and names where they are found again.
    scores : mapping of str to str, optional
        Customer to segment when that model scored last: to tell who moved because the customer changed.
    """

    model: Model
    scores: Mapping[str, str] | None = None


@dataclass(frozen=True)
class _Customers:
    """Checked customers with their label."""

    ids: pa.Array
    columns: Columns
    label: np.ndarray

    @property
    def labelled(self) -> tuple[Columns, np.ndarray]:
        """What a machine learns from."""
        return self.columns, self.label


class _Bought(NamedTuple):
    """The purchase model, the machine it was compiled from, and a black box taught by the same rows."""

    scorecard: Scorecard
    facts: Purchase
    machine: purchase.Machine
    bags: Bags
    black_box: Score


def train(
    source: Source,
    contract: Contract,
    options: Options,
    progress: Callable[[str], None] = lambda stage: None,
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
        Customers at a later date. They become the holdout, so that it is out of time as well.
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
        return _train(source, contract, options, progress, later, earlier)


def _train(
    source: Source,
    contract: Contract,
    options: Options,
    progress: Callable[[str], None],
    later: Source | None,
    earlier: Earlier | None,
) -> Trained:
    progress("checking the table against its contract")
    checked = check(source.table, contract, label=True, source=source.name, as_text=source.as_text)
    customers = _customers(checked.accepted, contract)
    _require_learnable(source, contract, customers, checked.rejected)
    judged, later_rejected = None, None
    if later is not None:
        progress("checking the later table")
        later_checked = check(later.table, contract, label=True, source=later.name, as_text=later.as_text)
        judged, later_rejected = _customers(later_checked.accepted, contract), later_checked.rejected
        _require_both_classes(later, contract, judged.label)
    _require_known(contract, options.accept_leakage)
    stakes = _stakes(options)
    previous = _previous(earlier, contract, options)
    split = splits.stratified(customers.label, options.validation, 0.0 if judged else options.holdout, options.seed)
    taught, chosen = _take(customers, split.train), _take(customers, split.validation)
    progress("looking for features that know too much")
    accepted = options.accept_leakage
    require_no_leak(contract, taught.columns, taught.label, source.name, accepted, options.seed)
    segments.usable(contract, customers.columns)  # said at once, not after the fit beside it
    with beside(_learn_purchase, taught, chosen, contract, options, progress) as purchases:
        learnt = segments.learn(customers.columns, contract, options.segments, options.seed, progress, previous)
        bought = purchases()
    scorecard, facts = bought.scorecard, bought.facts
    _require_credible(source, chosen, scorecard, options)
    held = judged or _take(customers, split.holdout)
    truth = _truth(held, (later or source).truth)
    tree = learnt.segmentation.tree
    seen = _Seen(held, scorecard.probability(held.columns), assign(tree, held.columns), facts)
    progress("judging the holdout beside simpler models and a black box")
    others = baselines(contract, taught.labelled, chosen.labelled, held.columns, tree, bought.black_box)
    trial = Trial(held.label, seen.judged, others.judged, seen.decile, truth, stakes)
    evaluation: dict[str, Any] = {
        "purchase": purchase_facts(trial, options.draws, options.seed),
        "segments": segment_facts(learnt),
    }
    evaluation["purchase"] |= {
        "baselines_left_out": others.left_out,
        "groups": group_facts(contract, held.columns, seen.ids, held.label, seen.judged.probability, facts.threshold),
        "train_n": len(taught.label),
        "validation_n": len(chosen.label),
        "terms": importance_facts([(term.name, term.importance) for term in scorecard.terms]),
    }
    evaluation["purchase"]["out_of_time"] = judged is not None
    evaluation["segments"]["holdout_outcomes"] = outcome_facts(seen.ids, held.label, seen.probability)
    evaluation["segments"] |= _pages(customers, contract, learnt, earlier)
    evaluation["together"] = _together(seen, scorecard, learnt)
    evaluation["together"]["detectable"] = detectable_facts(evaluation["segments"]["holdout_outcomes"])
    evaluation["comparison"] = None
    if options.experiments:
        evaluation["comparison"] = compare_facts(
            Rows(taught.columns, taught.label), Rows(held.columns, held.label), contract, learnt, options.seed, progress
        )
    evaluation["segments"]["borderline"] = border_facts(learnt.segmentation, customers.columns)
    evaluation["segments"]["update"] = None
    if earlier is not None:
        ids = customers.ids.to_numpy(zero_copy_only=False)
        evaluation["segments"]["update"] = update_facts(learnt, earlier.model, ids, customers.columns, earlier.scores)
    progress("measuring what an auditor asks for")
    audited = audit_facts(
        scorecard, bought.bags, tree, facts, _audit_parts(taught, chosen, held), contract, options.seed
    )
    evaluation |= audited.evaluation
    golden = golden_rows(checked.accepted, contract, scorecard, tree, options.seed)
    golden = with_machine(golden, bought.machine, contract)
    about = _about(source, contract, options, customers, checked.rejected.num_rows, later)
    model = build(
        contract, learnt.segmentation, scorecard, facts, evaluation, golden, audited.shapes, audited.drift, about
    )
    if earlier is not None:
        model = follow(model, earlier.model)
    return Trained(model, checked.rejected, checked.ignored, later_rejected)


def scored_segments(scores: pa.Table, model: Model, source: str) -> dict[str, str]:
    """Each customer's segment from a file of scores that a model wrote.

    Parameters
    ----------
    scores : pyarrow.Table
    model : Model
        The one that must have made them.
    source : str
        What to call the file in errors.

    Returns
    -------
    dict of str to str

    Raises
    ------
    TableError
        When a column is missing, or another model made the scores.
    """
    wanted = [model.contract.id, "segment_id", "model_id"]
    todo = "Give the scores that `explain score` wrote with the model to update."
    if missing := [name for name in wanted if name not in scores.column_names]:
        raise TableError(source, [Fault("columns", ", ".join(wanted), f"no {', '.join(missing)}", todo)])
    ids, found, made_by = (scores[name].cast(pa.string()).to_pylist() for name in wanted)
    if others := sorted(set(made_by) - {model.id}):
        raise TableError(source, [Fault("column model_id", f"{model.id} in every row", f"also {others[0]}", todo)])
    return dict(zip(ids, found, strict=True))


def _previous(earlier: Earlier | None, contract: Contract, options: Options) -> segments.Previous | None:
    if earlier is None:
        return None
    before = earlier.model
    faults = [
        Fault(f"feature {name}", f"a {old.value} feature, as the model to update asks about it", got, todo)
        for name in sorted({c.feature for rule in before.segmentation.rules for c in rule.conditions})
        for old in [before.contract[name].kind]
        if (got := _kind_in(contract, name)) != old.value
        for todo in ["Keep the feature, or train without --update: segments then get new ids."]
    ]
    if faults:
        raise ContractError(contract.title, faults)
    # Names that people gave go on beside the model; within it, names are those that were learnt.
    return segments.Previous(as_learnt(before.segmentation, before.names), options.date.isoformat())


def _kind_in(contract: Contract, name: str) -> str:
    found = next((feature for feature in contract.features if feature.name == name), None)
    return "no such feature" if found is None else found.kind.value


def _require_known(contract: Contract, accepted: Sequence[str]) -> None:
    known = {feature.name for feature in contract.model_features}
    faults = [
        Fault(f"--accept-leakage {name}", "a feature that the model may use", "no such feature", "Check its name.")
        for name in accepted
        if name not in known
    ]
    if faults:
        raise ContractError(contract.title, faults)


def _learn_purchase(
    taught: _Customers,
    chosen: _Customers,
    contract: Contract,
    options: Options,
    progress: Callable[[str], None],
) -> _Bought:
    features = contract.model_features
    progress(f"fitting the purchase model to {len(taught.label):,} customers and {len(features)} features")
    machine = purchase.fit(taught.columns, taught.label, features, options.purchase, options.seed, progress)
    scorecard = compile_machine(machine, contract)
    progress("choosing the threshold on the validation rows")
    validated = scorecard.probability(chosen.columns)
    threshold = best_f1_threshold(chosen.label, validated)
    population = np.concatenate([scorecard.probability(taught.columns), validated])
    percentiles = np.quantile(population, np.linspace(0, 1, 1001))
    ranges = _ranges(taught.columns, scorecard.features)
    progress("fitting a black box to compare with")
    black_box = fit_black_box(features, taught.labelled, chosen.labelled, options.seed)
    numbers = Purchase(scorecard.intercept, threshold, tuple(map(float, percentiles)), ranges)
    return _Bought(scorecard, numbers, machine, bags_of(machine), black_box)


def _ranges(columns: Columns, features: Sequence[str]) -> dict[str, tuple[float, float]]:
    numbers = {name: column for name in features if isinstance(column := columns[name], np.ndarray)}
    known = {name: column[~np.isnan(column)] for name, column in numbers.items()}
    return {name: (float(column.min()), float(column.max())) for name, column in known.items() if len(column)}


@dataclass(frozen=True)
class _Seen:
    """The holdout, scored."""

    held: _Customers
    probability: np.ndarray
    ids: np.ndarray
    purchase: Purchase

    @property
    def judged(self) -> Judged:
        """The model's own way to score and to flag."""
        return Judged(self.probability, self.purchase.threshold)

    @property
    def decile(self) -> np.ndarray:
        """Against the training population, 10 the highest."""
        return ranks.decile(ranks.Percentiles(self.purchase.percentiles)(self.probability))


def _require_credible(source: Source, chosen: _Customers, scorecard: Scorecard, options: Options) -> None:
    auc = roc_auc(chosen.label, scorecard.probability(chosen.columns))
    weights: dict[str, float] = {}
    for term in scorecard.terms:
        for name in term.features:
            weights[name] = weights.get(name, 0.0) + term.importance
    require_credible(source.name, auc, max(weights, key=lambda name: weights[name]), options.accept_leakage)


def _stakes(options: Options) -> Stakes | None:
    margin, cost = options.margin, options.contact_cost
    if margin is None and cost is None:
        return None
    if margin is None or cost is None or not (margin > 0 and cost >= 0):
        raise ValueError(f"give a margin above 0 and a contact_cost of 0 or more, or neither; got {margin} and {cost}")
    return Stakes(margin, cost)


def _truth(held: _Customers, truth: Mapping[str, float] | None) -> np.ndarray | None:
    """The true probabilities of the holdout, where they are known."""
    if truth is None:
        return None
    ids = held.ids.to_pylist()
    if strange := next((id for id in ids if id not in truth), None):
        todo = "Give the truth of these very customers."
        raise TableError("truth", [Fault("ids", "every customer of the holdout", f"no {strange}", todo)])
    return np.array([truth[id] for id in ids])


def _together(seen: _Seen, scorecard: Scorecard, learnt: segments.Learnt) -> dict[str, Any]:
    order = [segment.id for segment in learnt.segmentation.segments]
    base = float(seen.held.label.mean())
    return {
        "matrix": matrix_facts(seen.ids, seen.decile, seen.held.label, seen.probability, order),
        "spread": spread_facts(seen.ids, seen.probability, order),
        "drivers": driver_facts(scorecard, seen.held.columns, seen.ids, order),
        "control": control_facts(base),
    }


def _pages(
    customers: _Customers, contract: Contract, learnt: segments.Learnt, earlier: Earlier | None
) -> dict[str, Any]:
    found = learnt.segmentation.segments
    before = earlier.model if earlier else None
    return {
        "funnel": funnel_facts(found, customers.columns),
        "spend": spend_facts(contract, found),
        "trend": trend_facts(found, len(customers.label), before),
    }


def _audit_parts(taught: _Customers, chosen: _Customers, held: _Customers) -> dict[str, Part]:
    parts = {
        "train": taught,
        "validation": chosen,
        "holdout": held,
    }
    return {name: Part(part.columns, part.label) for name, part in parts.items()}


def _customers(accepted: pa.Table, contract: Contract) -> _Customers:
    label = accepted[contract.label].to_numpy()
    return _Customers(accepted[contract.id].combine_chunks(), columns_of(accepted, contract.features), label)


def _take(customers: _Customers, rows: np.ndarray) -> _Customers:
    return _Customers(customers.ids.take(pa.array(rows)), rows_of(customers.columns, rows), customers.label[rows])


def _require_learnable(source: Source, contract: Contract, customers: _Customers, rejected: pa.Table) -> None:
    count = len(customers.label)
    if count < FEWEST_CUSTOMERS:
        expected = f"at least {FEWEST_CUSTOMERS:,} valid customers to learn from"
        got = f"{count:,}"
        if rejected.num_rows:
            got += (
                f", and {rejected.num_rows:,} rejected, the first (row {rejected['row'][0]}): {rejected['reasons'][0]}"
            )
        raise TableError(source.name, [Fault("rows", expected, got, "Take more customers, or mend the rejected ones.")])
    _require_both_classes(source, contract, customers.label)
    faults = [
        Fault(f"column {feature.name}", "at least two different values", got, todo)
        for feature in contract.features
        if (got := _constant(customers.columns[feature.name]))
        for todo in ["Mend the export, or take the feature out of the contract."]
    ]
    if faults:
        raise TableError(source.name, faults)


def _require_both_classes(source: Source, contract: Contract, label: np.ndarray) -> None:
    if len(np.unique(label)) < 2:
        got = f"only {int(label[0])} in all {len(label):,} valid rows" if len(label) else "no valid rows"
        todo = "Check the label's window."
        raise TableError(source.name, [Fault(f"column {contract.label}", "both 0 and 1", got, todo)])


def _constant(column: np.ndarray | Category) -> str:
    if isinstance(column, Category):
        return {0: "no value at all", 1: f"only {column.values[0]!r}" if column.values else ""}.get(
            len(column.values), ""
        )
    known = column[~np.isnan(column)]
    if not len(known):
        return "no value at all"
    return f"only {known[0]:g}" if known.min() == known.max() else ""


def _about(
    source: Source,
    contract: Contract,
    options: Options,
    customers: _Customers,
    rejected: int,
    later: Source | None,
) -> dict[str, Any]:
    settings = asdict(options)
    settings["date"] = options.date.isoformat()
    return {
        "date": options.date.isoformat(),
        "title": contract.title,
        "contract_sha256": contract.sha256,
        "data": {
            "rows": source.table.num_rows,
            "accepted": len(customers.label),
            "rejected": rejected,
            "sha256": _table_hash(source.table),
            "holdout_sha256": _table_hash(later.table) if later else None,
        },
        "options": settings,
        "libraries": {name: _version(name) for name in _LIBRARIES},
        "machine": {
            "python": platform.python_version(),
            "system": platform.system(),
            "cpu": platform.machine(),
        },
    }


def _table_hash(table: pa.Table) -> str:
    """Hash of the values, whatever file they came in."""
    digest = hashlib.sha256()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table.combine_chunks())
    digest.update(sink.getvalue())
    return digest.hexdigest()


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "unknown"
