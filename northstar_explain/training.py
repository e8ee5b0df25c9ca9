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
from northstar_explain.evaluate.baselines import baselines
from northstar_explain.evaluate.compare import Rows, compare_facts
from northstar_explain.evaluate.groups import group_facts
from northstar_explain.evaluate.leakage import require_credible, require_no_leak
from northstar_explain.evaluate.purchase import (
    DRAWS,
    Judged,
    curve_facts,
    holdout_facts,
    importance_facts,
    interval_facts,
    profit_facts,
)
from northstar_explain.evaluate.segments import border_facts, outcome_facts, segment_facts
from northstar_explain.evaluate.together import control_facts, driver_facts, matrix_facts, spread_facts
from northstar_explain.evaluate.update import update_facts
from northstar_explain.learn import purchase, segments, splits
from northstar_explain.learn.compile import compile_machine
from northstar_explain.learn.golden import golden_rows
from northstar_explain.metrics import best_f1_threshold, roc_auc
from northstar_explain.model import Model, Purchase, Scorecard, build, follow, ranks
from northstar_explain.model.names import as_learnt
from northstar_explain.model.rules import Node, assign

FEWEST_CUSTOMERS = 1_000
# Of rows that belong together: fewer could not be split into parts that are alike.
FEWEST_GROUPS = 100
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
        Shares of the customers. When a later table is given, the holdout share is used only where the two tables share
        groups of rows that belong together: so many of them are then judged there and teach nothing.
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
    """Checked customers with their label, and the group of each row where the contract names one."""

    ids: pa.Array
    columns: Columns
    label: np.ndarray
    groups: np.ndarray | None


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
    parts = _parts(customers, judged, options)
    split, held = parts.split, parts.held
    _require_both_classes(later or source, contract, held.label)
    previous = _previous(earlier, contract, options)
    progress("looking for features that know too much")
    accepted = options.accept_leakage
    require_no_leak(contract, customers.columns, customers.label, source.name, accepted, options.seed, customers.groups)
    learnt = segments.learn(
        customers.columns, contract, options.segments, options.seed, progress, previous, customers.groups
    )
    scorecard, facts = _learn_purchase(customers, contract, split, options, progress)
    _require_credible(source, customers, scorecard, split, options)
    tree = learnt.segmentation.tree
    seen = _Seen(held, scorecard.probability(held.columns), assign(tree, held.columns), facts)
    progress("judging the holdout beside simpler models and a black box")
    evaluation: dict[str, Any] = {
        "purchase": _purchase_evaluation(customers, split, seen, contract, scorecard, tree, options),
        "segments": segment_facts(learnt),
    }
    evaluation["purchase"]["out_of_time"] = judged is not None
    evaluation["purchase"]["kept_together"] = _kept_together(contract, customers, parts, judged)
    evaluation["purchase"]["gaps"] = _gaps(evaluation["purchase"], seen, contract, (later or source).truth)
    evaluation["segments"]["holdout_outcomes"] = outcome_facts(seen.ids, held.label, seen.probability)
    evaluation["together"] = _together(seen, scorecard, learnt)
    evaluation["comparison"] = None
    if options.experiments:
        taught = _take(customers, split.train)
        evaluation["comparison"] = compare_facts(
            Rows(taught.columns, taught.label), Rows(held.columns, held.label), contract, learnt, options.seed, progress
        )
    evaluation["segments"]["borderline"] = border_facts(learnt.segmentation, customers.columns)
    evaluation["segments"]["update"] = None
    if earlier is not None:
        ids = customers.ids.to_numpy(zero_copy_only=False)
        evaluation["segments"]["update"] = update_facts(learnt, earlier.model, ids, customers.columns, earlier.scores)
    golden = golden_rows(checked.accepted, contract, scorecard, learnt.segmentation.tree, options.seed)
    about = _about(source, contract, options, customers, checked.rejected.num_rows, later)
    model = build(contract, learnt.segmentation, scorecard, facts, evaluation, golden, about)
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


class _Parts(NamedTuple):
    """Who teaches and who is judged."""

    split: splits.Split
    held: _Customers


def _parts(customers: _Customers, judged: _Customers | None, options: Options) -> _Parts:
    """Split the customers; no group that teaches is judged, at a later date neither."""
    groups = customers.groups
    common = judged is not None and _known(judged, groups).any()
    share = options.holdout if judged is None or common else 0.0
    split = splits.stratified(customers.label, options.validation, share, options.seed, groups)
    if judged is None:
        return _Parts(split, _take(customers, split.holdout))
    if not common:
        return _Parts(split, judged)
    assert groups is not None
    taught = groups[np.concatenate([split.train, split.validation])]
    return _Parts(split, _take(judged, np.flatnonzero(~_known(judged, taught))))


def _known(judged: _Customers, groups: np.ndarray | None) -> np.ndarray:
    """Which rows belong to some of the groups."""
    if judged.groups is None or groups is None:
        return np.zeros(len(judged.label), dtype=bool)
    return np.isin(judged.groups, np.unique(groups))


def _kept_together(
    contract: Contract, customers: _Customers, parts: _Parts, judged: _Customers | None
) -> dict[str, Any] | None:
    if customers.groups is None or parts.held.groups is None:
        return None
    train, validation = (len(np.unique(customers.groups[rows])) for rows in parts.split[:2])
    return {
        "by": contract.group,
        "train": train,
        "validation": validation,
        "holdout": len(np.unique(parts.held.groups)),
        "not_taught": 0 if judged is None else len(parts.split.holdout),
        "not_judged": 0 if judged is None else len(judged.label) - len(parts.held.label),
    }


