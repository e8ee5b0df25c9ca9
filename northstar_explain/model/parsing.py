"""Parsing the words of `wording` back to rules, which proves that words and tree define the same segment.

A sentence is split at its joints, and each phrase is matched against every form of the contract. Words without a
meaning, or with several, are an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from northstar_explain.contract.conditions import (
    CategoryCondition,
    Condition,
    MissingCondition,
    NumberCondition,
    simplify,
)
from northstar_explain.contract.features import Contract, Feature
from northstar_explain.contract.phrases import BETWEEN_RULES, OR_MISSING, Bounds, Form, FormType, Meaning, forms, joiner
from northstar_explain.errors import Fault, WordsError
from northstar_explain.model.segments import Segmentation
from northstar_explain.model.wording import capital, everybody

Conditions = tuple[Condition, ...]
_T = TypeVar("_T")


def parse_rule(text: str, contract: Contract) -> Conditions:
    """Parse the words of a rule.

    Parameters
    ----------
    text : str
        As `rule_words` writes it; the first letter may be upper case.
    contract : Contract

    Returns
    -------
    tuple of Condition
        Thresholds to the last digit.

    Raises
    ------
    WordsError
        When the words have no meaning, or more than one.

    Examples
    --------
    >>> from northstar_explain.contract import northstar
    >>> parse_rule("Ordered 2 to 4 times in the last 12 months", northstar())
    (NumberCondition(feature='orders_365d', lower=2.0, upper=5.0, missing=False),)
    """
    return Parser(contract).rule(text)


def parse_definition(text: str, contract: Contract) -> tuple[Conditions, ...]:
    """Parse the definition of a segment: the conditions of each of its rules.

    Parameters
    ----------
    text : str
        As `definition` writes it.
    contract : Contract

    Returns
    -------
    tuple of tuple of Condition

    Raises
    ------
    WordsError
        When the words have no meaning, or more than one.
    """
    return Parser(contract).definition(text)


class Parser:
    """Parses words in the phrases of one contract."""

    def __init__(self, contract: Contract):
        self._contract = contract
        self._joiner = joiner(contract)
        self._forms = [(feature, form) for feature in contract.features for form in forms(feature)]
        # Only these letters can start a sentence, so only they are tried for one that was made upper case.
        starts = {text[:1] for _, form in self._forms for text in (form.before, contract.currency, "exactly")}
        self._starts = {*starts, everybody(contract)[:1]}

    def rule(self, text: str) -> Conditions:
        """As `parse_rule`."""
        return _only(text, self._rules(text, first=True))

    def definition(self, text: str) -> tuple[Conditions, ...]:
        """As `parse_definition`."""
        return _only(text, self._definitions(text) if text.endswith(".") else iter(()))

    def _definitions(self, text: str) -> Iterator[tuple[Conditions, ...]]:
        return _split_at_joints(
            text.removesuffix("."), BETWEEN_RULES, lambda text, at: self._rules(text, first=at == 0)
        )

    def _rules(self, text: str, first: bool) -> Iterator[Conditions]:
        # Tried beside the phrases and not instead of them: words that could be both are ambiguous, and must be noticed.
        if everybody(self._contract) in self._starting(text, first):
            yield ()
        for phrases in _split_at_joints(text, self._joiner, lambda text, at: self._phrases(text, first and at == 0)):
            # A range without a phrase of its own takes two phrases.
            conditions = simplify(phrases)
            if conditions is not None:
                yield conditions

    def _phrases(self, text: str, first: bool) -> Iterator[Condition]:
        # The suffix applies to any phrase but "is unknown", to which it would add nothing.
        missing = text.endswith(OR_MISSING)
        conditions: list[Condition] = []
        for phrase in self._starting(text.removesuffix(OR_MISSING), first):
            for feature, form in self._forms:
                # Loading a model tries each form on each phrase, and nearly all begin with other words.
                if not phrase.startswith(form.before):
                    continue
                meaning = form.parse(feature, phrase, self._contract.currency)
                if meaning is not None and not (missing and form.type is FormType.UNKNOWN):
                    conditions.append(_condition(feature, form, meaning, missing))
        # Two forms may give the words the same meaning: that is no ambiguity.
        yield from dict.fromkeys(conditions)

    def _starting(self, text: str, first: bool) -> list[str]:
        """The text, and what it may have been before its first letter became upper case."""
        if not first:
            return [text]
        return [text, *(start + text[1:] for start in self._starts if start != text[:1] and capital(start) == text[:1])]


def misread(data: dict[str, Any], segmentation: Segmentation, contract: Contract) -> list[Fault]:
    """Words of segments that do not parse back to the rules of their tree.

    Parameters
    ----------
    data : dict
        As `segments.to_json` writes it: the words that people read.
    segmentation : Segmentation
        The rules that assign customers.
    contract : Contract

    Returns
    -------
    list of Fault
    """
    parser = Parser(contract)
    faults = []
    for item in data["segments"]:
        segment = segmentation[item["id"]]
        wanted = tuple(rule.conditions for rule in segment.rules)
        texts = {"definition": item["definition"], "rules": item["rules"]}
        parse = {"definition": parser.definition, "rules": lambda texts: tuple(map(parser.rule, texts))}
        for key, text in texts.items():
            if not _parses_to(wanted, parse[key], text):
                where = f"segments.json, segment {segment.id}, {key}"
                faults.append(Fault(where, f"the words of its rules ({segment.definition})", str(text)))
                break  # the other would have the same fault
    return faults


def _parses_to(wanted: tuple[Conditions, ...], parse: Callable[[Any], tuple[Conditions, ...]], text: Any) -> bool:
    try:
        return parse(text) == wanted
    except WordsError:
        return False


def _condition(feature: Feature, form: Form, meaning: Meaning, missing: bool) -> Condition:
    if form.type is FormType.UNKNOWN:
        return MissingCondition(feature.name)
    if isinstance(meaning, Bounds):
        return NumberCondition(feature.name, meaning.lower, meaning.upper, missing)
    assert meaning is not None
    return CategoryCondition(feature.name, *meaning, missing)


def _split_at_joints(
    text: str, joint: str, parse: Callable[[str, int], Iterator[_T]], at: int = 0
) -> Iterator[tuple[_T, ...]]:
    """Every way to split a text at some of its joints so that each piece can be parsed."""
    end = text.find(joint, at)
    while end >= 0:
        for first in parse(text[at:end], at):
            for rest in _split_at_joints(text, joint, parse, end + len(joint)):
                yield (first, *rest)
        end = text.find(joint, end + 1)
    for last in parse(text[at:], at):
        yield (last,)


def _only(text: str, parsed: Iterator[_T]) -> _T:
    meanings = list(dict.fromkeys(parsed))
    if len(meanings) == 1:
        return meanings[0]
    got = "words that mean more than one" if meanings else "words that no phrase of the contract fits"
    raise WordsError(
        text, [Fault("words", "the words of one rule", got, "Restore the words that the model was saved with.")]
    )
