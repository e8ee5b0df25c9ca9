"""The scorecard in a graph: values become bins, bins become points, points are summed; and the reasons in words.

All features are searched together: a matrix with a row for each customer and a column for each feature. So the graph
has as many nodes for three terms as for three hundred, and what it does can be read.
"""

from __future__ import annotations

import math

import numpy as np

from northstar_explain.export.onnx.onnx_graph import DOUBLE, TEXT, TRUTH, GraphBuilder
from northstar_explain.export.onnx.onnx_inputs import Inputs
from northstar_explain.model.learned_model import FLAG_BREAK_EVEN, FLAG_F1, OLD_FLAG, Model
from northstar_explain.model.lookup import NumberAxis
from northstar_explain.model.reasons import REASONS, groups_of, units
from northstar_explain.model.scorecard import CategoryBins, Term

# The threshold is some customer's own probability, and points are summed in another order here.
_ROUNDING = 1e-12

_FLAGS = {
    FLAG_F1: "whether the probability reaches the threshold of highest F1",
    FLAG_BREAK_EVEN: "whether it reaches the probability from which a contact pays",
    OLD_FLAG: "the same as flag_f1; will be removed",
}


class Points:
    """Adds the outputs ``logit``, ``probability``, the flags and ``reason_1`` to ``reason_3``."""

    def __init__(self, graph: GraphBuilder, inputs: Inputs, model: Model):
        self._graph, self._inputs, self._model = graph, inputs, model
        self._lookup = model.lookup
        card = model.scorecard
        self._numbers = [name for name in card.features if model.contract[name].kind.numeric]
        self._texts = [name for name in card.features if name not in self._numbers]
        # Places of all terms' bins in one table, in which terms of one feature come before those of two.
        self._terms = sorted(range(len(card.terms)), key=lambda number: len(card.terms[number].axes))

    def add(self) -> None:
        """Add the outputs."""
        graph = self._graph
        bins = self._bins()
        places = self._places(bins)
        points = np.concatenate(self._tables())
        gathered = graph.node("Gather", graph.constant(points, np.float64), places)
        total = graph.node("ReduceSum", gathered, graph.constant([1], np.int64), keepdims=0)
        total = graph.node("Add", total, graph.constant(self._model.scorecard.intercept, np.float64))
        logit = self._where_known(bins, total)
        graph.output("logit", logit, DOUBLE, "log-odds: the intercept and the points of each term")
        chance = self._chance(logit)
        about = f"probability: {self._model.contract.outcome}; NaN where a value that it needs is missing"
        graph.output("probability", chance, DOUBLE, about)
        for name, threshold in self._model.purchase.flag_columns.items():
            reached = graph.node("GreaterOrEqual", chance, graph.constant(threshold - _ROUNDING, np.float64))
            graph.output(name, reached, TRUTH, _FLAGS[name])
        self._add_reasons(places)

    def _bins(self) -> str:
        """The fine bin of each feature: [rows, features], numbers first."""
        graph = self._graph
        columns = [self._number_bins()] if self._numbers else []
        columns += [self._column(self._inputs[name]) for name in self._texts]
        return columns[0] if len(columns) == 1 else graph.node("Concat", *columns, axis=1)

    def _number_bins(self) -> str:
        """Binary search in the cuts of each feature: the number of cuts that are not above the value, and one."""
        graph = self._graph
        values = graph.node("Concat", *(self._column(self._inputs[name]) for name in self._numbers), axis=1)
        cuts = [self._axis(name).cuts for name in self._numbers]
        steps = [1 << power for power in reversed(range(max(len(one) for one in cuts).bit_length()))]
        width = sum(steps)
        # No value reaches NaN, not even an infinite one: it stands where a feature has fewer cuts than another.
        table = np.full((len(cuts), max(width, 1)), math.nan)
        for row, one in zip(table, cuts, strict=True):
            row[: len(one)] = one
        keys = graph.constant(table.ravel(), np.float64)
        starts = np.arange(len(cuts), dtype=np.int64) * table.shape[1]
        # Where each search stands in the table; first before the first cut of its feature.
        place = graph.constant(starts[None, :] - 1, np.int64)
        for step in steps:
            ahead = graph.node("Add", place, graph.constant(step, np.int64))
            reached = graph.node("GreaterOrEqual", values, graph.node("Gather", keys, ahead))
            place = graph.node("Where", reached, ahead, place)
        passed = graph.node("Sub", place, graph.constant(starts[None, :] - 2, np.int64))
        return graph.node("Where", graph.node("IsNaN", values), graph.constant(0, np.int64), passed)

    def _places(self, bins: str) -> str:
        """Where the points of each term stand in the table of all: [rows, terms]."""
        graph, order = self._graph, [*self._numbers, *self._texts]
        terms = [self._model.scorecard.terms[number] for number in self._terms]
        sizes = [len(table) for table in self._tables()]
        starts = np.cumsum([0, *sizes])[:-1]
        alone = [(term, start) for term, start in zip(terms, starts, strict=True) if len(term.axes) == 1]
        pairs = [(term, start) for term, start in zip(terms, starts, strict=True) if len(term.axes) == 2]
        parts = []
        if alone:
            columns = [order.index(term.features[0]) for term, _ in alone]
            mine = graph.node("Gather", bins, graph.constant(columns, np.int64), axis=1)
            parts.append(graph.node("Add", mine, graph.constant([[start for _, start in alone]], np.int64)))
        if pairs:
            sides = [self._side(bins, order, [term for term, _ in pairs], side) for side in (0, 1)]
            both = graph.node("Add", *sides)
            parts.append(graph.node("Add", both, graph.constant([[start for _, start in pairs]], np.int64)))
        return parts[0] if len(parts) == 1 else graph.node("Concat", *parts, axis=1)

    def _side(self, bins: str, order: list[str], terms: list[Term], side: int) -> str:
        """What one feature of each pair adds to the place of its points: [rows, pairs]."""
        graph = self._graph
        tables = [self._bins_of(term, side) * (term.axes[1].count if side == 0 else 1) for term in terms]
        starts = np.cumsum([0, *(len(table) for table in tables)])[:-1]
        columns = [order.index(term.features[side]) for term in terms]
        mine = graph.node("Gather", bins, graph.constant(columns, np.int64), axis=1)
        mine = graph.node("Add", mine, graph.constant(starts[None, :], np.int64))
        return graph.node("Gather", graph.constant(np.concatenate(tables), np.int64), mine)

    def _tables(self) -> list[np.ndarray]:
        """Points of each term: by fine bin, or for a pair by its own bins."""
        terms = [self._model.scorecard.terms[number] for number in self._terms]
        return [term.points.ravel()[order] for term, order in zip(terms, map(self._order, self._terms), strict=True)]

    def _order(self, number: int) -> np.ndarray:
        """The bin of a term at each place of its table."""
        term = self._model.scorecard.terms[number]
        return self._bins_of(term, 0) if len(term.axes) == 1 else np.arange(term.points.size)

    def _bins_of(self, term: Term, side: int) -> np.ndarray:
        """For each fine bin of a feature, its bin in a term."""
        bins = term.axes[side]
        if isinstance(bins, CategoryBins):
            known = [bins.values.get(value, bins.count - 1) for value in self._inputs.codes[bins.feature].values]
            return np.array([0, *known, bins.count - 1])
        return self._axis(bins.feature).bin_of(bins)

    def _axis(self, name: str) -> NumberAxis:
        axis = self._lookup.axes[name]
        assert isinstance(axis, NumberAxis)
        return axis

    def _column(self, value: str) -> str:
        return self._graph.node("Unsqueeze", value, self._graph.constant([1], np.int64))

    def _where_known(self, bins: str, total: str) -> str:
        """The sum, NaN where a value is missing that the contract says never is."""
        graph, contract = self._graph, self._model.contract
        never = [contract[name].missing is None for name in (*self._numbers, *self._texts)]
        missing = graph.node("Equal", bins, graph.constant(0, np.int64))
        against = graph.node("And", missing, graph.constant([never], np.bool_))
        worst = graph.node("ReduceMax", graph.node("Cast", against, to=6), axes=[1], keepdims=0)  # as int32
        broken = graph.node("Cast", worst, to=TRUTH)
        return graph.node("Where", broken, graph.constant(math.nan, np.float64), total)

    def _chance(self, logit: str) -> str:
        """The logistic function by the half that cannot overflow; `Sigmoid` loses digits where it is small."""
        graph = self._graph
        one = graph.constant(1, np.float64)
        small = graph.node("Exp", graph.node("Neg", graph.node("Abs", logit)))
        share = graph.node("Add", one, small)
        high = graph.node("GreaterOrEqual", logit, graph.constant(0, np.float64))
        return graph.node("Div", graph.node("Where", high, one, small), share)

    def _add_reasons(self, places: str) -> None:
        """The words of the themes with the most points either way, as `explain score` gives them."""
        graph, terms = self._graph, self._model.scorecard.terms
        if not any(term.reasons for term in terms):
            return
        # Each theme at its place, its terms in their order; a theme of fewer terms than another repeats its last one.
        groups = groups_of(self._model.scorecard)
        column = {number: place for place, number in enumerate(self._terms)}
        widest = max(map(len, groups))
        padded = [[column[number] for number in (group + [group[-1]] * widest)[:widest]] for group in groups]
        # Whole numbers in doubles, which add up exactly in any order.
        tables = np.concatenate([units(table).astype(np.float64) for table in self._tables()])
        whole = graph.node("Gather", graph.constant(tables, np.float64), places)
        membership = np.zeros((len(terms), len(groups)))
        for place, group in enumerate(groups):
            membership[[column[number] for number in group], place] = 1.0
        total = graph.node("MatMul", whole, graph.constant(membership, np.float64))
        most = min(REASONS, len(groups))
        # Of equal sums the earlier theme comes first: `TopK` says so. Rank 0 is no reason.
        size, top = graph.nodes("TopK", graph.node("Abs", total), graph.constant([most], np.int64), results=2, axis=1)
        # Of each theme the largest term of the sign of its sum, of equal ones the earlier.
        members = graph.constant(np.array(padded), np.int64)
        by_theme = graph.node("Gather", whole, members, axis=1)
        up = graph.node("Unsqueeze", graph.node("Sign", total), graph.constant([2], np.int64))
        chosen = graph.node("ArgMax", graph.node("Mul", by_theme, up), axis=2, keepdims=1)
        said = graph.node("GatherElements", graph.node("Gather", places, members, axis=1), chosen, axis=2)
        said = graph.node("Squeeze", said, graph.constant([2], np.int64))
        words = ["", *(terms[number].reasons[bin] for number in self._terms for bin in self._order(number))]
        at = graph.node("Add", graph.node("GatherElements", said, top, axis=1), graph.constant(1, np.int64))
        silent = graph.node("Equal", size, graph.constant(0, np.float64))
        at = graph.node("Where", silent, graph.constant(0, np.int64), at)
        phrases = graph.node("Gather", graph.constant(words), at)
        for rank in range(most):
            one = graph.node("Gather", phrases, graph.constant(rank, np.int64), axis=1)
            about = "of the themes by their contribution to the log-odds, in words; empty where there is none"
            graph.output(f"reason_{rank + 1}", one, TEXT, f"number {rank + 1} {about}")
