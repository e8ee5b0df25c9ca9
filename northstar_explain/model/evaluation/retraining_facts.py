"""Facts on the purchase model fitted again: how far scores and pairs depend on the seed, the rows and the month."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RefitAgreement:
    """Holdout rows scored by refits of one kind, against the model.

    Attributes
    ----------
    kind : str
        ``other seeds``, ``bootstrap draws`` or ``the later table``.
    refits : int
        How many.
    n : int
        Rows scored by each.
    rank_correlation : float
        Spearman's, with the model's scores; mean over the refits.
    lowest_rank_correlation : float
        That of the refit that differs most.
    same_decile : float
        Share of rows in the same tenth of these rows as by the model; mean over the refits.
    within_one : float
        Share of rows in the same tenth or in one beside it.
    """

    kind: str
    refits: int
    n: int
    rank_correlation: float
    lowest_rank_correlation: float
    same_decile: float
    within_one: float


@dataclass(frozen=True)
class PairAgain:
    """A pair of the model.

    Attributes
    ----------
    term : str
        The pair.
    refits : int
        Refits to the training rows that chose it too.
    """

    term: str
    refits: int


@dataclass(frozen=True)
class Retraining:
    """The purchase model fitted again.

    Attributes
    ----------
    rows : int
        Training rows of each refit.
    bags : int
        Bags of each refit.
    agreement : tuple of RefitAgreement
        By kind.
    pairs : tuple of PairAgain
        Every pair of the model.
    """

    rows: int
    bags: int
    agreement: tuple[RefitAgreement, ...]
    pairs: tuple[PairAgain, ...]

    @property
    def refits(self) -> int:
        """How many were fitted to the training rows."""
        return sum(one.refits for one in self.agreement if one.kind != "the later table")
