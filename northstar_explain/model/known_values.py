"""The values of categories that a model knows: what is spelled otherwise in a table is brought to them."""

from __future__ import annotations

from dataclasses import replace

from northstar_explain.contract.conditions import CategoryCondition
from northstar_explain.contract.features import Contract, Feature
from northstar_explain.model.learned_model import Model
from northstar_explain.model.lookup import CategoryAxis


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
    named = _named_in_conditions(model)
    axes = model.lookup.axes

    def known(feature: Feature) -> Feature:
        if feature.kind.numeric or feature.order:
            return feature
        axis = axes.get(feature.name)
        values = tuple(axis.values) if isinstance(axis, CategoryAxis) else named.get(feature.name, ())
        return replace(feature, known=values)

    return replace(model.contract, features=tuple(known(feature) for feature in model.contract.features))


def _named_in_conditions(model: Model) -> dict[str, tuple[str, ...]]:
    """Values that rules and traits name, of features that the scorecard does not have."""
    named: dict[str, dict[str, None]] = {}
    conditions = [c for rule in model.segmentation.rules for c in rule.conditions]
    conditions += [c for trait in model.contract.traits for c in trait.conditions]
    for condition in conditions:
        if isinstance(condition, CategoryCondition):
            named.setdefault(condition.feature, {}).update(dict.fromkeys(condition.values))
    return {name: tuple(values) for name, values in named.items()}
