"""interpret's own machine from a scorecard: its arithmetic is then run on the tables, and nothing is unpickled."""

from __future__ import annotations

from importlib import metadata
from typing import Any

import numpy as np
import pyarrow as pa
from interpret.glassbox import ExplainableBoostingClassifier

from northstar_explain.contract.columns import columns_of
from northstar_explain.contract.features import Contract
from northstar_explain.learn.fit_purchase_model import frame
from northstar_explain.model.scorecard import Bins, NumberBins, Scorecard


def interpret_version() -> str:
    """The version of interpret that is installed."""
    return metadata.version("interpret-core")


def rebuilt_ebm(scorecard: Scorecard, contract: Contract) -> ExplainableBoostingClassifier:
    """An EBM that predicts with the tables of a scorecard.

    Parameters
    ----------
    scorecard : Scorecard
    contract : Contract
        Says which features are numbers.

    Returns
    -------
    ExplainableBoostingClassifier
        With what `predict_proba` reads, and nothing else of a fit.
    """
    names = list(scorecard.features)
    ebm: Any = ExplainableBoostingClassifier()
    ebm.feature_names_in_, ebm.n_features_in_ = names, len(names)
    ebm.feature_types_in_ = ["continuous" if contract[name].kind.numeric else "nominal" for name in names]
    ebm.bins_ = [_levels(name, scorecard) for name in names]
    ebm.term_features_ = [tuple(map(names.index, term.features)) for term in scorecard.terms]
    ebm.term_scores_ = [term.points for term in scorecard.terms]
    ebm.intercept_, ebm.classes_ = np.array([scorecard.intercept]), np.array([0, 1])
    ebm.link_, ebm.link_param_, ebm.has_fitted_ = "logit", np.nan, True
    return ebm


def interpret_probability(rows: pa.Table, scorecard: Scorecard, contract: Contract) -> np.ndarray:
    """What interpret's ``predict_proba`` gives rows by the tables of a scorecard, shape (n,)."""
    features = [contract[name] for name in scorecard.features]
    given = frame(columns_of(rows, features), features)
    probability: np.ndarray = rebuilt_ebm(scorecard, contract).predict_proba(given)[:, 1]
    return probability


def _levels(name: str, scorecard: Scorecard) -> list[Any]:
    """The bins of a feature's own term, then those of its pairs, as interpret keeps them."""
    axes: dict[int, Bins] = {len(t.axes): a for t in scorecard.terms for a in t.axes if a.feature == name}
    bins: list[Any] = [
        np.asarray(axis.cuts) if isinstance(axis, NumberBins) else dict(axis.values) for _, axis in sorted(axes.items())
    ]
    # A feature that is in pairs only has no bins of its own, and its pairs read the second level.
    return bins if 1 in axes else bins * 2
