"""Faults of a contract that show only when its keys are read together."""

from __future__ import annotations

import datetime

from northstar_explain.contract.features import AUDIENCE_ROLES, USES, Contract, Feature
from northstar_explain.contract.relations import BROKEN
from northstar_explain.contract.toml_values import TomlReader
from northstar_explain.contract.traits import TRAITS


def require_consistent(reader: TomlReader, contract: Contract) -> None:
    names = {feature.name for feature in contract.features}
    for key in ("id", "label", "group"):
        if (name := getattr(contract, key)) and name in names:
            reader.fault(f"table.{key}", "a column that is no feature", name, "Remove the feature or rename.")
    if contract.id and contract.id == contract.label:
        reader.fault("table.label", "a column other than the id", contract.label)
    if contract.group and contract.group in (contract.id, contract.label):
        todo = "Remove it where rows are independent."
        reader.fault("table.group", "a column other than id and label", contract.group, todo)
    if contract.group and contract.group in contract.ignore:
        reader.fault("table.group", "a column that is not ignored", contract.group, "Take it out of ignore.")
    if contract.as_of and not is_day(contract.as_of) and contract.as_of not in contract.ignore:
        reader.fault("table.as_of", "a day such as 2026-03-01, or a column of table.ignore", contract.as_of)
    for feature in contract.features:
        if feature.kind.dated and (not contract.as_of or is_day(contract.as_of)):
            todo = "Name a column of table.ignore: a fixed day would be wrong for the next table."
            got = contract.as_of or "nothing"
            reader.fault("table.as_of", f"the column from which {feature.name}, a date, is counted back", got, todo)
    if contract.economics and not contract.wanted:
        todo = "Remove [economics]: money is counted for an outcome that a contact brings about."
        reader.fault("economics", "an outcome that is wanted", "table.wanted is false", todo)
    if contract.relations and contract.id.casefold() == BROKEN:
        got = f"{contract.id}, a column that SQL gives to scores"
        reader.fault("table.id", "a column of another name", got, "Rename the column.")
    for trait in contract.traits:
        if contract.id.casefold() in (TRAITS, trait.column.casefold()):
            got = f"{contract.id}, a column that the trait {trait.name} gives to scores"
            reader.fault("table.id", "a column of another name", got, "Rename the column.")
    for feature in contract.features:
        _require_sound(reader, contract, feature)


def is_day(text: str) -> bool:
    """Whether a text is a day such as ``2026-03-01``."""
    try:
        return datetime.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _require_sound(reader: TomlReader, contract: Contract, feature: Feature) -> None:
    where = f"features.{feature.name}"
    if feature.group and feature.group not in contract.groups:
        reader.fault(f"{where}.group", "one of " + ", ".join(contract.groups), feature.group)
    low, high = feature.minimum, feature.maximum
    if low is not None and high is not None and low >= high:
        reader.fault(f"{where}.min", f"less than max ({high:g})", f"{low:g}")
    if feature.kind.lists_values != bool(feature.order):
        got = "a list" if feature.order else "nothing"
        reader.fault(f"{where}.order", "a list of values for kind 'ordered', and only there", got)
    if len(set(feature.order)) != len(feature.order):
        reader.fault(f"{where}.order", "each value once", list(feature.order))
    if not feature.kind.numeric and (low is not None or high is not None):
        reader.fault(f"{where}.min", "bounds on numbers only", f"a {feature.kind}")
    if feature.monotone and not feature.kind.has_order:
        reader.fault(f"{where}.monotone", "a direction for numbers and ordered categories only", "a category")
    if feature.role in AUDIENCE_ROLES and feature.kind.numeric:
        reader.fault(f"{where}.role", "a role of numbers", feature.role, "place, channel and device are categories.")
    if feature.role in AUDIENCE_ROLES and feature.sensitive:
        reader.fault(f"{where}.role", "a feature that is not sensitive", feature.role, "Audiences are counted by it.")
    if feature.likeness and not feature.is_open("segments"):
        todo = 'Allow it with allow = ["segments"], or remove the key.'
        reader.fault(f"{where}.likeness", "a feature that is not sensitive", "true", todo)
    for use in feature.allow:
        if use not in USES:
            reader.fault(f"{where}.allow", "of " + ", ".join(USES), use)
    for key in ("at_least", "below", "between"):
        phrase = getattr(feature, key)
        if phrase and phrase.count("{value}") != 1:
            reader.fault(f"{where}.{key}", "a phrase with one {value}", phrase)
