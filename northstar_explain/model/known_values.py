"""The values of categories that a model knows: what is spelled otherwise in a table is brought to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from northstar_explain.contract.conditions import CategoryCondition
from northstar_explain.contract.features import Contract, Feature
from northstar_explain.model.learned_model import Model
from northstar_explain.model.scorecard import CategoryBins


def with_known_values(model: Model) -> Contract:
    """The contract of a model with the values that each category had in training.

    Parameters
    ----------
    model : Model

    Returns
    -------
    Contract
        With `Feature.known` of the categories; numbers and ordered categories stay as they are.
    """
    in_card, in_conditions = values_in_card(model), values_in_conditions(model)

    def known(feature: Feature) -> Feature:
        # An ordered category has all its values in the contract already.
        if feature.kind.numeric or feature.order:
            return feature
        # Rules and traits may name a feature that the scorecard does not have.
        return replace(feature, known=in_card.get(feature.name, in_conditions.get(feature.name, ())))

    return replace(model.contract, features=tuple(known(feature) for feature in model.contract.features))


def values_in_card(model: Model) -> dict[str, tuple[str, ...]]:
    """Category to the values of it that the scorecard's terms know."""
    axes = [axis for term in model.scorecard.terms for axis in term.axes]
    return _by_feature((axis.feature, axis.values) for axis in axes if isinstance(axis, CategoryBins))


def values_in_conditions(model: Model) -> dict[str, tuple[str, ...]]:
    """Category to the values of it that rules and traits name."""
    conditions = [c for rule in model.segmentation.rules for c in rule.conditions]
    conditions += [c for trait in model.contract.traits for c in trait.conditions]
    return _by_feature((c.feature, c.values) for c in conditions if isinstance(c, CategoryCondition))


def _by_feature(named: Iterable[tuple[str, Iterable[str]]]) -> dict[str, tuple[str, ...]]:
    # Dictionaries as sets that keep their order: that of a set of texts changes from one process to the next.
    found: dict[str, dict[str, None]] = {}
    for feature, values in named:
        found.setdefault(feature, {}).update(dict.fromkeys(values))
    return {feature: tuple(values) for feature, values in found.items()}
