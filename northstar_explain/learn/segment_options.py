"""How segments are learned."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SegmentOptions:
    """How segments are learned.

    Attributes
    ----------
    k : int or None
        Segments; None chooses from 3 to 9.
    rules : int or None
        Most rules a segment may have; None for one, and a second where it is worth it.
    conditions : int
        Most conditions on the way to a segment. A rule counts the two ends of a range as one.
    draws : int
        Bootstrap resamples for the stability of the segments, and shuffled copies for the null test.
    tries : int
        Distillations of each clustering, of which the cheapest is taken: a single one is often not the best there is.
    resample_tries : int
        The same in each resample.
    curve : int
        Times as many rules as segments that the curve of rules goes to, which no segment depends on.
    effort : float
        Share of the distiller's usual work that each of them does.
    """

    k: int | None = None
    rules: int | None = None
    conditions: int = 6
    draws: int = 20
    tries: int = 2
    resample_tries: int = 1
    curve: int = 4
    # Hardly more than the starting trees, which separate the clusters' centres already.
    effort: float = 0.005
