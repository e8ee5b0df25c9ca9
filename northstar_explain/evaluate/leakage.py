"""The leakage check: features that reveal the outcome, as they are measured after it or derived from it."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from northstar_explain.contract.categories import Category
from northstar_explain.contract.columns import Columns, rows_of
from northstar_explain.contract.features import Contract
from northstar_explain.errors import Fault, TableError
from northstar_explain.metrics import roc_auc

# A ROC-AUC above these, by one feature or by the model, is more than past behavior usually reaches.
ALONE, WHOLE = 0.90, 0.97
_BINS = 64
# Enough to know an AUC to less than a hundredth.
ROWS = 40_000


def require_no_leak(
    contract: Contract,
    columns: Columns,
    label: np.ndarray,
    source: str,
    accepted: Collection[str],
    seed: int,
    groups: np.ndarray | None = None,
) -> None:
    """Refuse to train when one feature alone ranks buyers implausibly well.

    Each feature is cut into bins, with a bin for missing values; purchase rates of the bins are measured on one half
    of the rows and rank the other half. So a leak shows whatever its shape. More than `ROWS` rows are sampled.

    Parameters
    ----------
    contract : Contract
    columns : mapping
        Training rows.
    label : ndarray of 0 and 1, shape (n,)
    source : str
        Name of the table in errors.
    accepted : collection of str
        Features that somebody has checked.
    seed : int
    groups : ndarray, shape (n,), optional
        Group of each row; no group is in both halves.

    Raises
    ------
    TableError
        When a feature that is not accepted has a ROC-AUC above 0.90 by itself.
    """
    rng = np.random.default_rng([seed, 13])
    if len(label) > ROWS:
        rows = np.sort(rng.choice(len(label), ROWS, replace=False))
        columns, label = rows_of(columns, rows), label[rows]
        groups = None if groups is None else groups[rows]
    half = rng.random(len(label)) < 0.5
    if groups is not None:
        # The draw of a group decides for all of its rows.
        half = half[np.unique(groups, return_inverse=True)[1]]
    faults = []
    for feature in contract.model_features:
        if feature.name in accepted:
            continue
        auc = _auc_alone(columns[feature.name], label, half)
        if auc > ALONE:
            faults.append(_fault(f"column {feature.name}", f"ROC-AUC {auc:.3f} by itself", ALONE, feature.name))
    if faults:
        raise TableError(source, faults)


def require_credible(source: str, auc: float, feature: str, accepted: Collection[str]) -> None:
    """Refuse a model that ranks validation rows implausibly well.

    Parameters
    ----------
    source : str
    auc : float
        On the validation rows.
    feature : str
        The most important one of the model.
    accepted : collection of str

    Raises
    ------
    TableError
        When the ROC-AUC is above 0.97 and that feature is not accepted.
    """
    if auc > WHOLE and feature not in accepted:
        got = f"ROC-AUC {auc:.3f} on validation rows, most of it by {feature}"
        raise TableError(source, [_fault("purchase model", got, WHOLE, feature)])


def _fault(where: str, got: str, most: float, name: str) -> Fault:
    todo = (
        f"Check that {name} is known on the day of scoring and uses nothing from the label's window; "
        f"if so, train with --accept-leakage {name}, otherwise remove it from the contract."
    )
    return Fault(where, f"a ROC-AUC of at most {most:.2f}: more looks like the label itself", got, todo)


def _auc_alone(column: np.ndarray | Category, label: np.ndarray, half: np.ndarray) -> float:
    bins = _binned(column)
    count = int(bins.max()) + 1
    rows, buyers = np.bincount(bins[half], minlength=count), np.bincount(bins[half], label[half], count)
    if len(np.unique(label[~half])) < 2 or not half.any():
        return 0.5
    # Rates of small bins are shrunk towards the base rate, else a feature with many values would look like a leak.
    rate = (buyers + 5 * label[half].mean()) / (rows + 5)
    return roc_auc(label[~half], rate[bins[~half]])


def _binned(column: np.ndarray | Category) -> np.ndarray:
    if isinstance(column, Category):
        return column.codes.astype(np.intp) + 1
    known = column[~np.isnan(column)]
    cuts = np.unique(np.quantile(known, np.linspace(0, 1, _BINS + 1)[1:-1])) if len(known) else np.empty(0)
    bins = np.searchsorted(cuts, column, side="left") + 1
    bins[np.isnan(column)] = 0
    return bins
