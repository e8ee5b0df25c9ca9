"""Data quality, and how far the holdout is from the training rows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SplitSize:
    """One of the three row sets.

    Attributes
    ----------
    split : str
        ``train``, ``validation`` or ``holdout``.
    n : int
        Customers.
    buyers : int
        Of them, those who bought.
    base_rate : float or None
        Share who bought; null where the split is empty.
    """

    split: str
    n: int
    buyers: int
    base_rate: float | None


@dataclass(frozen=True)
class MissingShare:
    """How often a feature is missing.

    Attributes
    ----------
    feature : str
        Its column.
    train : float
        Share of missing values in the training rows.
    holdout : float
        Share of missing values in the holdout.
    """

    feature: str
    train: float
    holdout: float


@dataclass(frozen=True)
class CorrelatedPair:
    """Two features so strongly associated that the model may attribute an effect to either.

    Attributes
    ----------
    first : str
        One feature.
    second : str
        The other feature.
    measure : str
        Spearman, Cramér's V or correlation ratio.
    value : float
        By that measure, on the training rows.
    """

    first: str
    second: str
    measure: str
    value: float


@dataclass(frozen=True)
class DataFacts:
    """The rows that the model was made and evaluated with.

    Attributes
    ----------
    splits : tuple of SplitSize
        Train, validation, holdout.
    missing : tuple of MissingShare
        By feature of the contract.
    correlated : tuple of CorrelatedPair
        The strongest first.
    """

    splits: tuple[SplitSize, ...]
    missing: tuple[MissingShare, ...]
    correlated: tuple[CorrelatedPair, ...]


@dataclass(frozen=True)
class Shift:
    """How far the holdout is from the training rows in one respect.

    Attributes
    ----------
    of : str
        ``feature``, ``probability`` or ``segment``.
    name : str
        The feature, or the same word.
    psi : float
        Population stability index (Siddiqi 2006).
    """

    of: str
    name: str
    psi: float


@dataclass(frozen=True)
class DriftFacts:
    """The reference for drift of later tables.

    Attributes
    ----------
    holdout : tuple of Shift
        For every feature, the probability and the segments; the largest first.
    """

    holdout: tuple[Shift, ...]
