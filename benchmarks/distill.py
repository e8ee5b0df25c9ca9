"""Price of explainability of RuleDistiller beside ExKMC, Kauri, STreeD and a tree on the labels, at equal leaves.

Run it with ``python -m benchmarks.distill``; add names of data sets to run only those. Kauri and STreeD need an
environment of their own, whose Python is named by ``--peers``; they work on a line while the others do. With
``--seeds 20``, how much our price varies by the seed of the search, instead of the peers.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from sklearn.cluster import KMeans
from sklearn.frozen import FrozenEstimator
from sklearn.tree import DecisionTreeClassifier

from benchmarks.distill_data import DataSet, made_sets, real_sets, shop_sets
from benchmarks.distill_peers.ask import Asked
from northstar_explain.learn.distill import RuleDistiller
from northstar_explain.model.tree import depth

# The most that our price should vary by the seed of the search.
SPREAD = 0.005
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
    kauri: float | None = None
    streed: float | None = None
    proven: bool = False

    @property
    def below(self) -> list[str]:
        """The peers that cost less than we do, by more than is printed."""
        others = {
            "ExKMC": self.exkmc.price if self.exkmc else None, "CART": self.cart.price, "Kauri": self.kauri,
            "STreeD": self.streed,
        }  # fmt: skip
        return [name for name, price in others.items() if price is not None and self.ours.price > price + 5e-5]


def cost_of(X: np.ndarray, groups: np.ndarray) -> float:
    """Sum the squared distances to the means of the groups."""
    return sum(float(np.square(X[groups == g] - X[groups == g].mean(axis=0)).sum()) for g in np.unique(groups))


def measure(X: np.ndarray, kmeans: KMeans, groups: np.ndarray, depth: int, since: float) -> Measured:
    """Say how good an assignment to rule groups is."""
    seconds = time.process_time() - since
    agree = float(np.mean(groups == kmeans.labels_))
    return Measured(cost_of(X, groups) / kmeans.inertia_, agree, depth, seconds)


def run_ours(X: np.ndarray, kmeans: KMeans, leaves: int, seed: int = 0) -> Measured:
    """Distil with RuleDistiller."""
    since = time.process_time()
    distiller = RuleDistiller(max_rules=leaves, kmeans=FrozenEstimator(kmeans), random_state=seed).fit(X)
    return measure(X, kmeans, distiller.predict(X), depth(distiller.tree_), since)


def run_cart(X: np.ndarray, kmeans: KMeans, leaves: int) -> Measured:
    """Fit a classification tree to the labels."""
    since = time.process_time()
    tree = DecisionTreeClassifier(max_leaf_nodes=leaves, random_state=0).fit(X, kmeans.labels_)
    return measure(X, kmeans, tree.predict(X), tree.get_depth(), since)


def run_exkmc(X: np.ndarray, kmeans: KMeans, leaves: int) -> Measured | None:
    """Grow an ExKMC tree from an IMM tree, where the package is installed."""
    if find_spec("mercury") is None:
        return None
    from mercury.explainability.explainers.clustering_tree_explainer import Tree

    since = time.process_time()
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


def run(data: DataSet, peers: Path | None, seconds: float) -> Iterable[Line]:
    """Measure all methods on one data set, at each number of leaves."""
    kmeans = KMeans(data.k, n_init=10, random_state=0).fit(data.X)
    for times in data.times:
        leaves = round(times * data.k)
        asked = Asked(peers, data.X, kmeans.cluster_centers_, leaves, seconds) if peers else None
        with asked or nullcontext():
            line = Line(
                data=data,
                leaves=leaves,
                ours=run_ours(data.X, kmeans, leaves),
                exkmc=run_exkmc(data.X, kmeans, leaves),
                cart=run_cart(data.X, kmeans, leaves),
            )
            found = asked.answer() if asked else {}
        prices = {name: cost_of(data.X, found[name]) / kmeans.inertia_ for name in ("kauri", "streed") if name in found}
        yield replace(line, **prices, proven="streed" in prices and bool(found["streed_seconds"][1]))


def spread(data: DataSet, seeds: int) -> Iterable[tuple[float, float]]:
    """Print how our price varies by the seed of the search, at each number of leaves; yield each range and its time."""
    kmeans = KMeans(data.k, n_init=10, random_state=0).fit(data.X)
    for times in data.times:
        leaves = round(times * data.k)
        found = [run_ours(data.X, kmeans, leaves, seed) for seed in range(seeds)]
        prices = [one.price for one in found]
        seconds = sum(one.seconds for one in found) / seeds
        width = max(prices) - min(prices)
        cells = [f"{one:.4f}" for one in (prices[0], min(prices), float(np.median(prices)), max(prices), width)]
        print(f"| {data.name} | {data.k} | {leaves} | {' | '.join(cells)} | {seconds:.2f} |", flush=True)
        yield width, seconds


def show_spread(names: list[str], seeds: int) -> None:
    """Print the table of spreads."""
    print("| data | k | leaves | seed 0 | least | median | most | range | CPU s |")
    print("|" + "---|" * 9)
    widths = [width for _, sets in groups_of_sets() for data in chosen(sets, names) for width, _ in spread(data, seeds)]
    print(f"{seeds} seeds: {len(widths)} lines, widest range {max(widths, default=0.0):.4f}, "
          f"above {SPREAD} on {sum(width > SPREAD for width in widths)}")  # fmt: skip


def groups_of_sets() -> Iterable[tuple[str, Iterable[DataSet]]]:
    """The data sets by where they come from."""
    return ("real", real_sets()), ("made", made_sets()), ("shop", shop_sets())


def chosen(sets: Iterable[DataSet], names: list[str]) -> Iterable[DataSet]:
    """Those whose name begins with one of the names; all where there is none."""
    return (data for data in sets if not names or any(data.name.startswith(name) for name in names))


def show_price(price: float | None, proven: bool = False) -> str:
    """Write one peer's price; a star where it is proven to be the best for fixed centres, thresholds and depth."""
    return "-" if price is None else f"{price:.4f}{'*' if proven else ''}"


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
    return f"{text}, ExKMC {theirs:.4f}, ratio to ExKMC {ours / theirs:.3f}; {dearer(lines)}"


