"""Ordered categories: a tier, an age group; the contract lists them, lowest first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from northstar_explain.contract.categories import Category
from northstar_explain.contract.kinds.category import CategoryKind, parse_list, quoted

_HIGHEST = ", the highest"


class OrderedKind(CategoryKind):
    """Categories of the contract's `order` and no others; their rank is their one coordinate in the segment space."""

    name = "ordered"
    has_order = True
    lists_values = True

    def fits(self, name: str, values: np.ndarray | Sequence[str]) -> bool:
        return False  # the order of texts is for a person to say

    def invalid_categories(self, column: Category, order: Sequence[str]) -> tuple[np.ndarray, str] | None:
        # An empty text stands where a dictionary holds a null of its own; no code points to it.
        if set(column.values) <= {*order, ""}:
            return None
        known = column.lookup(dict.fromkeys(order, 1), missing=1, unseen=0)
        return known == 0, "one of " + ", ".join(order)

    def categories_words(self, values: Sequence[str], inside: bool, order: Sequence[str]) -> str:
        # A list of the values would be correct too, but would hide their order.
        lowest = tuple(order[: len(values)]) == tuple(values) and len(values) < len(order)
        if lowest and inside and len(values) > 1:
            return f"{quoted(values[-1])} or lower"
        if lowest and not inside and len(values) < len(order) - 1:
            return f"{quoted(order[len(values)])} or higher"
        if lowest and not inside and len(order) > 2:
            return f"{quoted(order[-1])}{_HIGHEST}"
        return super().categories_words(values, inside, order)

    def parse_categories(self, text: str, order: Sequence[str]) -> tuple[tuple[str, ...], bool] | None:
        for ending, inside in ((" or lower", True), (" or higher", False)):
            if text.endswith(ending):
                named = parse_list(text.removesuffix(ending))
                if named is None or len(named) != 1 or named[0] not in order:
                    return None
                return tuple(order[: order.index(named[0]) + inside]), inside
        if text.endswith(_HIGHEST) and len(order) > 2:
            return (tuple(order[:-1]), False) if parse_list(text.removesuffix(_HIGHEST)) == (order[-1],) else None
        return super().parse_categories(text, order)

    def indicators(self, column: Category) -> Sequence[str | None]:
        return (None,)

    def transform_categories(self, column: Category, indicator: str | None, order: Sequence[str]) -> np.ndarray:
        ranks = column.lookup({value: rank for rank, value in enumerate(order)}, -1, -1).astype(np.float64)
        ranks[ranks < 0] = np.nan
        return ranks
