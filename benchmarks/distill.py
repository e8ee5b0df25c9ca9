"""Price of explainability of RuleDistiller beside ExKMC and a tree on the labels, at equal numbers of leaves.

Run it with ``python -m benchmarks.distill``; add names of data sets to run only those.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
from sklearn.cluster import KMeans
from sklearn.frozen import FrozenEstimator
from sklearn.tree import DecisionTreeClassifier

from benchmarks.distill_data import DataSet, made_sets, real_sets
from northstar_explain.learn.distill import RuleDistiller
from northstar_explain.model.tree import depth

HINT = "ExKMC is not installed: pip install mercury-explainability matplotlib (in an environment of its own)"


@dataclass(frozen=True)
class Measured:
    """One method on one data set."""

    price: float
    fidelity: float
    depth: int
    seconds: float


@dataclass(frozen=True)
class Line:
    """One line of the table."""

    data: DataSet
    leaves: int
    ours: Measured
    exkmc: Measured | None
    cart: Measured


def cost_of(X: np.ndarray, groups: np.ndarray) -> float:
    """Sum the squared distances to the means of the groups."""
    return sum(float(np.square(X[groups == g] - X[groups == g].mean(axis=0)).sum()) for g in np.unique(groups))


def measure(X: np.ndarray, kmeans: KMeans, groups: np.ndarray, depth: int, since: float) -> Measured:
    """Say how good an assignment to rule groups is."""
    seconds = time.perf_counter() - since
    agree = float(np.mean(groups == kmeans.labels_))
    return Measured(cost_of(X, groups) / kmeans.inertia_, agree, depth, seconds)


def run_ours(X: np.ndarray, kmeans: KMeans, leaves: int) -> Measured:
    """Distil with RuleDistiller."""
    since = time.perf_counter()
    distiller = RuleDistiller(max_rules=leaves, kmeans=FrozenEstimator(kmeans)).fit(X)
    return measure(X, kmeans, distiller.predict(X), depth(distiller.tree_), since)


def run_cart(X: np.ndarray, kmeans: KMeans, leaves: int) -> Measured:
    """Fit a classification tree to the labels."""
    since = time.perf_counter()
    tree = DecisionTreeClassifier(max_leaf_nodes=leaves, random_state=0).fit(X, kmeans.labels_)
    return measure(X, kmeans, tree.predict(X), tree.get_depth(), since)


def run_exkmc(X: np.ndarray, kmeans: KMeans, leaves: int) -> Measured | None:
    """Grow an ExKMC tree from an IMM tree, where the package is installed."""
    if find_spec("mercury") is None:
        return None
    from mercury.explainability.explainers.clustering_tree_explainer import Tree

    since = time.perf_counter()
    tree = Tree(
        base_tree="IMM",
        k=kmeans.n_clusters,
        max_leaves=leaves,
        all_centers=np.array(kmeans.cluster_centers_, dtype=np.float64),
        verbose=0,
        n_jobs=1,
    )
    writable = np.array(X, dtype=np.float64)
    tree.fit(writable, kmeans.labels_.astype(np.int32))
    return measure(X, kmeans, tree.predict(writable).astype(int), tree._max_depth(), since)


def run(data: DataSet) -> list[Line]:
    """Measure all methods on one data set, at k and at 2k leaves."""
    kmeans = KMeans(data.k, n_init=10, random_state=0).fit(data.X)
    return [
        Line(
            data=data,
            leaves=leaves,
            ours=run_ours(data.X, kmeans, leaves),
            exkmc=run_exkmc(data.X, kmeans, leaves),
            cart=run_cart(data.X, kmeans, leaves),
        )
        for leaves in (data.k, 2 * data.k)
    ]


def show(measured: Measured | None) -> str:
    """Write one method's cells."""
    if measured is None:
        return "- | - | - | -"
    return f"{measured.price:.4f} | {measured.fidelity:.3f} | {measured.depth} | {measured.seconds:.2f}"


def excess(measured: Iterable[Measured]) -> float:
    """Add up what the prices are above 1."""
    return sum(one.price - 1.0 for one in measured)


def summary(lines: list[Line]) -> str:
    """Compare the totals."""
    ours, cart = excess(line.ours for line in lines), excess(line.cart for line in lines)
    text = f"total excess: ours {ours:.4f}, CART {cart:.4f}, ratio to CART {ours / cart:.3f}"
    compared = [line for line in lines if line.exkmc is not None]
    if not compared:
        return text
    theirs = excess(line.exkmc for line in compared if line.exkmc is not None)
    ours = excess(line.ours for line in compared)
    above = sum(line.ours.price > line.exkmc.price + 5e-5 for line in compared if line.exkmc is not None)
    return f"{text}, ExKMC {theirs:.4f}, ratio to ExKMC {ours / theirs:.3f}; above ExKMC on {above} lines"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="data sets to run; all when none is named")
    names = parser.parse_args().names
    if find_spec("mercury") is None:
        print(HINT)
    cells = "price | fidelity | depth | s"
    print(f"| data | n | k | leaves | ours: {cells} | ExKMC: {cells} | CART: {cells} |")
    print("|" + "---|" * 16)
    everything: list[Line] = []
    for title, sets in (("real", real_sets()), ("made", made_sets())):
        lines: list[Line] = []
        for data in sets:
            if names and not any(data.name.startswith(name) for name in names):
                continue
            for line in run(data):
                lines.append(line)
                shown = " | ".join(show(one) for one in (line.ours, line.exkmc, line.cart))
                print(f"| {data.name} | {len(data.X)} | {data.k} | {line.leaves} | {shown} |", flush=True)
        if lines:
            print(f"{title}: {summary(lines)}", flush=True)
        everything += lines
    if everything:
        print(f"all: {summary(everything)}")


if __name__ == "__main__":
    main()
