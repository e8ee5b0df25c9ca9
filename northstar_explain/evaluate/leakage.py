"""The leakage check: features that reveal the outcome, as they are measured after it or derived from it."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from northstar_explain.contract.columns import Columns
from northstar_explain.contract.features import Contract
from northstar_explain.contract.rank_alone import auc_alone
from northstar_explain.errors import Fault, TableError
from northstar_explain.evaluate.halves import halves

# A ROC-AUC above these, by one feature or by the model, is more than past behavior usually reaches.
ALONE, WHOLE = 0.90, 0.97
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
    columns, label, half = halves(columns, label, groups, ROWS, rng)
    faults = []
    for feature in contract.model_features:
        if feature.name in accepted:
            continue
        auc = auc_alone(columns[feature.name], label, half)
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
        raise TableError(source, [_fault("fitted model", got, WHOLE, feature)])


def _fault(where: str, got: str, most: float, name: str) -> Fault:
    todo = (
        f"Check that {name} is known on the day of scoring and uses nothing from the label's window; "
        f"if so, train with --accept-leakage {name}, otherwise remove it from the contract."
    )
    return Fault(where, f"a ROC-AUC of at most {most:.2f}: more looks like the label itself", got, todo)
