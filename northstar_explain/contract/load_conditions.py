"""The conditions of a contract: when features have a meaning, who has a trait, what holds between two of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from northstar_explain.contract.conditions import Condition, simplify
from northstar_explain.contract.expressions import ExpressionError, parse_condition, parse_relation
from northstar_explain.contract.features import Feature
from northstar_explain.contract.relations import Relation
from northstar_explain.contract.toml_values import TomlReader
from northstar_explain.contract.traits import MOST_TRAITS, NAME, ContractTrait

_TRAIT_KEYS = ("words", "when")
_CORRECT = "Correct the condition."


def with_defined_when(
    reader: TomlReader, features: Sequence[Feature], sections: Mapping[str, Any]
) -> tuple[Feature, ...]:
    """Features with the conditions of their key ``defined_when``.

    Parameters
    ----------
    reader : TomlReader
        Takes the faults.
    features : sequence of Feature
        All of the contract, without these conditions.
    sections : mapping
        Name to the section of each.

    Returns
    -------
    tuple of Feature
    """
    texts = {
        name: data["defined_when"]
        for name, data in sections.items()
        if isinstance(data, dict) and "defined_when" in data
    }
    whole = []
    for feature in features:
        if feature.name in texts:
            where = f"features.{feature.name}"
            text = reader.text(where, sections[feature.name], "defined_when")
            conditions = _conditions(reader, f"{where}.defined_when", text, features)
            _require_apart(reader, feature, conditions, set(texts))
            feature = replace(feature, defined_when=conditions)
        whole.append(feature)
    return tuple(whole)


def read_traits(
    reader: TomlReader, sections: Mapping[str, Any], features: Sequence[Feature]
) -> tuple[ContractTrait, ...]:
    """The traits of a contract.

    Parameters
    ----------
    reader : TomlReader
        Takes the faults.
    sections : mapping
        Name to the section of each.
    features : sequence of Feature
        All of the contract, with the conditions that define them.

    Returns
    -------
    tuple of ContractTrait
    """
    if len(sections) > MOST_TRAITS:
        reader.fault("traits", f"at most {MOST_TRAITS} traits", f"{len(sections)}", "Keep those that somebody uses.")
    traits: list[ContractTrait] = []
    for name, data in sections.items():
        trait = _trait(reader, name, data, features)
        _require_distinct(reader, trait, traits)
        traits.append(trait)
    return tuple(traits)


def read_relations(reader: TomlReader, texts: Sequence[str], features: Sequence[Feature]) -> tuple[Relation, ...]:
    """The relations of a contract's key ``relations``.

    Parameters
    ----------
    reader : TomlReader
        Takes the faults.
    texts : sequence of str
    features : sequence of Feature
        All of the contract.

    Returns
    -------
    tuple of Relation
    """
    relations: list[Relation] = []
    for number, text in enumerate(texts, 1):
        where = f"table.relations, number {number}"
        try:
            relation = parse_relation(text, features)
        except ExpressionError as error:
            reader.fault(where, error.expected, error.got, error.todo)
            continue
        for other in relations:
            if {other.lower, other.upper} == {relation.lower, relation.upper}:
                todo = "Keep the one that holds."
                reader.fault(where, f"features that {other.text} does not compare already", text, todo)
        relations.append(relation)
    return tuple(relations)


def _trait(reader: TomlReader, name: str, data: Any, features: Sequence[Feature]) -> ContractTrait:
    where = f"traits.{name}"
    if not NAME.fullmatch(name):
        expected = "a name of at most 40 lower-case letters, digits and _, with a letter first"
        reader.fault(where, expected, name, "Rename it; `words` may say it in full.")
    if not isinstance(data, dict):
        reader.fault(where, f"a section [{where}]", data)
        data = {}
    reader.unknown(f"{where}.", data, _TRAIT_KEYS)
    text = reader.text(where, data, "when")
    conditions = _conditions(reader, f"{where}.when", text, features)
    # Where a feature has no meaning, its value says nothing: a customer without orders is no deal seeker.
    used = [feature for feature in features if feature.name in {condition.feature for condition in conditions}]
    whole = simplify((*conditions, *(condition for feature in used for condition in feature.defined_when)))
    if whole is None:
        undefined = " and ".join(feature.name for feature in used if feature.defined_when)
        reader.fault(f"{where}.when", f"conditions that a row with a defined {undefined} can meet", text, _CORRECT)
    return ContractTrait(name, reader.text(where, data, "words"), whole or conditions, text)


def _conditions(reader: TomlReader, where: str, text: str, features: Sequence[Feature]) -> tuple[Condition, ...]:
    """The conditions of a text; none where it has faults, which the reader then holds."""
    if not text:
        return ()
    try:
        conditions = parse_condition(text, features)
    except ExpressionError as error:
        reader.fault(where, error.expected, error.got, error.todo)
        return ()
    named = {feature.name: feature for feature in features}
    for condition in conditions:
        # Segments and campaigns follow from these conditions: they are a use like that of rules.
        if not named[condition.feature].is_open("segments"):
            todo = f'Allow it with allow = ["segments"] in features.{condition.feature}, or leave it out.'
            reader.fault(where, "features that are not sensitive", condition.feature, todo)
    return conditions


def _require_apart(
    reader: TomlReader, feature: Feature, conditions: Sequence[Condition], conditional: set[str]
) -> None:
    """Features that define another always have a meaning themselves."""
    for condition in conditions:
        if condition.feature == feature.name:
            reader.fault(f"features.{feature.name}.defined_when", "other features", feature.name, _CORRECT)
        elif condition.feature in conditional:
            got = f"{condition.feature}, which has defined_when itself"
            reader.fault(f"features.{feature.name}.defined_when", "features that always have a meaning", got, _CORRECT)


def _require_distinct(reader: TomlReader, trait: ContractTrait, others: Sequence[ContractTrait]) -> None:
    for other in others:
        if trait.words and trait.words.casefold() == other.words.casefold():
            reader.fault(f"traits.{trait.name}.words", f"words other than those of {other.name}", trait.words)
        if trait.conditions and set(trait.conditions) == set(other.conditions):
            reader.fault(f"traits.{trait.name}.when", f"a condition other than that of {other.name}", trait.text)
