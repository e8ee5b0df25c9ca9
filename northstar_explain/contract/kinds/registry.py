"""The kinds there are. A new one is a module in this package, a line here, and its test."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from northstar_explain.contract.kinds.amount import AmountKind
from northstar_explain.contract.kinds.category import CategoryKind
from northstar_explain.contract.kinds.count import CountKind
from northstar_explain.contract.kinds.date import DateKind
from northstar_explain.contract.kinds.days import DaysKind
from northstar_explain.contract.kinds.duration import DurationKind
from northstar_explain.contract.kinds.kind import Kind
from northstar_explain.contract.kinds.ordered import OrderedKind
from northstar_explain.contract.kinds.rate import RateKind
from northstar_explain.contract.kinds.ratio import RatioKind

# A draft proposes the first that fits a column: the particular ones stand before those that fit any number or text.
KINDS: tuple[Kind, ...] = (
    DaysKind(),
    DurationKind(),
    RateKind(),
    CountKind(),
    RatioKind(),
    AmountKind(),
    OrderedKind(),
    CategoryKind(),
    DateKind(),
)


def kind_names() -> tuple[str, ...]:
    """The names that a contract may use, in alphabetical order."""
    return tuple(sorted(kind.name for kind in KINDS))


def kind_named(name: str) -> Kind:
    """The kind of this name.

    Raises
    ------
    KeyError
        When there is none.
    """
    for kind in KINDS:
        if kind.name == name:
            return kind
    raise KeyError(name)


def draft_kind(name: str, values: np.ndarray | Sequence[str]) -> Kind | None:
    """The kind to propose for a column.

    Parameters
    ----------
    name : str
        The column's name, which often says what it measures.
    values : ndarray of float, or sequence of str
        Its known numbers, or its distinct texts.

    Returns
    -------
    Kind or None
        None where no kind fits.
    """
    # A numeric kind is never asked about texts, nor the other way round.
    numeric = isinstance(values, np.ndarray)
    return next((kind for kind in KINDS if kind.numeric == numeric and kind.fits(name, values)), None)
