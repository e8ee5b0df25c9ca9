"""Seconds that RuleDistiller takes at Northstar's size: 240,000 customers, 31 features, 6 clusters, 12 rules.

Run it with ``python -m benchmarks.distill_large``.
"""

from __future__ import annotations

import time

import numpy as np
from sklearn.cluster import KMeans
from sklearn.frozen import FrozenEstimator
from sklearn.preprocessing import StandardScaler

from northstar_explain.contract import northstar
from northstar_explain.contract.columns import columns_of
from northstar_explain.learn.distill import RuleDistiller
from northstar_explain.simulate import simulate

ROWS, CLUSTERS, RULES = 240_000, 6, 12


def shop() -> np.ndarray:
    """The simulated shop's features, standardised; categories as their codes, missing values as the mean."""
    contract = northstar()
    columns = columns_of(simulate(ROWS, seed=7)[0], contract.features)
    values = [c.astype(float) if isinstance(c, np.ndarray) else c.codes.astype(float) for c in columns.values()]
    X = StandardScaler().fit_transform(np.column_stack(values))
    filled: np.ndarray = np.nan_to_num(X)
    return filled


def mixture() -> np.ndarray:
    """Seven round groups that overlap."""
    rng = np.random.default_rng(0)
    return rng.normal(0, 1.5, (7, 31))[rng.integers(0, 7, ROWS)] + rng.normal(size=(ROWS, 31))


def main() -> None:
    """Print a line a table."""
    for name, X in (("simulated shop", shop()), ("mixture", mixture())):
        kmeans = KMeans(CLUSTERS, n_init=3, random_state=0).fit(X)
        since, used = time.perf_counter(), time.process_time()
        distiller = RuleDistiller(max_rules=RULES, kmeans=FrozenEstimator(kmeans)).fit(X)
        seconds, busy = time.perf_counter() - since, time.process_time() - used
        price = distiller.price_of_explainability_
        print(f"{name}: {X.shape[0]:,} x {X.shape[1]}, k = {CLUSTERS}, {len(distiller.rules_)} rules: "
              f"{seconds:.1f} s ({busy:.1f} s of processor), price {price:.4f}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
