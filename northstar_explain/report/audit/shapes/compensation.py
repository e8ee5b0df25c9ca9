"""Cells of pairs that take back what their two features give: to be read together with these, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from northstar_explain.model.learned_model import Model
from northstar_explain.model.scorecard import Bins, NumberBins, Term
from northstar_explain.report.audit.shapes.pair_shapes import PairShape


@dataclass(frozen=True)
class Compensation:
    """A cell of a pair whose points go against those of its two features.

    Attributes
    ----------
    pair : PairShape
    first, second : str
        Labels of the two bins.
    points : float
        Of the cell.
    apart : float
        What the two features give there by themselves, on average over the bins that the cell spans.
    train_n : int
        Training customers of the cell.
    """

    pair: PairShape
    first: str
    second: str
    points: float
    apart: float
    train_n: int

    @property
    def taken_back(self) -> float:
        """The points that cancel out."""
        return min(abs(self.points), abs(self.apart))


def strongest_compensation(model: Model, pairs: Sequence[PairShape]) -> Compensation | None:
    """The cell with enough customers that takes back most; None where none goes against its features."""
    terms = {term.name: term for term in model.scorecard.terms}
    # The first of equals, so that the page is the same each time.
    return max((one for pair in pairs if (one := _of_pair(pair, terms))), key=lambda one: one.taken_back, default=None)


def _of_pair(pair: PairShape, terms: dict[str, Term]) -> Compensation | None:
    sides = zip((pair.first, pair.second), terms[pair.term].axes, strict=True)
    across = [_means(terms.get(side.feature.name), axis)[list(side.order)] for side, axis in sides]
    apart = across[0][:, None] + across[1][None, :]
    against = pair.thick & (np.sign(apart) * np.sign(pair.points) < 0)
    if not against.any():
        return None
    size = np.where(against, np.minimum(np.abs(apart), np.abs(pair.points)), -1.0)
    i, j = (int(place) for place in np.unravel_index(int(np.argmax(size)), size.shape))
    return Compensation(
        pair, pair.first.labels[i], pair.second.labels[j], float(pair.points[i, j]), float(apart[i, j]),
        int(pair.train_n[i, j]),
    )  # fmt: skip


def _means(term: Term | None, axis: Bins) -> np.ndarray:
    """The mean points of a feature's own term in each bin of a pair's axis, weighted by training customers."""
    sums, customers = np.zeros(axis.count), np.zeros(axis.count)
    if term is None:
        return sums
    (own,) = term.axes
    for bin, place in enumerate(_places(own, axis)):
        sums[place] += float(term.points[bin]) * float(term.customers[bin])
        customers[place] += float(term.customers[bin])
    means: np.ndarray = sums / np.maximum(customers, 1)
    return means


def _places(own: Bins, axis: Bins) -> list[int]:
    """The bin of a pair's axis that each bin of the feature's own term lies in, by its middle."""
    last = axis.count - 1
    if isinstance(own, NumberBins) and isinstance(axis, NumberBins):
        ends = (min([*own.cuts, *axis.cuts], default=0.0) - 1, max([*own.cuts, *axis.cuts], default=0.0) + 1)
        edges = np.array([ends[0], *own.cuts, ends[1]])
        inner = np.searchsorted(axis.cuts, (edges[:-1] + edges[1:]) / 2, side="right") + 1
        return [0, *inner.tolist(), last]
    assert not isinstance(own, NumberBins) and not isinstance(axis, NumberBins)
    values = {bin: value for value, bin in own.values.items()}
    return [0, *(axis.values.get(values.get(bin, ""), last) for bin in range(1, own.count - 1)), last]
