"""RuleDistiller: scikit-learn's interface to the distiller."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClusterMixin, clone
from sklearn.cluster import KMeans
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data
from threadpoolctl import threadpool_limits

from northstar_explain.model.rules import assign, merged_rules

from .bin_tree import Limits
from .certificate import certify
from .engine import EXACT_ROWS, FULL, Effort, distill
from .numeric_bins import encode, thresholds_of, with_thresholds
from .tree_picture import TreePicture, tree_picture
from .tree_text import leaf_costs, tree_text

# Cuts per feature while the tree is chosen: all there are on small data, else at even shares of the rows.
MOST_CUTS_SMALL, MOST_CUTS_LARGE = 1000, 255
SMALL_ROWS = 4_000
# Of large data, whose tree is only polished on all rows, fewer trees are improved: which of them is best is
# told by the rows that were not searched, rather than by another chain.
QUICKER = Effort(chains=2, peers_far=0.06)


class RuleDistiller(ClusterMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Explain a k-means clustering by few axis-aligned rules, at the lowest price of explainability.

    The price of explainability [1]_ is the k-means cost of the rule groups, about their own means, over the inertia of
    the KMeans: 1 is free. A greedy tree stops at the first tree it builds; this one is improved after it is grown.
    Starting trees are grown on the KMeans labels, on its centres, on variance and by the exact cost, as IMM [1]_,
    ExKMC [2]_ and Kauri [5]_ do (shallow trees as in [4]_ are had with ``max_depth``). In each, every
    split is re-chosen given the rest of the tree, as in tree alternating optimisation [3]_, but by the exact change
    in k-means cost with all group means moving along, and every leaf is given the group where it costs least. The
    best trees then have centres moved or lose splits at random, are grown and improved again, and the best of all is
    kept; a search ends when two of its chains agree.
    The number of tries is fixed by the shape of the data, so the same input and seed give the same rules. Large
    data are searched on a sample of rows and improved once more on all of them.

    Parameters
    ----------
    max_rules : int or None, default None
        Most rules, that is leaves of the tree; at least the number of clusters. None for one rule a cluster.
    max_depth : int or None, default None
        Most conditions on the way to a leaf; None for no limit.
    random_state : int, RandomState instance or None, default 0
        Seed of the search, and of KMeans where ``kmeans`` has none. An integer gives the same rules each time.
    kmeans : estimator or None, default None
        The clustering to explain: a KMeans, or another clusterer with ``cluster_centers_`` and ``predict``. A clone of
        it is fitted in ``fit``. To explain one that is fitted already, pass ``FrozenEstimator(fitted)``. None for
        ``KMeans()``, which has eight clusters.
    certify : bool, default False
        Whether to prove, after the tree is found, how far its cost is from the best tree's: ``gap_``. Takes up to a
        minute on one idle core and does not change the rules.

    Attributes
    ----------
    kmeans_ : estimator
        The fitted clustering that the rules explain.
    labels_ : ndarray of int of shape (n_samples,)
        Cluster of each row of ``X`` by the rules, as ``predict`` gives it.
    tree_ : Split or Leaf
        The tree, of `northstar_explain.model.tree`. Its tests are conditions ``value < threshold``: a value equal to a
        threshold does not fit.
    rules_ : tuple of Rule
        What its leaves say; together they cover every row exactly once. ``segment`` is the cluster's number as text;
        two leaves of one cluster share a rule where one condition can fit both.
    price_of_explainability_ : float
        Cost of the rule groups about their own means over the inertia of KMeans on ``X``; 1 where that is zero.
    leaf_rows_, leaf_costs_ : ndarray of shape (n_leaves,)
        Rows of ``X`` in each leaf of the tree, from left to right, and their squared distances to the mean of their
        rule group: together the cost of the rules.
    gap_ : float or None
        Proven distance to the best tree of at most as many leaves and clusters, over all depths and all thresholds (of
        more than 600 rows, over 32 thresholds a feature): cost of
        the rules over a lower bound on the cost of every such tree, less 1. It is 0 where no tree costs less, within a
        billionth, and infinite where the lower bound is 0. Exact where ``gap_reason_`` begins with "proven", else the
        most that the true distance can be. None without ``certify``.
    gap_reason_ : str or None
        Whether the distance is proven to be exact, or why not. None without ``certify``.
    n_features_in_ : int
        Number of features seen in ``fit``.
    feature_names_in_ : ndarray of str of shape (n_features_in_,)
        Their names, where ``X`` has names. The conditions name features so, and else ``x0``, ``x1`` and so on.

    References
    ----------
    .. [1] Dasgupta, Frost, Moshkovitz and Rashtchian (2020), "Explainable k-Means and k-Medians Clustering", ICML.
    .. [2] Frost, Moshkovitz and Rashtchian (2020), "ExKMC: Expanding Explainable k-Means Clustering".
    .. [3] Carreira-Perpiñán and Tavallali (2018), "Alternating optimization of decision trees, with application
       to learning sparse oblique trees", NeurIPS.
    .. [4] Laber, Murtinho and Oliveira (2023), "Shallow decision trees for explainable k-means clustering",
       Pattern Recognition.
    .. [5] Ohl, Mattei, Leclercq, Droit and Precioso (2024), "Kernel KMeans clustering splits for end-to-end
       unsupervised decision trees".

    Examples
    --------
    >>> from sklearn.cluster import KMeans
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.frozen import FrozenEstimator
    >>> X = load_iris().data
    >>> distiller = RuleDistiller(max_rules=3, kmeans=KMeans(3, n_init=10)).fit(X)
    >>> len(distiller.rules_), distiller.price_of_explainability_ < 1.05
    (3, True)

    A clustering that is fitted already is frozen, so that it is explained as it is:

    >>> fitted = KMeans(3, n_init=10, random_state=0).fit(X)
    >>> RuleDistiller(kmeans=FrozenEstimator(fitted)).fit_predict(X).shape
    (150,)
    """

    def __init__(
        self,
        max_rules: int | None = None,
        max_depth: int | None = None,
        random_state: int | np.random.RandomState | None = 0,
        kmeans: Any = None,
        certify: bool = False,
    ) -> None:
        self.max_rules = max_rules
        self.max_depth = max_depth
        self.random_state = random_state
        self.kmeans = kmeans
        self.certify = certify

    def fit(self, X: Any, y: Any = None, *, kmeans: Any = None) -> RuleDistiller:
        """Fit the clustering and distil it into rules.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows to cluster; all finite.
        y : None
            Ignored; here as scikit-learn's convention has it.
        kmeans : estimator or None, default None
            A fitted clustering to explain as it is.

            .. deprecated:: 0.2
               Pass ``RuleDistiller(kmeans=FrozenEstimator(fitted))`` instead.

        Returns
        -------
        RuleDistiller
            Itself, fitted.

        Raises
        ------
        ValueError
            When X has missing or infinite values, too few rows or other features than KMeans saw, or when the
            limits leave no room for every cluster.
        sklearn.exceptions.NotFittedError
            When a frozen ``kmeans`` is not fitted.
        """
        given = self._deprecated(y, kmeans)
        matrix = validate_data(self, X, dtype=np.float64)
        seed = self._seed()
        with threadpool_limits(limits=1):  # with more, sums are added in the order in which threads finish
            self.kmeans_ = self._fitted(X, seed) if given is None else given
            nearest = np.asarray(self.kmeans_.predict(X), dtype=np.intp)
        centres = self.kmeans_.cluster_centers_
        limits = self._limits(len(centres))
        _require_each(nearest, len(centres))
        # The time of the search grows with the cuts; on large data those at even shares lose little.
        most = MOST_CUTS_SMALL if len(matrix) <= SMALL_ROWS else MOST_CUTS_LARGE
        thresholds = [thresholds_of(values, most) for values in matrix.T]
        codes, bins = encode(matrix, thresholds)
        effort = FULL if len(matrix) <= EXACT_ROWS else QUICKER
        with threadpool_limits(limits=1):  # its matrices are small: more threads would wait for each other
            distilled = distill(matrix, codes, bins, nearest, limits, seed, effort)
        self.tree_ = with_thresholds(distilled.tree, thresholds, self._names())
        # Nothing is missing: `validate_data` has refused it.
        self.rules_ = merged_rules(self.tree_, lambda name: False)
        self.labels_ = distilled.groups
        self.leaf_rows_, self.leaf_costs_ = leaf_costs(matrix, distilled.groups, distilled.leaves)
        # Of these rows and not `inertia_`: a frozen clustering may have been fitted to others.
        inertia = float(np.square(matrix - centres[nearest]).sum())
        self.price_of_explainability_ = distilled.cost / inertia if inertia > 0.0 else 1.0
        self.gap_, self.gap_reason_ = self._certified(matrix, distilled.cost, len(centres), limits)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """The cluster that the rules give each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of int of shape (n_samples,)
            Number of the KMeans cluster.
        """
        check_is_fitted(self, "tree_")
        matrix = validate_data(self, X, dtype=np.float64, reset=False)
        columns = dict(zip(self._names(), matrix.T, strict=True))
        return assign(self.tree_, columns).astype(np.intp)

    def export_text(self, decimals: int = 2) -> str:
        """The tree as text, with the rows and the cost of each leaf.

        Parameters
        ----------
        decimals : int, default 2
            Of thresholds and costs; the tree itself is not rounded.

        Returns
        -------
        str
            A line for each condition and each leaf, indented by depth.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before ``fit``.
        """
        check_is_fitted(self, "tree_")
        return tree_text(self.tree_, self.leaf_rows_, self.leaf_costs_, decimals)

    def plot(self, decimals: int = 2) -> TreePicture:
        """The tree as a picture, with the rows and the cost of each leaf.

        Parameters
        ----------
        decimals : int, default 2
            Of thresholds and costs; the tree itself is not rounded.

        Returns
        -------
        TreePicture
            Notebooks show it; ``plot().save("tree.svg")`` writes it to a file, and ``plot().svg`` is its text. Bars are
            as long as a leaf has rows, and leaves of one cluster have one colour.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before ``fit``.
        """
        check_is_fitted(self, "tree_")
        return tree_picture(self.tree_, self.leaf_rows_, self.leaf_costs_, decimals)

    def _deprecated(self, y: Any, kmeans: Any) -> Any:
        """The fitted clustering where it was handed to ``fit``, as version 0.1 wanted it."""
        given = y if kmeans is None and hasattr(y, "get_params") else kmeans
        if given is None:
            return None
        message = (
            "RuleDistiller.fit(X, kmeans) goes with the next minor version: pass the fitted clustering as "
            "RuleDistiller(kmeans=FrozenEstimator(kmeans)), from sklearn.frozen, or one to be fitted as it is"
        )
        warnings.warn(message, FutureWarning, stacklevel=3)
        check_is_fitted(given, "cluster_centers_")
        return given

    def _seed(self) -> int:
        if self.random_state is None or isinstance(self.random_state, np.random.RandomState):
            return int(check_random_state(self.random_state).randint(2**31 - 1))
        return int(self.random_state)

    def _fitted(self, X: Any, seed: int) -> Any:
        """The clustering, fitted to X; a frozen one is neither copied nor fitted."""
        kmeans = KMeans() if self.kmeans is None else clone(self.kmeans)
        # A clustering without a seed would have other rules each time.
        if kmeans.get_params(deep=False).get("random_state", seed) is None:
            kmeans.set_params(random_state=seed)
        return kmeans.fit(X, None)  # a FrozenEstimator wants both

    def _limits(self, k: int) -> Limits:
        most = k if self.max_rules is None else self.max_rules
        faults = []
        if most < k:
            faults.append(f"max_rules is {most}, but each of the {k} clusters needs a rule")
        if self.max_depth is not None and self.max_depth < np.ceil(np.log2(k)):
            faults.append(f"max_depth is {self.max_depth}, too little for {k} clusters")
        if faults:
            raise ValueError("; ".join(faults))
        return Limits(max_leaves=most, max_depth=self.max_depth)

    def _certified(self, X: np.ndarray, cost: float, k: int, limits: Limits) -> tuple[float | None, str | None]:
        if not self.certify:
            return None, None
        with threadpool_limits(limits=1):  # as in `fit`
            found = certify(X, cost, k, limits.max_leaves)
        return found.gap, found.reason

    def _names(self) -> Sequence[str]:
        names = list(getattr(self, "feature_names_in_", ()))
        # Two columns of one name would be one in the rules.
        return names if names and len(set(names)) == len(names) else [f"x{i}" for i in range(self.n_features_in_)]


def _require_each(labels: np.ndarray, k: int) -> None:
    """Stop when a cluster has no row; raises ValueError."""
    empty = np.flatnonzero(np.bincount(labels, minlength=k) == 0)
    if len(empty):
        names = ", ".join(map(str, empty))
        raise ValueError(
            f"no row of X lies in cluster {names} of kmeans: expected the rows it was fitted to, or fewer clusters "
            "than X has different rows"
        )
