"""RuleDistiller: a KMeans in, rules out."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.cluster import KMeans
from sklearn.utils.validation import check_array, check_is_fitted

from .engine import distill
from .thresholds import encode, predict_tree, rules_of, thresholds_of, with_thresholds
from .tree import Limits

# Cuts per feature while the tree is chosen: all there are on small data, else at even shares of the rows.
MOST_CUTS_SMALL, MOST_CUTS_LARGE = 1000, 255
SMALL_ROWS = 4_000


class RuleDistiller(BaseEstimator):
    """Explain a k-means clustering by few axis-aligned rules, at the lowest price of explainability.

    The price of explainability is the k-means cost of the rule groups, about their own means, over the inertia of
    the KMeans: 1 is free. A greedy tree stops at the first tree it builds; this one is improved after it is grown.
    Starting trees are grown on the KMeans labels, on its centres, on variance and by the exact cost (the last three
    cover what IMM [1]_ and ExKMC [2]_ grow; shallow trees as in [4]_ are had with ``max_depth``). In each, every
    split is re-chosen given the rest of the tree, as in tree alternating optimisation [3]_, but by the exact change
    in k-means cost with all group means moving along, and every leaf is given the group where it costs least. The
    best trees are then broken at random places, grown again and improved again, and the best tree of all is kept.
    The number of tries is fixed by the shape of the data, so the same input and seed give the same rules. Large
    data are searched on a sample of rows and polished on all of them.

    Parameters
    ----------
    max_rules : int
        Most rules, that is leaves of the tree; at least the number of clusters.
    max_depth : int or None, default None
        Most questions on the way to a leaf.
    random_state : int, default 0
        Seed of the search.

    Attributes
    ----------
    tree_ : ThresholdSplit or ThresholdLeaf
        The tree. A value equal to a threshold goes right.
    rules_ : tuple of Rule
        The leaves as rules; together they cover every row exactly once.
    price_of_explainability_ : float
        Cost of the rule groups about their own means over the inertia of KMeans.
    n_features_in_ : int
        Number of features seen in ``fit``.

    References
    ----------
    .. [1] Dasgupta, Frost, Moshkovitz and Rashtchian (2020), "Explainable k-Means and k-Medians Clustering", ICML.
    .. [2] Frost, Moshkovitz and Rashtchian (2020), "ExKMC: Expanding Explainable k-Means Clustering".
    .. [3] Carreira-Perpiñán and Tavallali (2018), "Alternating optimization of decision trees, with application
       to learning sparse oblique trees", NeurIPS.
    .. [4] Laber, Murtinho and Oliveira (2023), "Shallow decision trees for explainable k-means clustering",
       Pattern Recognition.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X = load_iris().data
    >>> distiller = RuleDistiller(max_rules=3).fit(X, KMeans(3, n_init=10, random_state=0).fit(X))
    >>> len(distiller.rules_), distiller.price_of_explainability_ < 1.05
    (3, True)
    """

    def __init__(self, max_rules: int, max_depth: int | None = None, random_state: int = 0) -> None:
        self.max_rules = max_rules
        self.max_depth = max_depth
        self.random_state = random_state

    def fit(self, X: np.ndarray, kmeans: KMeans) -> RuleDistiller:
        """Distil a clustering.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows in the space that KMeans was fitted in.
        kmeans : KMeans
            Fitted.

        Returns
        -------
        RuleDistiller
            Itself.

        Raises
        ------
        ValueError
            When X has missing or infinite values, too few rows or other features than KMeans saw, or when the
            limits leave no room for every cluster.
        sklearn.exceptions.NotFittedError
            When ``kmeans`` is not fitted.
        """
        check_is_fitted(kmeans, "cluster_centers_")
        X = check_array(X, dtype=np.float64)
        self._check_fit(X, kmeans)
        labels = self._start_labels(X, kmeans)
        most = MOST_CUTS_SMALL if len(X) <= SMALL_ROWS else MOST_CUTS_LARGE
        thresholds = [thresholds_of(values, most) for values in X.T]
        codes, bins = encode(X, thresholds)
        limits = Limits(max_leaves=self.max_rules, max_depth=self.max_depth)
        distilled = distill(X, codes, bins, labels, limits, self.random_state)
        self.n_features_in_ = X.shape[1]
        self.tree_ = with_thresholds(distilled.tree, thresholds)
        self.rules_ = rules_of(self.tree_)
        inertia = float(np.square(X - kmeans.cluster_centers_[kmeans.predict(X)]).sum())
        self.price_of_explainability_ = distilled.cost / inertia if inertia > 0.0 else 1.0
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Find the cluster that the rules give each row.

        Parameters
        ----------
        X : array-like of shape (n, d)

        Returns
        -------
        ndarray of int of shape (n,)
            Index of the KMeans cluster.
        """
        check_is_fitted(self, "tree_")
        X = check_array(X, dtype=np.float64)
        if X.shape[1] != self.n_features_in_:
            raise ValueError(f"X has {X.shape[1]} features, but RuleDistiller was fitted on {self.n_features_in_}")
        return predict_tree(self.tree_, X)

    def _check_fit(self, X: np.ndarray, kmeans: KMeans) -> None:
        k, d = kmeans.cluster_centers_.shape
        faults = []
        if X.shape[1] != d:
            faults.append(f"X has {X.shape[1]} features, but kmeans was fitted on {d}")
        if self.max_rules < k:
            faults.append(f"max_rules is {self.max_rules}, but each of the {k} clusters needs a rule")
        if self.max_depth is not None and self.max_depth < np.ceil(np.log2(k)):
            faults.append(f"max_depth is {self.max_depth}, too little to tell {k} clusters apart")
        if len(X) < k:
            faults.append(f"X has {len(X)} rows, fewer than the {k} clusters")
        if faults:
            raise ValueError("; ".join(faults))

    def _start_labels(self, X: np.ndarray, kmeans: KMeans) -> np.ndarray:
        labels = np.asarray(kmeans.predict(X), dtype=np.intp)
        seen = np.bincount(labels, minlength=len(kmeans.cluster_centers_))
        if (seen == 0).any():
            empty = ", ".join(str(group) for group in np.flatnonzero(seen == 0))
            raise ValueError(f"no row of X lies in cluster {empty} of kmeans: pass the rows it was fitted on")
        return labels
