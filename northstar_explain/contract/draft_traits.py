"""Traits that a draft proposes: audiences that most shops ask for, by kind and name of a column."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from northstar_explain.contract.draft_definedness import Definition, numbers
from northstar_explain.contract.expressions import name_text
from northstar_explain.contract.kinds.kind import Kind

_FEWEST, _LARGEST_SHARE = 10, 0.5  # customers with a proposed trait: what half of all have is no audience
_TOP = 0.9  # quantile from which a spender is big


class ProposedTrait(NamedTuple):
    """A trait for a person to confirm.

    Attributes
    ----------
    name, words, when : str
        As the contract writes them.
    share : float
        Of the rows that have it.
    """

    name: str
    words: str
    when: str
    share: float


class _Idea(NamedTuple):
    """A trait, and the columns that could tell it; without a limit, it is the top tenth.

    `least` is how many of what its column depends on there must be: a share of a single order is 0 or 1 by chance.
    """

    name: str
    words: str
    kind: str
    column: str  # a pattern
    operator: str
    limit: float | None
    least: int = 1


_AVERAGES = "avg|average|mean|median|per_"
_IDEAS = (
    _Idea("big_spenders", "big spenders", "amount",
          rf"^(?!.*({_AVERAGES})).*(spend|spent|revenue|sales|monetary|purchases)", ">=", None),
    _Idea("deal_seekers", "deal seekers", "rate", r"discount|coupon|promo|deal|voucher", ">=", 0.5, 2),
    _Idea("heavy_returners", "heavy returners", "rate", r"(^|_)(returns?|returned|refunds?)(_|$)", ">=", 0.25, 2),
    _Idea("new_customers", "customers who joined in the last 90 days", "days",
          r"account_age|tenure|since_(first|join|sign|regist|open)", "<=", 90.0),
    _Idea("not_reading_email", "customers who do not read e-mail", "rate", r"open(_rate|s|ed|_share|$)", "<", 0.05),
)  # fmt: skip


def traits(
    columns: Mapping[str, pa.ChunkedArray], kinds: Mapping[str, Kind], definitions: Mapping[str, Definition]
) -> Iterator[ProposedTrait]:
    """The traits that a table seems to tell.

    Parameters
    ----------
    columns : mapping
        Name to column, numbers as numbers.
    kinds : mapping
        Name to kind, of the features that a trait may ask for.
    definitions : mapping
        Name to what its meaning depends on, where it does.

    Returns
    -------
    iterator of ProposedTrait
        At most one of each sort, by the first column that fits.
    """
    for idea in _IDEAS:
        for name, kind in kinds.items():
            if (
                kind == idea.kind
                and re.search(idea.column, name, re.I)
                and (found := _trait(idea, name, kind, columns, definitions))
            ):
                yield found
                break


def _trait(
    idea: _Idea, name: str, kind: Kind, columns: Mapping[str, pa.ChunkedArray], definitions: Mapping[str, Definition]
) -> ProposedTrait | None:
    values = numbers(columns[name])
    when, definition = name_text(name), definitions.get(name)
    beside = ""
    if definition is not None:
        values = np.where(numbers(columns[definition.by]) >= idea.least, values, np.nan)
        beside = f" and {name_text(definition.by)} >= {idea.least}"
    known = values[np.isfinite(values)]
    if not len(known):
        return None
    limit = _round_top(known, kind) if idea.limit is None else idea.limit
    has = known >= limit if idea.operator == ">=" else known <= limit if idea.operator == "<=" else known < limit
    share = float(has.sum() / len(values))
    if has.sum() < _FEWEST or share > _LARGEST_SHARE:
        return None
    return ProposedTrait(idea.name, idea.words, f"{when} {idea.operator} {limit:g}{beside}", share)


def _round_top(known: np.ndarray, kind: Kind) -> float:
    """A round number that the top tenth reaches."""
    top = float(np.quantile(known, _TOP))
    grid = kind.threshold_grid(min(top, 0.0), abs(top), "")
    return float(grid[grid <= top].max(initial=min(top, 0.0)))
