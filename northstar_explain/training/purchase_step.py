"""The purchase model's step: the EBM, its scorecard and threshold, and a black box to compare with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from northstar_explain.contract.columns import Columns
from northstar_explain.contract.features import Contract
from northstar_explain.contract.outcomes import model_words
from northstar_explain.evaluate.baselines import BlackBox, fit_black_box
from northstar_explain.evaluate.customers import Customers
from northstar_explain.learn import fit_purchase_model
from northstar_explain.learn.compile_scorecard import Bags, bags_of, compile_ebm
from northstar_explain.learn.effect_intervals import with_intervals
from northstar_explain.learn.fit_purchase_model import EBM
from northstar_explain.learn.propose_directions import direction_lines, propose_directions
from northstar_explain.metrics import best_f1_threshold
from northstar_explain.model.campaign.value import break_even_probability
from northstar_explain.model.evaluation.rival_facts import ProposedDirection
from northstar_explain.model.learned_model import Purchase
from northstar_explain.model.scorecard import Scorecard
from northstar_explain.training.training_options import TrainingOptions


class FittedPurchaseModel(NamedTuple):
    """The purchase model, the EBM that it was compiled from, a black box fitted to the same rows, and proposals."""

    scorecard: Scorecard
    purchase: Purchase
    ebm: EBM
    bags: Bags
    black_box: BlackBox
    directions: tuple[ProposedDirection, ...]


def fit_purchase(
    train: Customers,
    validation: Customers,
    contract: Contract,
    options: TrainingOptions,
    progress: Callable[[str], None],
) -> FittedPurchaseModel:
    """Fit the purchase model.

    Parameters
    ----------
    train, validation : Customers
        The rows to fit to, and the rows that choose the threshold.
    contract : Contract
    options : TrainingOptions
    progress : callable
        Takes the name of each stage as it begins.

    Returns
    -------
    FittedPurchaseModel
    """
    features = contract.model_features
    progress(f"fitting the {model_words(contract)} to {len(train):,} customers and {len(features)} features")
    if fewer := options.purchase.for_rows_words(len(train)):
        progress(fewer)
    ebm = fit_purchase_model.fit(
        train.columns, train.label, features, options.purchase, options.seed, progress, train.groups
    )
    # From here on only the scorecard is used, as it is what scores; the EBM is kept for golden rows and bags.
    progress("computing the intervals of its shapes")
    scorecard = with_intervals(compile_ebm(ebm, contract), contract, train.columns, train.label, train.groups)
    directions = propose_directions(scorecard, contract, validation.columns, validation.label)
    for line in direction_lines(directions):
        progress(line)
    progress("choosing the threshold on the validation rows")
    validated = scorecard.probability(validation.columns)
    threshold = best_f1_threshold(validation.label, validated)
    # Customers are ranked against the rows that the model was made with: the holdout leaves no trace in the model.
    population = np.concatenate([scorecard.probability(train.columns), validated])
    # 1,001 quantiles give a rank to one decimal of a percent.
    percentiles = np.quantile(population, np.linspace(0, 1, 1001))
    ranges = _ranges(train.columns, scorecard.features)
    progress("fitting a black box to compare with")
    # Fitted here rather than with the other baselines: this runs beside the search for segments.
    black_box = fit_black_box(features, train, validation, options.seed, options.deep)
    economics = options.economics(contract)
    rate = float(np.concatenate([train.label, validation.label]).mean())
    even = break_even_probability(rate, economics) if economics else None
    numbers = Purchase(scorecard.intercept, threshold, tuple(map(float, percentiles)), ranges, even)
    return FittedPurchaseModel(scorecard, numbers, ebm, bags_of(ebm), black_box, directions)


def _ranges(columns: Columns, features: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Lowest and highest known value of each numeric feature; values outside are counted when scoring."""
    numbers = {name: column for name in features if isinstance(column := columns[name], np.ndarray)}
    known = {name: column[~np.isnan(column)] for name, column in numbers.items()}
    return {name: (float(column.min()), float(column.max())) for name, column in known.items() if len(column)}
