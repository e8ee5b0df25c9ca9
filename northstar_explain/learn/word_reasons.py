"""Reasons in words: each bin of the scorecard as a customer-care agent would read it out.

A bin is said in the contract's own phrases, with numbers rounded to what people say. What the bin holds is looked up in
the training rows: a bin of zeros alone is "never", and one of customers for whom the feature has no meaning says why.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from northstar_explain.contract.columns import Columns, count_rows
from northstar_explain.contract.conditions import CategoryCondition, NumberCondition
from northstar_explain.contract.definedness import defined
from northstar_explain.contract.features import Contract, Feature
from northstar_explain.contract.kinds.number_words import singular
from northstar_explain.contract.phrases import FormType, forms
from northstar_explain.model.reasons import theme_of_terms
from northstar_explain.model.scorecard import MISSING, Bins, NumberBins, Scorecard, Term
from northstar_explain.model.wording import capital, phrases

_NAMED = 8  # values of one bin that a reason names
# The contract may explain a special value in the words of a feature, such as "(366: no order)".
_NOTE = re.compile(r"\s*\([^()]*\)$")
# A contract's phrase is written for several: "viewed {value} products".
_ONE = re.compile(r"\b1 ([a-z]+)(?: ([a-z]+))?")
MORE, LESS, SAME = "more likely", "less likely", "makes no difference"


@dataclass(frozen=True)
class _Held:
    """What each bin of a numeric feature holds among the training rows; false for a bin without any.

    Attributes
    ----------
    zero : ndarray of bool, shape (bins,)
        Nothing but zeros.
    undefined : ndarray of bool, shape (bins,)
        Nobody for whom the feature has a meaning.
    """

    zero: np.ndarray
    undefined: np.ndarray


def with_reasons(
    scorecard: Scorecard, contract: Contract, columns: Columns | None = None, themes: Mapping[str, str] | None = None
) -> Scorecard:
    """The scorecard with a theme for each term and a reason in words for each bin.

    Parameters
    ----------
    scorecard : Scorecard
    contract : Contract
        Its phrases are used.
    columns : mapping, optional
        The training rows: what bins hold. Without them, a bin is worded by its bounds alone.
    themes : mapping, optional
        Feature to its theme, of the space that segments are looked for in; see `theme_of_terms`.

    Returns
    -------
    Scorecard
        The same points.
    """
    of_term = theme_of_terms(scorecard, contract, themes or {})
    terms = [replace(term, theme=theme) for term, theme in zip(scorecard.terms, of_term, strict=True)]
    said_by = {term.features[0]: term.theme for term in terms if len(term.axes) == 1}
    worded = (replace(term, reasons=_reasons(term, said_by, contract, columns)) for term in terms)
    return replace(scorecard, terms=tuple(worded))


def _reasons(term: Term, themes: Mapping[str, str], contract: Contract, columns: Columns | None) -> tuple[str, ...]:
    words = [_axis_words(axis, term.theme, themes, contract, columns) for axis in term.axes]
    return tuple(
        _reason([axis[bin] for axis, bin in zip(words, where, strict=True)], float(term.points[where]))
        for where in np.ndindex(term.points.shape)
    )


def _reason(words: Sequence[str], points: float) -> str:
    # Not "and" alone, which a contract's phrases may hold themselves.
    return f"{capital(', and '.join(words))}: {MORE if points > 0 else LESS if points < 0 else SAME}"


def _axis_words(
    axis: Bins, theme: str, themes: Mapping[str, str], contract: Contract, columns: Columns | None
) -> list[str]:
    feature = contract[axis.feature]
    held = _held(axis, feature, columns) if isinstance(axis, NumberBins) else None
    without = _no_meaning(feature, theme, themes, contract)
    return [_bin_words(axis, bin, feature, contract, held, without) for bin in range(axis.count)]


def _held(axis: NumberBins, feature: Feature, columns: Columns | None) -> _Held:
    if columns is None:
        nothing = np.zeros(axis.count, dtype=bool)
        return _Held(nothing, nothing)
    column = columns[axis.feature]
    assert isinstance(column, np.ndarray)
    bins = axis.index(column)
    rows = np.bincount(bins, minlength=axis.count)
    zeros = np.bincount(bins[column == 0], minlength=axis.count)
    applies = defined(feature, columns)
    applies = np.ones(count_rows(columns), dtype=bool) if applies is None else applies
    applicable = np.bincount(bins[applies], minlength=axis.count)
    return _Held((rows > 0) & (zeros == rows), (rows > 0) & (applicable == 0))


def _bin_words(axis: Bins, bin: int, feature: Feature, contract: Contract, held: _Held | None, without: str) -> str:
    if bin == MISSING:
        return _said(feature, f"{feature.kind.noun(feature.words)} not known")
    if bin == axis.count - 1:
        return _said(feature, f"{feature.words} not seen in training")
    if isinstance(axis, NumberBins):
        assert held is not None
        if held.undefined[bin] and without:
            return without
        return range_words(feature, *axis.bounds(bin), bool(held.zero[bin]), contract)
    members = axis.members(bin)
    if len(members) > _NAMED:  # the rare values that count as one
        return f"{feature.words} is one of {len(members):,} rare values"
    return phrases(CategoryCondition(feature.name, members), contract)[0]


def _no_meaning(feature: Feature, theme: str, themes: Mapping[str, str], contract: Contract) -> str:
    """That the feature has no meaning for a customer and why, where one condition says it: ``did not order``."""
    if len(feature.defined_when) != 1:
        return ""
    (condition,) = feature.defined_when
    other = contract[condition.feature]
    opposite = condition.opposite(may_miss=False)
    if not isinstance(opposite, NumberCondition) or opposite.lower is not None or opposite.upper is None:
        why = phrases(opposite, contract)[0]
    else:
        # Fewer than anything that is said is none of it: a rate below 0.0001.
        why = range_words(other, None, opposite.upper, True, contract)
    # In the same theme, it is the same thing to say; in another, that one may say it of the same customer.
    if themes.get(other.name) == theme:
        return why
    return _said(feature, f"no {feature.words.removeprefix('share of ')}") + f" ({why})"


def range_words(feature: Feature, lower: float | None, upper: float | None, zeros: bool, contract: Contract) -> str:
    """A bin of a numeric feature in the contract's phrases, its numbers rounded to what people say.

    Parameters
    ----------
    feature : Feature
    lower, upper : float or None
        ``lower <= value < upper``, None where open.
    zeros : bool
        Whether the bin holds nothing but zeros among the training rows.
    contract : Contract

    Returns
    -------
    str
    """
    low, high = (None if x is None else feature.kind.spoken(x, feature.unit, contract.currency) for x in (lower, upper))
    if feature.minimum is not None and feature.minimum >= 0:
        if zeros and lower is None and upper is not None:
            return _none_words(feature, upper, contract)
        # From so little that it is not said, which is where nothing begins.
        low = None if low == 0 else low
        high = _least(feature, contract) if high == 0 else high
    if low is not None and low == high:
        return _about(feature, low, contract)
    said = ", and ".join(phrases(NumberCondition(feature.name, low, high), contract))
    return _ONE.sub(_one, _said(feature, said).replace("exactly ", ""))


def _said(feature: Feature, text: str) -> str:
    """The text without the note that the words of the feature end with."""
    note = _NOTE.search(feature.words)
    return text.replace(note[0], "") if note else text


def _one(found: re.Match[str]) -> str:
    """Of ``1 transfers`` and ``1 cash withdrawals``, what one is called."""
    first, second = found[1], found[2] or ""
    words = (_singular(first), second) if first.endswith("s") else (first, _singular(second))
    return " ".join(("1", *filter(None, words)))


def _singular(unit: str) -> str:
    if unit.endswith("ies"):
        return f"{unit[:-3]}y"
    return unit[:-2] if unit.endswith(("ches", "shes", "sses", "xes")) else singular(unit)


def _none_words(feature: Feature, upper: float, contract: Contract) -> str:
    none = feature.none.replace("{words}", feature.words) if feature.none else ""
    none = none or _said(feature, feature.kind.zero_words(feature.words, feature.unit, contract.currency))
    said = feature.kind.spoken(upper, feature.unit, contract.currency)
    if said == 0 or (feature.kind.whole and said <= 1):
        return none
    # True of a value between 0 and the lowest one that training has seen, too.
    return f"{none} (or below {feature.kind.value_words(said, feature.unit, contract.currency)})"


def _least(feature: Feature, contract: Contract) -> float:
    """The least number that is said of the feature: one percent, one cent."""
    steps = (10.0**power for power in range(-12, 1))
    return next((step for step in steps if feature.kind.spoken(step, feature.unit, contract.currency) == step), 1.0)


def _about(feature: Feature, value: float, contract: Contract) -> str:
    words = f"about {feature.kind.value_words(value, feature.unit, contract.currency)}"
    form = next((form for form in forms(feature) if form.type is FormType.RANGE), None)
    return _said(feature, form.fill(words) if form else f"{feature.words} of {words}")
