"""Learning who buys: the machine, its scorecard and threshold, and a black box beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from northstar_explain.contract import Columns, Contract
from northstar_explain.evaluate.baselines import fit_black_box
from northstar_explain.evaluate.customers import Customers
from northstar_explain.evaluate.holdout import FittedPurchaseModel
from northstar_explain.learn import fit_purchase_model
from northstar_explain.learn.compile_scorecard import bags_of, compile_ebm
from northstar_explain.metrics import best_f1_threshold
from northstar_explain.model import Purchase
from northstar_explain.training.options import TrainingOptions


def learn_purchase(
    taught: Customers,
    chosen: Customers,
    contract: Contract,
    options: TrainingOptions,
    progress: Callable[[str], None],
) -> FittedPurchaseModel:
    """Learn the purchase model.

    Parameters
    ----------
    taught, chosen : Customers
        Who teaches, and who chooses the threshold.
    contract : Contract
    options : TrainingOptions
    progress : callable
        Told each stage as it begins.

    Returns
    -------
    FittedPurchaseModel
    """
    features = contract.model_features
    progress(f"fitting the purchase model to {len(taught):,} customers and {len(features)} features")
    machine = fit_purchase_model.fit(
        taught.columns, taught.label, features, options.purchase, options.seed, progress, taught.groups
    )
    scorecard = compile_ebm(machine, contract)
    progress("choosing the threshold on the validation rows")
    validated = scorecard.probability(chosen.columns)
    threshold = best_f1_threshold(chosen.label, validated)
    population = np.concatenate([scorecard.probability(taught.columns), validated])
    percentiles = np.quantile(population, np.linspace(0, 1, 1001))
    ranges = _ranges(taught.columns, scorecard.features)
    progress("fitting a black box to compare with")
    black_box = fit_black_box(features, taught, chosen, options.seed)
    numbers = Purchase(scorecard.intercept, threshold, tuple(map(float, percentiles)), ranges)
    return FittedPurchaseModel(scorecard, numbers, machine, bags_of(machine), black_box)


def _ranges(columns: Columns, features: Sequence[str]) -> dict[str, tuple[float, float]]:
    numbers = {name: column for name in features if isinstance(column := columns[name], np.ndarray)}
    known = {name: column[~np.isnan(column)] for name, column in numbers.items()}
    return {name: (float(column.min()), float(column.max())) for name, column in known.items() if len(column)}