def dearer(lines: list[Line]) -> str:
    """Say on how many lines a peer costs less, and which."""
    named = [f"{name} on {line.data.name} at {line.leaves} leaves" for line in lines for name in line.below]
    return f"above a peer on {len(named)}" + (f": {', '.join(named)}" if named else "")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="data sets to run; all when none is named")
    parser.add_argument("--peers", type=Path, help="a Python that has gemclus and pystreed")
    parser.add_argument("--seconds", type=float, default=60.0, help="for STreeD on a line (default: 60)")
    parser.add_argument("--seeds", type=int, default=0, help="print the range of our price over so many seeds instead")
    args = parser.parse_args()
    names = args.names
    if args.seeds:
        show_spread(names, args.seeds)
        return
    if find_spec("mercury") is None:
        print(HINT)
    cells = "price | fidelity | depth | CPU s"
    print(f"| data | n | k | leaves | ours: {cells} | ExKMC: {cells} | CART: {cells} | Kauri: price | STreeD: price |")
    print("|" + "---|" * 18)
    everything: list[Line] = []
    for title, sets in groups_of_sets():
        lines: list[Line] = []
        for data in chosen(sets, names):
            for line in run(data, args.peers, args.seconds):
                lines.append(line)
                shown = " | ".join(show(one) for one in (line.ours, line.exkmc, line.cart))
                shown += f" | {show_price(line.kauri)} | {show_price(line.streed, line.proven)}"
                print(f"| {data.name} | {len(data.X)} | {data.k} | {line.leaves} | {shown} |", flush=True)
        if lines:
            print(f"{title}: {summary(lines)}", flush=True)
        everything += lines
    if everything:
        print(f"all: {summary(everything)}")


if __name__ == "__main__":
    main()
