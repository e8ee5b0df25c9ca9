"""Whether the model holds for every group of customers: segments, new ones, unknown ones, sensitive features."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from northstar_explain import metrics
from northstar_explain.contract import Category, Columns, Contract, Feature
from northstar_explain.model.wording import brief

FEWEST = 50
NEW_SHARE = 0.25
_BANDS = 4


def group_facts(
    contract: Contract, columns: Columns, ids: np.ndarray, label: np.ndarray, probability: np.ndarray, threshold: float
) -> list[dict[str, Any]]:
    """The model's figures group by group.

    Parameters
    ----------
    contract : Contract
    columns : mapping
        The holdout's raw features.
    ids : ndarray of str, shape (n,)
        Segments.
    label : ndarray of 0 and 1, shape (n,)
    probability : ndarray of float, shape (n,)
    threshold : float
        From which a customer is flagged.

    Returns
    -------
    list of dict
        ``by`` what, ``group``, ``n``; and where n is 50 or more, else None: ``base_rate``, ``predicted_rate``, ``ece``,
        ``flag_rate``, ``recall`` (flagged among buyers) and ``roc_auc`` (None where all or none bought);
        ``base_rate_interval`` and ``recall_interval``, 95% by Wilson (1927). The calibration error is taken over ten
        bins, or as many as hold 50 customers each.
    """
    return [
        {"by": by, "group": group, **_figures(inside, label, probability, threshold)}
        for by, group, inside in _groups(contract, columns, ids)
        if inside.any()
    ]


def _figures(inside: np.ndarray, label: np.ndarray, probability: np.ndarray, threshold: float) -> dict[str, Any]:
    n = int(inside.sum())
    names = ("base_rate", "predicted_rate", "ece", "flag_rate", "recall", "roc_auc", "base_rate_interval",
             "recall_interval")  # fmt: skip
    if n < FEWEST:
        return {"n": n, **dict.fromkeys(names)}
    bought, scored = label[inside], probability[inside]
    flag = scored >= threshold
    both = 0 < bought.sum() < n
    values = (
        float(bought.mean()),
        float(scored.mean()),
        metrics.expected_calibration_error(bought, scored, min(metrics.CALIBRATION_BINS, n // FEWEST)),
        float(flag.mean()),
        float(flag[bought == 1].mean()) if bought.any() else None,
        metrics.roc_auc(bought, scored) if both else None,
        list(metrics.wilson(int(bought.sum()), n)),
        list(metrics.wilson(int(flag[bought == 1].sum()), int(bought.sum()))) if bought.any() else None,
    )
    return {"n": n, **dict(zip(names, values, strict=True))}


def _groups(contract: Contract, columns: Columns, ids: np.ndarray) -> Iterator[tuple[str, str, np.ndarray]]:
    for id in sorted(np.unique(ids), key=lambda id: int(str(id).removeprefix("S"))):
        yield "segment", str(id), ids == id
    yield from _tenure(contract, columns)
    yield from _unknown(contract, columns)
    for feature in contract.sensitive_features:
        yield from _values(contract, feature, columns[feature.name])


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
    said = brief(feature, cut, contract.currency)
    yield "tenure", f"new: {feature.words} up to {said}", known & (column <= cut)
    yield "tenure", f"long-standing: {feature.words} above {said}", known & (column > cut)


def _unknown(contract: Contract, columns: Columns) -> Iterator[tuple[str, str, np.ndarray]]:
    """Who misses every field of a group of features that may be missing: guests, where it is the profile."""
    for key, words in contract.groups.items():
        optional = [one for one in contract.features if one.group == key and one.missing is not None]
        if len(optional) < 2:
            continue
        missing = np.logical_and.reduce([_missing(columns[one.name]) for one in optional])
        if missing.any() and not missing.all():
            yield "unknown", f"{words}: nothing known", missing
            yield "unknown", f"{words}: something known", ~missing


def _missing(column: np.ndarray | Category) -> np.ndarray:
    return column.codes < 0 if isinstance(column, Category) else np.isnan(column)


def _values(
    contract: Contract, feature: Feature, column: np.ndarray | Category
) -> Iterator[tuple[str, str, np.ndarray]]:
    if isinstance(column, Category):
        for value in feature.order or sorted(column.values):
            if value in column.values:
                yield feature.name, value, column.codes == column.values.index(value)
    else:
        known = column[~np.isnan(column)]
        cuts = np.unique(np.quantile(known, np.linspace(0, 1, _BANDS + 1)[1:-1])) if len(known) else np.empty(0)
        band = np.searchsorted(cuts, column, side="left")
        for place in range(len(cuts) + 1):
            low, high = (
                brief(feature, float(cuts[i]), contract.currency) if 0 <= i < len(cuts) else ""
                for i in (place - 1, place)
            )
            said = f"up to {high}" if not low else f"above {low}" if not high else f"above {low}, up to {high}"
            yield feature.name, said, ~np.isnan(column) & (band == place)
    yield feature.name, "unknown", _missing(column)
