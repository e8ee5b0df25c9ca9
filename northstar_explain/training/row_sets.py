"""Who teaches, who chooses and who is judged; no group of rows that teaches is judged, at a later date neither."""

from __future__ import annotations

import numpy as np

from northstar_explain.evaluate.customers import Customers
from northstar_explain.evaluate.holdout import Parts
from northstar_explain.learn import splits
from northstar_explain.training.options import Options


def parted(customers: Customers, judged: Customers | None, options: Options) -> Parts:
    """Part the customers.

    Parameters
    ----------
    customers : Customers
    judged : Customers or None
        Those of a later table, who are then the holdout. Of groups that are in both tables, the holdout's share is
        judged at the later date and teaches nothing; the others teach, and are not judged.
    options : Options

    Returns
    -------
    Parts
    """
    common = judged is not None and bool(_known(judged, customers.groups).any())
    share = options.holdout if judged is None or common else 0.0
    split = splits.stratified(customers.label, options.validation, share, options.seed, customers.groups)
    train, validation = customers.take(split.train), customers.take(split.validation)
    if judged is None:
        return Parts(customers, train, validation, customers.take(split.holdout))
    held = judged
    if common and train.groups is not None and validation.groups is not None:
        taught = _known(judged, np.concatenate([train.groups, validation.groups]))
        held = judged.take(np.flatnonzero(~taught))
    return Parts(customers, train, validation, held, True, len(split.holdout), len(judged) - len(held))


def _known(judged: Customers, groups: np.ndarray | None) -> np.ndarray:
    """Which rows belong to some of the groups."""
    if judged.groups is None or groups is None:
        return np.zeros(len(judged), dtype=bool)
    return np.isin(judged.groups, np.unique(groups))
