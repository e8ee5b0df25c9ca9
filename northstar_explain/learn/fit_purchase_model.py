"""Fitting the purchase model: an Explainable Boosting Machine (Lou et al. 2013; Nori et al. 2019, InterpretML)."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd
from interpret.glassbox import ExplainableBoostingClassifier

from northstar_explain.contract.categories import Category
from northstar_explain.contract.columns import Columns
from northstar_explain.contract.features import Feature
from northstar_explain.contract.rank_alone import auc_alone
from northstar_explain.learn import splits
from northstar_explain.learn.calibrate_ebm import calibrate
from northstar_explain.learn.smooth_shapes import smooth_shapes
from northstar_explain.learn.workers import processes
from northstar_explain.model.evaluation.limits import THIN_BIN_CUSTOMERS

# With fewer customers, a bin of a feature or a cell of a pair says more of chance than of customers.
BIN_CUSTOMERS, CELL_CUSTOMERS, PAIR_CUSTOMERS = THIN_BIN_CUSTOMERS, 12, 500
_FEWEST_BINS, _FEWEST_PAIR_BINS = 8, 4
# Of a category with more values, those with fewer than `BIN_CUSTOMERS` customers count as one.
MANY_VALUES = 50
RARE = "(rare values)"
# With more features, pairs are looked for among those that rank best alone: ranking every pair of 400 features takes
# longer than all the rest.
PAIR_FEATURES = 100
# About a hundred rounds over all terms are usual. Where a feature is the label in disguise, small steps would gain a
# little for tens of thousands.
MOST_ROUNDS = 1_000
EBM = ExplainableBoostingClassifier
_DIRECTIONS = {"up": 1, "down": -1, None: 0}


@dataclass(frozen=True)
class PurchaseModelOptions:
    """How the EBM is fitted.

    Attributes
    ----------
    interactions : int
        Pairs of features.
    outer_bags : int
        Bags that are averaged; the scorecard reports their spread for pairs. Each is fitted to half of the rows, and
        two bags to the two halves of one split.
    learning_rate : float
        Larger than interpret's default of 0.015: as good on customer tables in a fraction of the time.
    max_bins : int
        Most bins of a numeric feature; fewer where that leaves fewer than `BIN_CUSTOMERS` customers in each.
    pair_bins : int
        Bins of a numeric feature in a pair. Half of interpret's default of 64: it ranks as well with two pairs more, in
        fewer than half of the cells, which then have customers enough to be read.
    early_stopping_rounds : int
        Rounds over all terms without a gain after which a bag stops; interpret's default of 100 gains nothing more.
    min_samples_leaf : int
        Fewest rows on either side of a split; of a half of the rows, hence half of `BIN_CUSTOMERS`.
    reg_lambda : float
        L2 penalty on each step. interpret's default of 0 is as good in log loss, with jumps among the outer customers
        and in thin cells of pairs (`python -m benchmarks.shapes`).
    """

    interactions: int = 12
    outer_bags: int = 14
    learning_rate: float = 0.1
    max_bins: int = 256
    pair_bins: int = 32
    early_stopping_rounds: int = 25
    min_samples_leaf: int = BIN_CUSTOMERS // 2
    reg_lambda: float = 10.0

    def for_rows(self, rows: int) -> PurchaseModelOptions:
        """The same for a table of so many training rows.

        In a small table, a feature has so few bins that each holds `BIN_CUSTOMERS` customers, a pair so few that a
        cell holds `CELL_CUSTOMERS` on average, and there is a pair for every `PAIR_CUSTOMERS`. From 12,800 rows on,
        nothing changes.
        """
        return replace(
            self,
            interactions=min(self.interactions, rows // PAIR_CUSTOMERS),
            max_bins=min(self.max_bins, max(rows // BIN_CUSTOMERS, _FEWEST_BINS)),
            pair_bins=min(self.pair_bins, max(math.isqrt(rows // CELL_CUSTOMERS), _FEWEST_PAIR_BINS)),
        )

    def for_rows_words(self, rows: int) -> str:
        """What `for_rows` changes, for a progress message; empty where it changes nothing."""
        fewer = self.for_rows(rows)
        if fewer == self:
            return ""
        return (
            f"{rows:,} training rows: at most {fewer.max_bins} bins of a feature ({BIN_CUSTOMERS} customers or more in "
            f"each), {fewer.pair_bins} in a pair, and {fewer.interactions} pairs; intervals are wide"
        )


def fit(
    columns: Columns,
    label: np.ndarray,
    features: Sequence[Feature],
    options: PurchaseModelOptions,
    seed: int,
    progress: Callable[[str], None] = lambda stage: None,
    groups: np.ndarray | None = None,
) -> ExplainableBoostingClassifier:
    """Fit the EBM.

    Parameters
    ----------
    columns : mapping
        The training rows.
    label : ndarray of 0 and 1, shape (n,)
    features : sequence of Feature
        Those it may use; directions in the contract become monotone constraints.
    options : PurchaseModelOptions
    seed : int
    progress : callable
        Takes a message for each bag that is done.
    groups : ndarray, shape (n,), optional
        What each row belongs to: the two halves of the rows then have no group in common.

    Returns
    -------
    ExplainableBoostingClassifier
        Fitted.
    """
    options = options.for_rows(len(label))
    rare = _rare_values(columns, features)
    for name, values in rare.items():
        count = len(columns[name].values)  # type: ignore[union-attr]
        few = f"have fewer than {BIN_CUSTOMERS} customers and count as one"
        progress(f"{name}: {len(values):,} of {count:,} values {few}")
    if len(features) > PAIR_FEATURES:
        progress(f"pairs are looked for among the {PAIR_FEATURES} features that rank best alone")
    ebm = ExplainableBoostingClassifier(
        feature_names=[feature.name for feature in features],
        feature_types=[_type(feature) for feature in features],
        monotone_constraints=[_DIRECTIONS[feature.monotone] for feature in features],
        # No more pairs than there are.
        interactions=min(options.interactions, len(features) * (len(features) - 1) // 2),
        exclude=_pairs_left_out(columns, label, features, seed),
        outer_bags=options.outer_bags,
        learning_rate=options.learning_rate,
        max_bins=options.max_bins,
        max_interaction_bins=options.pair_bins,
        early_stopping_rounds=options.early_stopping_rounds,
        max_rounds=MOST_ROUNDS,
        min_samples_leaf=options.min_samples_leaf,
        reg_lambda=options.reg_lambda,
        n_jobs=-1,  # interpret's default leaves a core idle
        random_state=seed,
    )
    with warnings.catch_warnings(), processes(_bag_progress(options.outer_bags, progress)):
        # interpret warns that its own plots leave missing values out; our scorecard keeps their bin.
        warnings.filterwarnings("ignore", message="Missing values detected")
        rows = frame(columns, features, rare)
        halves = splits.halves(label, groups, options.outer_bags, seed)
        ebm.fit(rows, label, bags=halves)
    progress("smoothing the shapes: what only one half of the customers shows is chance")
    smooth_shapes(ebm)
    calibrate(ebm, rows, label, halves)
    ebm.rare_values_ = rare
    return ebm


def rare_values(ebm: ExplainableBoostingClassifier) -> dict[str, tuple[str, ...]]:
    """The values of each category that a fitted EBM takes for one, which it knows as `RARE`."""
    # An EBM that was fitted elsewhere has none.
    found: dict[str, tuple[str, ...]] = getattr(ebm, "rare_values_", {})
    return found


def _rare_values(columns: Columns, features: Sequence[Feature]) -> dict[str, tuple[str, ...]]:
    found = {}
    for feature in features:
        column = columns[feature.name]
        if not isinstance(column, Category) or feature.kind.lists_values or len(column.values) <= MANY_VALUES:
            continue
        counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.values))
        rare = [value for value, n in zip(column.values, counts, strict=True) if n < BIN_CUSTOMERS or value == RARE]
        if len(rare) > 1:
            found[feature.name] = tuple(sorted(rare))
    return found


def _pairs_left_out(
    columns: Columns, label: np.ndarray, features: Sequence[Feature], seed: int
) -> list[tuple[int, int]] | None:
    """Pairs that are not ranked, by the places of their features: all but those of the `PAIR_FEATURES` best alone."""
    if len(features) <= PAIR_FEATURES:
        return None
    half = np.random.default_rng([seed, 23]).random(len(label)) < 0.5
    alone = [auc_alone(columns[feature.name], label, half) for feature in features]
    ranked = set(np.argsort([-auc for auc in alone], kind="stable")[:PAIR_FEATURES].tolist())
    return [pair for pair in combinations(range(len(features)), 2) if not ranked.issuperset(pair)]


def _bag_progress(bags: int, progress: Callable[[str], None]) -> Callable[[int], None]:
    """Each bag is fitted to single features, then ranks the pairs, then is fitted to the best pairs."""
    stages = ("features one by one", "", "pairs of features")

    def report(done: int) -> None:
        stage, bag = divmod(done - 1, bags)
        if stages[stage]:
            progress(f"fitting the EBM to {stages[stage]}: {bag + 1} of {bags} bags done")

    return report


def frame(
    columns: Columns, features: Sequence[Feature], rare: Mapping[str, Collection[str]] | None = None
) -> pd.DataFrame:
    """The features as interpret wants them: floats with NaN, texts with None, and rare values as one."""
    taken = {name: frozenset(values) for name, values in (rare or {}).items()}
    return pd.DataFrame(
        {feature.name: _values(columns[feature.name], taken.get(feature.name, frozenset())) for feature in features}
    )


def _values(column: np.ndarray | Category, rare: frozenset[str]) -> np.ndarray:
    if isinstance(column, Category):
        # Code -1, a missing value, takes the last entry.
        texts = [RARE if value in rare else value for value in column.values]
        values: np.ndarray = np.array([*texts, None], dtype=object)[column.codes]
        return values
    return column


def _type(feature: Feature) -> str | list[str]:
    if feature.kind.lists_values:
        return list(feature.order)
    return "continuous" if feature.kind.numeric else "nominal"
