"""For which customers a feature has a meaning: an average order value has none without orders."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from northstar_explain.contract.categories import Category
from northstar_explain.contract.conditions import matches
from northstar_explain.contract.features import Feature


def defined(feature: Feature, columns: Mapping[str, np.ndarray | Category]) -> np.ndarray | None:
    """Rows for which the feature has a meaning.

    Parameters
    ----------
    feature : Feature
    columns : mapping
        Name to float64 array or `Category`, each of length n, of at least the features that define it.

    Returns
    -------
    ndarray of bool, shape (n,), or None
        None where the feature always has a meaning. A defined value may still be missing.
    """
    return matches(feature.defined_when, columns) if feature.defined_when else None
