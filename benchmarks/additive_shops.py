"""Shops whose log-odds of a purchase are additive and known: the simulated shop's customers with drawn effects.

The customers and what they do are those of `simulate`; the label alone is drawn from a truth of its own. A shop is a
seed: it decides who the customers are, which ten of the fifteen features have an effect, and the form and size of each
effect.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from northstar_explain import contract as contracts
from northstar_explain.contract import check
from northstar_explain.contract.categories import Category
from northstar_explain.contract.columns import Columns, rows_of
from northstar_explain.contract.features import Contract, Feature
from northstar_explain.evaluate.customers import customers_of
from northstar_explain.model.scorecard import sigmoid
from northstar_explain.simulate import simulate

# No two of them are undefined or unknown for the same customers, which no data could then tell apart: a value of 0
# where there are no orders in average order value and in discount usage, for example.
FEATURES = (
    "sessions_30d", "active_days_90d", "avg_session_duration", "add_to_cart_rate", "search_rate", "wishlist_adds_90d",
    "bounce_rate", "orders_365d", "acquisition_channel", "country", "device_type", "loyalty_tier", "account_age_days",
    "days_since_last_visit", "email_click_rate",
)  # fmt: skip
EFFECTS, BASE_RATE = 10, 0.18
SMALLEST, LARGEST = 0.12, 0.6  # standard deviation of an effect over customers, in log-odds
_CUSTOMERS = 120_000
_FALLING = ("curve", "line", "saturating", "logarithm", "any")
_KINDS = (*_FALLING, "hump", "steps")


@dataclass(frozen=True)
class AdditiveShop:
    """Customers, and what truly decides whether they buy.

    Attributes
    ----------
    seed : int
    contract : Contract
    features : tuple of Feature
        Those the model may use.
    columns : mapping
        Of all customers, n of them.
    effects : dict of str to ndarray, shape (n,)
        Addends to the log-odds, each with mean zero; a feature that is not in it has none.
    probability : ndarray, shape (n,)
    """

    seed: int
    contract: Contract
    features: tuple[Feature, ...]
    columns: Columns
    effects: dict[str, np.ndarray]
    probability: np.ndarray

    def table(self, number: int, rows: int) -> tuple[np.ndarray, Columns, np.ndarray]:
        """A fresh table: customers drawn without replacement, and their labels drawn from the truth.

        Returns
        -------
        customers : ndarray of int, shape (rows,)
        columns : mapping
        label : ndarray of 0 and 1, shape (rows,)
        """
        rng = np.random.default_rng([self.seed, 5, number])
        customers = np.sort(rng.permutation(len(self.probability))[:rows])
        label = (rng.random(rows) < self.probability[customers]).astype(np.int64)
        return customers, rows_of(self.columns, customers), label

    def effect(self, name: str) -> np.ndarray:
        """A feature's addend for each customer, shape (n,)."""
        return self.effects.get(name, np.zeros(len(self.probability)))


def shop(seed: int, customers: int = _CUSTOMERS) -> AdditiveShop:
    """Simulate a shop's customers and draw its effects."""
    contract = contracts.northstar()
    table, _ = simulate(customers, 1_000 + seed)
    checked = customers_of(check(table, contract, label=True, source="simulated", as_text=True).accepted, contract)
    # Customers who are known by a login: of all others, five features are unknown together.
    country = checked.columns["country"]
    assert isinstance(country, Category)
    known = rows_of(checked.columns, np.flatnonzero(country.codes >= 0))
    columns = {name: known[name] for name in FEATURES}
    effects = _effects(columns, contract, seed)
    features = tuple(feature for feature in contract.model_features if feature.name in FEATURES)
    return AdditiveShop(seed, contract, features, columns, effects, _probability(sum(effects.values(), np.zeros(1))))


def _effects(columns: Columns, contract: Contract, seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng([seed, 1])
    effects = {}
    for name in sorted(rng.permutation(FEATURES)[:EFFECTS].tolist(), key=FEATURES.index):
        size = rng.uniform(SMALLEST, LARGEST)
        column = columns[name]
        effect = _of_values(column, rng) if isinstance(column, Category) else _curve(column, contract[name], rng)
        effects[name] = size * (effect - effect.mean()) / effect.std()
    return effects


def _of_values(column: Category, rng: np.random.Generator) -> np.ndarray:
    # Code -1, a missing value, takes the last entry.
    effect: np.ndarray = rng.normal(size=len(column.values) + 1)[column.codes]
    return effect


def _curve(values: np.ndarray, feature: Feature, rng: np.random.Generator) -> np.ndarray:
    falls = feature.monotone == "down"
    kind = str(rng.choice(_FALLING if falls else _KINDS))
    unknown = np.isnan(values)
    known = np.sort(values[~unknown])
    rank = (np.searchsorted(known, values, "left") + np.searchsorted(known, values, "right")) / 2 / len(known)
    effect: np.ndarray
    if kind == "logarithm":
        effect = np.log(1 + np.minimum(values, np.quantile(known, 0.99)) / np.median(known[known > 0]))
    elif kind == "any":  # more than none at all, and a little by how much
        effect = (values > known[0]) + rng.uniform(0, 1) * rank
    else:
        effect = _shape(kind, rng)(rank)
    effect = (effect - effect[~unknown].mean()) / effect[~unknown].std()
    effect *= -1 if falls else rng.choice((-1, 1))
    effect[unknown] = rng.normal()
    return effect


def _shape(kind: str, rng: np.random.Generator) -> Callable[[np.ndarray], np.ndarray]:
    """A function of a value's rank among the customers, 0 to 1."""
    middle, width = rng.uniform(0.3, 0.7), rng.uniform(0.05, 0.25)
    if kind == "curve":
        return lambda rank: sigmoid((rank - middle) / width)
    if kind == "hump":
        return lambda rank: np.exp(-(((rank - middle) / width) ** 2) / 2)
    if kind == "saturating":
        speed = rng.uniform(2, 6)
        return lambda rank: 1 - np.exp(-speed * rank)
    if kind == "steps":
        cuts = np.sort(rng.uniform(0.1, 0.9, rng.integers(2, 5)))
        levels = np.append(0.0, rng.normal(size=len(cuts)).cumsum())
        return lambda rank: levels[np.searchsorted(cuts, rank)]
    return lambda rank: rank


def _probability(log_odds: np.ndarray) -> np.ndarray:
    """With the intercept that gives the base rate, by bisection."""
    low, high = -20.0, 20.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if sigmoid(middle + log_odds).mean() > BASE_RATE else (middle, high)
    return sigmoid(middle + log_odds)
