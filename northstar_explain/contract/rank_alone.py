"""How well one column ranks the label by itself, whatever its shape; NumPy only."""

from __future__ import annotations

import numpy as np

from northstar_explain.contract.categories import Category

_BINS = 64
_PRIOR = 5.0  # customers at the base rate that each bin is thought to hold besides its own


def auc_alone(column: np.ndarray | Category, label: np.ndarray, half: np.ndarray) -> float:
    """The ROC-AUC of a column by itself.

    It is cut into bins, with a bin for missing values; the rates of the bins are measured on one half of the rows and
    rank the other half.

    Parameters
    ----------
    column : ndarray of float, shape (n,), or Category
    label : ndarray of 0 and 1, shape (n,)
    half : ndarray of bool, shape (n,)
        The rows that rates are measured on.

    Returns
    -------
    float
        0.5 where the halves are too poor to tell.
    """
    bins = binned(column)
    count = int(bins.max()) + 1
    rows, positive = np.bincount(bins[half], minlength=count), np.bincount(bins[half], label[half], count)
    if len(np.unique(label[~half])) < 2 or not half.any():
        return 0.5
    # Rates of small bins are shrunk towards the base rate, else a column with many values would look like a leak.
    rate = (positive + _PRIOR * label[half].mean()) / (rows + _PRIOR)
    return _auc(label[~half], rate[bins[~half]])


def binned(column: np.ndarray | Category) -> np.ndarray:
    """The bin of each row, 0 for missing values: quantiles of numbers, and one for each category."""
    if isinstance(column, Category):
        return column.codes.astype(np.intp) + 1
    known = column[~np.isnan(column)]
    cuts = np.unique(np.quantile(known, np.linspace(0, 1, _BINS + 1)[1:-1])) if len(known) else np.empty(0)
    bins = np.searchsorted(cuts, column, side="left") + 1
    bins[np.isnan(column)] = 0
    return bins


def _auc(label: np.ndarray, score: np.ndarray) -> float:
    """By the mean rank of the positive rows (Mann and Whitney 1947); equal scores share their ranks."""
    _, places, counts = np.unique(score, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - (counts - 1) / 2
    positive = float(label.sum())
    ranks = float(middle[places][label > 0].sum())
    return (ranks - positive * (positive + 1) / 2) / (positive * (len(label) - positive))
