"""Kauri (package ``gemclus``) and STreeD (``pystreed``) on one KMeans: run in an environment that has them.

Reads paths of npz files (``X``, ``centres``, ``leaves``, ``seconds``) from standard input and writes, for each, the
groups of both to ``<path>.groups.npz``; one that does not end or does not apply has none. Neither package is imported
by the project: `gemclus` is GPL-3 and is compiled, `pystreed` needs `scikit-survival`, which is GPL-3.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

# Kauri holds an n x n matrix of floats.
KAURI_ROWS = 6_000
# STreeD: thresholds a feature, and the deepest tree, within which it is optimal for the cost of fixed centres.
THRESHOLDS, DEPTH = 100, 4


def kauri(X: np.ndarray, k: int, leaves: int) -> np.ndarray | None:
    """Groups of Kauri's tree."""
    from gemclus.tree import Kauri

    return (
        np.asarray(Kauri(max_clusters=k, max_leaves=leaves, random_state=0).fit_predict(X))
        if len(X) <= KAURI_ROWS
        else None
    )


def streed(X: np.ndarray, centres: np.ndarray, leaves: int, seconds: float) -> tuple[np.ndarray | None, bool]:
    """Groups of STreeD's tree, rows costing their squared distance to the leaf's centre; whether it is optimal."""
    from pystreed import STreeDInstanceCostSensitiveClassifier

    cost = np.square(X[:, None, :] - centres).sum(axis=2)
    depth = min(leaves - 1, DEPTH)
    nodes = min(leaves - 1, 2**depth - 1)
    tree = STreeDInstanceCostSensitiveClassifier(
        max_depth=depth, max_num_nodes=nodes, time_limit=seconds, n_thresholds=THRESHOLDS
    )
    try:
        tree.fit(X, cost)
        return np.asarray(tree.predict(X)).astype(int), bool(tree.fit_result.is_optimal())
    except (RuntimeError, AssertionError, ValueError):  # no tree within the time
        return None, False


def main() -> None:
    """Answer each line of standard input with one line."""
    for line in sys.stdin:
        path = Path(line.strip())
        given = np.load(path)
        X, centres, leaves = given["X"], given["centres"], int(given["leaves"])
        found: dict[str, np.ndarray] = {}
        for name in ("kauri", "streed"):
            since = time.perf_counter()
            if name == "kauri":
                groups, optimal = kauri(X, len(centres), leaves), False
            else:
                groups, optimal = streed(X, centres, leaves, float(given["seconds"]))
            if groups is not None:
                found[name] = groups
                found[f"{name}_seconds"] = np.array([time.perf_counter() - since, float(optimal)])
        np.savez(f"{path}.groups.npz", **found)  # type: ignore[arg-type]  # NumPy types its own options too
        print("done", flush=True)


if __name__ == "__main__":
    main()
