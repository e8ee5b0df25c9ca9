"""The number of segments, chosen on a frontier that is kept and shown: what they explain, and how steady they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from northstar_explain.errors import Fault, TableError
from northstar_explain.learn import clusters, kept_rules
from northstar_explain.learn.distill_rules import coded
from northstar_explain.learn.frontier import (
    AT_ONCE,
    Candidate,
    Checks,
    Point,
    candidate,
    measure,
    with_across,
    with_stability,
)
from northstar_explain.learn.segment_options import SegmentOptions
from northstar_explain.learn.segment_search import Material, best_rules, limits_of, names_of, one_of_each
from northstar_explain.model.evaluation.limits import (
    BEHAVIOR_ALIKE,
    JACCARD_STABLE,
    LEAST_DIFFERENCE,
    LEAST_SEGMENT_SHARE,
    PRICE_DROP_WORTH_A_RULE,
    stability_figure,
)
from northstar_explain.model.rules import Node

TRIED = range(3, 10)
# Where none is eligible, the steadiest is sought on so many resamples of each, and so many go on to the next round.
_STEADIEST_OF = ((AT_ONCE, 3), (2 * AT_ONCE, 3))
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Chosen:
    """A number of segments, why it was chosen, and what else was tried.

    Attributes
    ----------
    candidate : Candidate
        With a tree.
    frontier : tuple of Candidate
        Every number that was tried, ascending.
    eligible : bool
        Whether it meets every condition.
    reason : str
        A sentence.
    """

    candidate: Candidate
    frontier: tuple[Candidate, ...]
    eligible: bool
    reason: str


def choose(
    material: Material,
    checks: Checks,
    options: SegmentOptions,
    seed: int,
    progress: Progress,
    before: Node | None = None,
) -> Chosen:
    """Try several numbers of segments and take one.

    Eligible are those whose every segment is stable, large enough and different from the others, and which explain
    more than chance does. Of these the smallest is taken that explains within `BEHAVIOR_ALIKE` of the most; where none
    is eligible, the steadiest. Stability takes longest, so it is measured of those only that the choice depends on.

    Parameters
    ----------
    material : Material
    checks : Checks
    options : SegmentOptions
    seed : int
    progress : callable
        Takes the name of each stage as it begins.
    before : Node, optional
        Rules of the model that is updated. While they are eligible they are kept; where they no longer are, new rules
        for as many segments are taken if those are eligible, and any number is tried only after that.

    Returns
    -------
    Chosen

    Raises
    ------
    TableError
        When no tree within the limits was found for any number of segments that was tried.
    """
    if before is not None and (continued := _continued(before, material, checks, options, seed, progress)):
        return continued
    tried = []
    for k in TRIED if options.k is None else (options.k,):
        progress(f"trying {k} segments")
        tried.append(candidate(material, checks, k, options, seed))
    _require_rules(tried, options)
    frontier = _Frontier(with_across(tried, checks), material, options, seed, progress)
    if options.k is not None:
        return frontier.given()
    return frontier.chosen()


def _continued(
    before: Node, material: Material, checks: Checks, options: SegmentOptions, seed: int, progress: Progress
) -> Chosen | None:
    """The segments of the model that is updated, or as many new ones, where these are eligible."""
    k = len(names_of(before))
    if options.k not in (None, k) or len(np.unique(material.points, axis=0)) < k:
        return None
    ways: list[tuple[Node | None, str]] = [
        (None, f"{k} segments, as in the model that is updated, whose own rules are no longer eligible.")
    ]
    if kept_rules.may_stay(before, names_of(before), material.columns, material.features.rules, options):
        ways.insert(
            0, (before, f"The {k} segments of the model that is updated and their rules, which are still eligible.")
        )
    for rules, reason in ways:
        progress("measuring the rules of the model to update" if rules else f"trying {k} segments, as before")
        one = candidate(material, checks, k, options, seed, rules)
        if one.tree is not None and not one.faults:
            frontier = _Frontier([one], material, options, seed, progress)
            if frontier.steady(k):
                return frontier.result(k, True, reason)
    return None


class _Frontier:
    """The candidates by k; stability is added to those that it is asked of."""

    def __init__(
        self, tried: Sequence[Candidate], material: Material, options: SegmentOptions, seed: int, progress: Progress
    ):
        self._by_k = {one.k: one for one in tried}
        self._material, self._options, self._seed, self._progress = material, options, seed, progress

    def given(self) -> Chosen:
        (k,) = self._by_k
        one = self._measured(k)
        return self.result(k, one.steady and not one.faults, f"{k} segments, as asked for.")

    def chosen(self) -> Chosen:
        possible = [one for one in self._by_k.values() if not one.faults]
        best = next((one for one in sorted(possible, key=lambda one: (-one.mean, one.k)) if self.steady(one.k)), None)
        if best is None:
            return self._steadiest()
        alike = [one for one in possible if one.mean >= best.mean - BEHAVIOR_ALIKE]
        k = next(one.k for one in sorted(alike, key=lambda one: one.k) if self.steady(one.k))
        conditions = (
            f"each stable (Jaccard {JACCARD_STABLE} or more), {LEAST_SEGMENT_SHARE:.0%} of all or more, and "
            f"{LEAST_DIFFERENCE} standard deviations or more from the next"
        )
        if k == best.k:
            return self.result(k, True, f"{k} segments explain more of the behavior ({best.mean:.2f}) than any other "
                                f"number of segments that are {conditions}.")  # fmt: skip
        return self.result(k, True, f"{k} segments are the fewest that explain within {BEHAVIOR_ALIKE} as much of the "
                            f"behavior ({self._by_k[k].mean:.2f}) as any ({best.mean:.2f}, with {best.k}) of the "
                            f"numbers of segments that are {conditions}.")  # fmt: skip

    def _steadiest(self) -> Chosen:
        """Where none is eligible: a few resamples of every number, more of those that were steadiest on them."""
        left = found = [one.k for one in self._by_k.values() if one.tree is not None]
        for draws, kept in _STEADIEST_OF:
            left = sorted(left, key=lambda k: (-min(self._drawn(k, draws).jaccard), k))[:kept]
        # Few resamples flatter some: whichever leads is measured on all, until one leads that has been.
        k = self._leading(found)
        while self._by_k[k].draws < self._options.draws:
            self._drawn(k, self._options.draws)
            k = self._leading(found)
        best = stability_figure(min(self._by_k[k].jaccard))
        return self.result(k, False, f"No number of segments meets every condition; {k} segments are the "
                           f"steadiest (least Jaccard {best}). Rely on them with care.")  # fmt: skip

    def _leading(self, found: Sequence[int]) -> int:
        return max(found, key=lambda k: (min(self._by_k[k].jaccard), -k))

    def _drawn(self, k: int, draws: int) -> Candidate:
        """The candidate with stability on at least so many resamples, or all that there are."""
        draws = min(draws, self._options.draws)
        if self._by_k[k].draws < draws:
            self._progress(f"measuring bootstrap stability of {k} segments on {draws} resamples")
            self._by_k[k] = with_stability(self._by_k[k], self._material, self._options, self._seed, draws)
        return self._by_k[k]

    def steady(self, k: int) -> bool:
        return self._measured(k).steady

    def _measured(self, k: int) -> Candidate:
        if not self._by_k[k].jaccard:
            self._progress(f"measuring bootstrap stability of {k} segments")
            self._by_k[k] = with_stability(self._by_k[k], self._material, self._options, self._seed)
        return self._by_k[k]

    def result(self, k: int, eligible: bool, reason: str) -> Chosen:
        if self._by_k[k].draws < self._options.draws:
            # Enough draws to see that a segment is not stable are too few to say how stable each is.
            self._drawn(k, self._options.draws)
        return Chosen(self._by_k[k], tuple(self._by_k[k] for k in sorted(self._by_k)), eligible, reason)


def _require_rules(tried: Sequence[Candidate], options: SegmentOptions) -> None:
    if any(one.tree is not None for one in tried):
        return
    numbers = str(options.k) if options.k is not None else f"{TRIED.start} to {TRIED.stop - 1}"
    limits = limits_of(tried[0].k, options)
    expected = (
        f"rules for {numbers} segments, each with {LEAST_SEGMENT_SHARE:.0%} of the customers or more, by at most "
        f"{limits.max_depth} conditions"
    )
    todo = "Ask for fewer segments or more conditions, or allow more features to define segments."
    raise TableError("contract", [Fault("features", expected, "no such rules", todo)])


def unrounded(material: Material, checks: Checks, chosen: Candidate, options: SegmentOptions, seed: int) -> Point:
    """The same number of segments with any threshold instead of a round one."""
    exact = replace(material, coded=coded(material.columns, material.features.rules, material.features.by_name, False))
    # As the rules themselves were searched for: else the difference would be one of effort, or of length.
    tree = best_rules(exact, clusters.predict(chosen.kmeans, exact.points), chosen.k, options, seed)
    assert chosen.point is not None
    return chosen.point if tree is None else measure(exact, checks, chosen.kmeans, tree, chosen.point.rules)


def curve(
    material: Material, checks: Checks, chosen: Candidate, options: SegmentOptions, seed: int, progress: Progress
) -> tuple[Point, ...]:
    """Price, fidelity and conditions for one to `options.curve` times as many rules as segments."""
    k = chosen.k
    numbers = [k, *sorted({k + (k + 1) // 2, 2 * k, 3 * k, 4 * k} & set(range(k + 1, options.curve * k + 1)))]
    progress(f"measuring the curve from {numbers[0]} to {numbers[-1]} rules")
    one = replace(limits_of(k, options), max_depth=options.conditions + 2, max_group_leaves=4)
    labels = clusters.predict(chosen.kmeans, material.points)
    # Evidence for the number of rules, which no segment depends on: one search for each.
    trees = one_of_each(material, labels, [replace(one, max_leaves=rules) for rules in numbers], options, seed)
    points: list[Point] = []
    for rules, tree in zip(numbers, trees, strict=True):
        point = None if tree is None else measure(material, checks, chosen.kmeans, tree, rules)
        # A tree may use fewer rules than allowed: where the search gives no better one, the last one stands.
        if points and (point is None or points[-1].price <= point.price):
            point = replace(points[-1], rules=rules)
        if point is not None:
            points.append(point)
    assert chosen.point is not None
    return tuple(points) or (chosen.point,)


def knee(points: Sequence[Point], k: int) -> Point:
    """The fewest rules after which one more rule a segment lowers the price by less than `PRICE_DROP_WORTH_A_RULE`."""
    for place, point in enumerate(points):
        savings = ((point.price - more.price) * k / (more.rules - point.rules) for more in points[place + 1 :])
        if all(saving < PRICE_DROP_WORTH_A_RULE for saving in savings):
            return point
    raise AssertionError("the last point has no other after it")
