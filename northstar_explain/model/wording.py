"""Conditions and rules in plain words; `parsing` parses conditions and rules back."""

from __future__ import annotations

from collections.abc import Sequence

from northstar_explain.contract.conditions import CategoryCondition, Condition, MissingCondition
from northstar_explain.contract.features import Contract, Feature
from northstar_explain.contract.kinds.number_words import either, plain
from northstar_explain.contract.phrases import BETWEEN_RULES, OR_MISSING, Bounds, Form, FormType, forms, joiner
from northstar_explain.model.rules import Rule

__all__ = ["brief", "capital", "definition", "either", "phrases", "plain", "rule_words"]


def phrases(condition: Condition, contract: Contract) -> list[str]:
    """A condition in words.

    Parameters
    ----------
    condition : Condition
        Its thresholds are written to the last digit.
    contract : Contract

    Returns
    -------
    list of str
        One phrase; two for a range that the contract has no phrase for.
    """
    feature = contract[condition.feature]
    by_type = {form.type: form for form in forms(feature)}
    if isinstance(condition, MissingCondition):
        return [by_type[FormType.UNKNOWN].fill()]
    ending = OR_MISSING if condition.missing else ""
    if isinstance(condition, CategoryCondition):
        among = feature.kind.categories_words(condition.values, condition.inside, feature.order)
        return [by_type[FormType.AMONG].fill(among) + ending]
    bounds = Bounds(condition.lower, condition.upper)
    if bounds == (None, None):
        return [by_type[FormType.KNOWN].fill() + ending]
    # What people say without a number goes first, such as "at most once".
    fixed = _fixed(feature, bounds)
    # "Opened 90 days or more ago or never" cannot be a range: each bound gets a phrase.
    if fixed is None and None not in bounds and FormType.RANGE not in by_type:
        return [_bound(feature, half, by_type, contract) + ending for half in _halves(bounds)]
    return [(fixed or _bound(feature, bounds, by_type, contract)) + ending]


def _halves(bounds: Bounds) -> tuple[Bounds, Bounds]:
    return Bounds(bounds.lower, None), Bounds(None, bounds.upper)


def _fixed(feature: Feature, bounds: Bounds) -> str | None:
    fixed = (form.fill() for form in forms(feature) if form.type is FormType.FIXED and form.bounds == bounds)
    return next(fixed, None)


def _bound(feature: Feature, bounds: Bounds, by_type: dict[FormType, Form], contract: Contract) -> str:
    lower, upper = bounds
    if lower is not None and upper is not None:
        return by_type[FormType.RANGE].fill(feature.kind.interval_words(lower, upper, feature.unit, contract.currency))
    if lower is not None:
        return by_type[FormType.AT_LEAST].fill(feature.kind.value_words(lower, feature.unit, contract.currency))
    assert upper is not None
    return by_type[FormType.BELOW].fill(feature.kind.value_words(upper, feature.unit, contract.currency))


def rule_words(rule: Rule, contract: Contract) -> str:
    """A rule's conditions joined by ``and``."""
    clauses = [phrase for condition in rule.conditions for phrase in phrases(condition, contract)]
    return joiner(contract).join(clauses) if clauses else everybody(contract)


def everybody(contract: Contract) -> str:
    """The words of a rule without conditions."""
    return f"all {contract.noun}"


def definition(rules: Sequence[Rule], contract: Contract) -> str:
    """The definition of a segment: its rules joined by ``or``, as a sentence."""
    return capital(BETWEEN_RULES.join(rule_words(rule, contract) for rule in rules)) + "."


def brief(feature: Feature, value: float, currency: str) -> str:
    """A value to three digits; the exact one is in the model folder."""
    return feature.kind.value_words(float(f"{value:.3g}"), feature.unit, currency)


def capital(text: str) -> str:
    """The text with its first letter in upper case, unless that gives several letters, as for ß."""
    first = text[:1].upper()
    return first + text[1:] if len(first) == 1 else text