def _learn_purchase(
    customers: _Customers,
    contract: Contract,
    split: splits.Split,
    options: Options,
    progress: Callable[[str], None],
) -> tuple[Scorecard, Purchase]:
    features = contract.model_features
    progress(f"fitting the purchase model to {len(split.train):,} customers and {len(features)} features")
    taught = _take(customers, split.train)
    machine = purchase.fit(taught.columns, taught.label, features, options.purchase, options.seed, taught.groups)
    scorecard = compile_machine(machine, contract)
    progress("choosing the threshold on the validation rows")
    validation = _take(customers, split.validation)
    threshold = best_f1_threshold(validation.label, scorecard.probability(validation.columns))
    known = np.concatenate([split.train, split.validation])
    population = scorecard.probability(_take(customers, known).columns)
    percentiles = np.quantile(population, np.linspace(0, 1, 1001))
    ranges = _ranges(taught.columns, scorecard.features)
    return scorecard, Purchase(scorecard.intercept, threshold, tuple(map(float, percentiles)), ranges)


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
    def decile(self) -> np.ndarray:
        """Against the training population, 10 the highest."""
        return ranks.decile(ranks.percentile(self.probability, self.purchase.percentiles))


def _require_credible(
    source: Source, customers: _Customers, scorecard: Scorecard, split: splits.Split, options: Options
) -> None:
    validation = _take(customers, split.validation)
    auc = roc_auc(validation.label, scorecard.probability(validation.columns))
    terms = importance_facts([(term.name, term.importance) for term in scorecard.terms])
    require_credible(source.name, auc, [term["term"] for term in terms], options.accept_leakage)


def _purchase_evaluation(
    customers: _Customers,
    split: splits.Split,
    seen: _Seen,
    contract: Contract,
    scorecard: Scorecard,
    tree: Node,
    options: Options,
) -> dict[str, Any]:
    held, ours = seen.held, Judged(seen.probability, seen.purchase.threshold)
    taught, chosen = _take(customers, split.train), _take(customers, split.validation)
    others = baselines(
        contract, (taught.columns, taught.label), (chosen.columns, chosen.label), held.columns, tree, options.seed
    )
    intervals, beside = interval_facts(held.label, ours, others, options.seed, options.draws, held.groups)
    profit = None
    if options.margin is not None and options.contact_cost is not None:
        profit = profit_facts(held.label, seen.probability, options.margin, options.contact_cost)
    return {
        "holdout": holdout_facts(held.label, ours),
        "intervals": intervals,
        "draws": options.draws,
        "baselines": beside,
        "groups": group_facts(contract, held.columns, seen.ids, held.label, ours.probability, ours.threshold),
        **curve_facts(held.label, ours.probability, seen.decile),
        "profit": profit,
        "train_n": len(split.train),
        "validation_n": len(split.validation),
        "terms": importance_facts([(term.name, term.importance) for term in scorecard.terms]),
    }


def _gaps(
    facts: dict[str, Any], seen: _Seen, contract: Contract, truth: Mapping[str, float] | None
) -> dict[str, float | None]:
    """How far the AUC lies behind the black box, and behind the best that can be known where that is known."""
    behind = {one["name"]: -one["roc_auc_behind"] for one in facts["baselines"]}
    found: dict[str, float | None] = {"black_box": behind["black_box"], "knowable_roc_auc": None, "knowable": None}
    if truth is not None:
        ids = seen.held.ids.to_pylist()
        if strange := next((id for id in ids if id not in truth), None):
            todo = "Give the truth of these very customers."
            raise TableError("truth", [Fault("ids", "every customer of the holdout", f"no {strange}", todo)])
        known = np.array([truth[id] for id in ids])
        best = roc_auc(seen.held.label, known)
        found |= {"knowable_roc_auc": best, "knowable": best - facts["holdout"]["roc_auc"]}
    return found


def _together(seen: _Seen, scorecard: Scorecard, learnt: segments.Learnt) -> dict[str, Any]:
    order = [segment.id for segment in learnt.segmentation.segments]
    base = float(seen.held.label.mean())
    return {
        "matrix": matrix_facts(seen.ids, seen.decile, seen.held.label, seen.probability, order),
        "spread": spread_facts(seen.ids, seen.probability, order),
        "drivers": driver_facts(scorecard, seen.held.columns, seen.ids, order),
        "control": control_facts(base),
    }


def _customers(accepted: pa.Table, contract: Contract) -> _Customers:
    label = accepted[contract.label].to_numpy()
    groups = accepted[contract.group].to_numpy() if contract.group else None
    return _Customers(accepted[contract.id].combine_chunks(), columns_of(accepted, contract.features), label, groups)


def _take(customers: _Customers, rows: np.ndarray) -> _Customers:
    groups = None if customers.groups is None else customers.groups[rows]
    ids, columns = customers.ids.take(pa.array(rows)), rows_of(customers.columns, rows)
    return _Customers(ids, columns, customers.label[rows], groups)


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
    _require_groups(source, contract, customers.groups)
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


def _require_groups(source: Source, contract: Contract, groups: np.ndarray | None) -> None:
    if groups is not None and (count := len(np.unique(groups))) < FEWEST_GROUPS:
        expected = f"at least {FEWEST_GROUPS} different values, so that some can teach and others be judged"
        todo = "Take more of them, or name in table.group what rows really belong to."
        raise TableError(source.name, [Fault(f"column {contract.group}", expected, f"{count:,}", todo)])


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
