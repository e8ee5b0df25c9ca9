"""The metrics by subgroup: segments, new and unknown customers, values of sensitive features."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from northstar_explain import metrics
from northstar_explain.contract.categories import Category
from northstar_explain.contract.columns import Columns
from northstar_explain.contract.features import Contract, Feature
from northstar_explain.evaluate import group_chance
from northstar_explain.model.evaluation import Interval
from northstar_explain.model.evaluation.limits import SUBGROUP_MIN_CUSTOMERS
from northstar_explain.model.evaluation.rate_facts import Subgroup
from northstar_explain.model.wording import brief

# Share of the customers, those of shortest tenure, who count as new.
NEW_SHARE = 0.25
_BANDS = 4


def group_facts(
    contract: Contract, columns: Columns, ids: np.ndarray, label: np.ndarray, probability: np.ndarray, threshold: float
) -> tuple[Subgroup, ...]:
    """The purchase model's metrics for each subgroup.

    Parameters
    ----------
    contract : Contract
    columns : mapping
        The holdout's raw features.
    ids : ndarray of str, shape (n,)
        Each row's segment.
    label : ndarray of 0 and 1, shape (n,)
    probability : ndarray of float, shape (n,)
    threshold : float
        Probability from which a customer is flagged.

    Returns
    -------
    tuple of Subgroup
        The calibration error is computed over ten bins, or fewer so that each holds `SUBGROUP_MIN_CUSTOMERS`.
    """
    found = [
        _subgroup(by, name, inside, label, probability, threshold)
        for by, name, inside in subgroups(contract, columns, ids)
    ]
    return tuple(_with_ratio(one, found) for one in found)


def _subgroup(
    by: str, name: str, inside: np.ndarray, label: np.ndarray, probability: np.ndarray, threshold: float
) -> Subgroup:
    n = int(inside.sum())
    if n < SUBGROUP_MIN_CUSTOMERS:
        return Subgroup(by, name, n)
    actual, predicted = label[inside], probability[inside]
    flag = predicted >= threshold
    buyers, flagged = int(actual.sum()), flag[actual == 1]
    # Ten bins of a small group would measure noise: the error grows with the number of bins.
    bins = min(metrics.CALIBRATION_BINS, n // SUBGROUP_MIN_CUSTOMERS)
    return Subgroup(
        by=by,
        name=name,
        n=n,
        base_rate=float(actual.mean()),
        predicted_rate=float(predicted.mean()),
        ece=metrics.expected_calibration_error(actual, predicted, bins),
        flag_rate=float(flag.mean()),
        recall=float(flagged.mean()) if buyers else None,
        roc_auc=metrics.roc_auc(actual, predicted) if 0 < buyers < n else None,
        base_rate_interval=Interval(*metrics.wilson(buyers, n)),
        recall_interval=Interval(*metrics.wilson(int(flagged.sum()), buyers)) if buyers else None,
        roc_auc_interval=group_chance.roc_auc_interval(actual, predicted),
        rate_by_chance=group_chance.rate_by_chance(predicted),
        calibration_z=group_chance.calibration_z(actual, predicted),
        ece_by_chance=group_chance.ece_by_chance(predicted, bins),
        flagged=int(flag.sum()),
    )


def _with_ratio(group: Subgroup, all_groups: Sequence[Subgroup]) -> Subgroup:
    """A group with its flag rate over the highest one of the groups that customers are divided into the same way."""
    # Segments are meant to differ, and kinds of unknown customers overlap.
    if group.by in ("segment", "unknown") or group.flagged is None:
        return group
    alike = [one for one in all_groups if one.by == group.by and one.flagged]
    if not alike:
        return group
    # The first of equals, so that the reference does not depend on anything else.
    best = max(alike, key=lambda one: one.flag_rate or 0.0)
    assert best.flagged is not None and best.flag_rate and group.flag_rate is not None
    ends = None if group == best else group_chance.ratio_interval(group.flagged, group.n, best.flagged, best.n)
    return replace(group, flag_ratio=group.flag_rate / best.flag_rate, flag_ratio_interval=ends)


def subgroups(contract: Contract, columns: Columns, ids: np.ndarray) -> Iterator[tuple[str, str, np.ndarray]]:
    """What each subgroup is by, its name, and which rows are in it; parameters as of `group_facts`."""
    return (one for one in _groups(contract, columns, ids) if one[2].any())


def _groups(contract: Contract, columns: Columns, ids: np.ndarray) -> Iterator[tuple[str, str, np.ndarray]]:
    # By number, as S10 would come before S2 by name.
    for id in sorted(np.unique(ids), key=lambda id: int(str(id).removeprefix("S"))):
        yield "segment", str(id), ids == id
    yield from _tenure(contract, columns)
    yield from _unknown(contract, columns)
    for feature in contract.sensitive_features:
        yield from sensitive_groups(contract, feature, columns[feature.name], columns[feature.name])


def _tenure(contract: Contract, columns: Columns) -> Iterator[tuple[str, str, np.ndarray]]:
    feature = next((one for one in contract.features if one.role == "tenure" and one.kind.numeric), None)
    if feature is None:
        return
    column = columns[feature.name]
    assert isinstance(column, np.ndarray)
    known = ~np.isnan(column)
    if not known.any():
        return
    cut = float(np.quantile(column[known], NEW_SHARE))
    limit = brief(feature, cut, contract.currency)
    yield "tenure", f"newer: {feature.words} up to {limit}", known & (column <= cut)
    yield "tenure", f"long-standing: {feature.words} above {limit}", known & (column > cut)


def _unknown(contract: Contract, columns: Columns) -> Iterator[tuple[str, str, np.ndarray]]:
    """Customers without a value in any optional feature of a group: guests, where the group is the profile."""
    for key, words in contract.groups.items():
        optional = [one for one in contract.features if one.group == key and one.missing is not None]
        # With one optional feature, its missing values are a value of that feature, not a kind of customer.
        if len(optional) < 2:
            continue
        missing = np.logical_and.reduce([_missing(columns[one.name]) for one in optional])
        if missing.any() and not missing.all():
            yield "unknown", f"{words}: nothing known", missing
            yield "unknown", f"{words}: something known", ~missing


def _missing(column: np.ndarray | Category) -> np.ndarray:
    return column.codes < 0 if isinstance(column, Category) else np.isnan(column)


def sensitive_groups(
    contract: Contract, feature: Feature, column: np.ndarray | Category, like: np.ndarray | Category
) -> Iterator[tuple[str, str, np.ndarray]]:
    """The groups of a sensitive feature in a column, by the values or the quartiles of the column `like`."""
    if isinstance(column, Category) and isinstance(like, Category):
        for value in feature.order or sorted(like.values):
            if value in like.values:
                place = column.values.index(value) if value in column.values else None
                yield feature.name, value, np.zeros(len(column.codes), bool) if place is None else column.codes == place
    elif isinstance(column, np.ndarray) and isinstance(like, np.ndarray):
        known = like[~np.isnan(like)]
        # Quartiles; fewer bands where many customers share a value.
        cuts = np.unique(np.quantile(known, np.linspace(0, 1, _BANDS + 1)[1:-1])) if len(known) else np.empty(0)
        # A value equal to a cut belongs below it, as "up to" says.
        band = np.searchsorted(cuts, column, side="left")
        for place in range(len(cuts) + 1):
            low, high = (
                brief(feature, float(cuts[i]), contract.currency) if 0 <= i < len(cuts) else ""
                for i in (place - 1, place)
            )
            words = f"up to {high}" if not low else f"above {low}" if not high else f"above {low}, up to {high}"
            yield feature.name, words, ~np.isnan(column) & (band == place)
    yield feature.name, "unknown", _missing(column)
