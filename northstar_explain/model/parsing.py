"""Words back to rules: what `wording` says is read again, so that the words give the same segment as the tree.

A sentence is taken apart at its joints, and each phrase is tried against every form the contract has. One reading is
wanted: words that have none, or more than one, are an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from northstar_explain.contract import Contract, Feature
from northstar_explain.contract.phrases import BETWEEN_RULES, OR_MISSING, Bounds, Form, Said, Shape, forms, joiner
from northstar_explain.errors import Fault, WordsError
from northstar_explain.model.conditions import (
    CategoryCondition,
    Condition,
    MissingCondition,
    NumberCondition,
    simplify,
)
from northstar_explain.model.segments import Segmentation
from northstar_explain.model.wording import capital, everybody

Conditions = tuple[Condition, ...]
_T = TypeVar("_T")


def parse_rule(text: str, contract: Contract) -> Conditions:
    """Read the words of a rule.

    Parameters
    ----------
    text : str
        As `rule_words` says it; its first letter may be a capital.
    contract : Contract

    Returns
    -------
    tuple of Condition
        Thresholds to the last digit.

    Raises
    ------
    WordsError
        When the words lead to no rule, or to more than one.

    Examples
    --------
    >>> from northstar_explain.contract import northstar
    >>> parse_rule("Ordered 2 to 4 times in the last 12 months", northstar())
    (NumberCondition(feature='orders_365d', lower=2.0, upper=5.0, missing=False),)
    """
    return Parser(contract).rule(text)


def parse_definition(text: str, contract: Contract) -> tuple[Conditions, ...]:
    """Read the definition of a segment: the conditions of each of its rules.

    Parameters
    ----------
    text : str
        As `definition` says it.
    contract : Contract

    Returns
    -------
    tuple of tuple of Condition

    Raises
    ------
    WordsError
        When the words lead to no rules, or to more than one reading.
    """
    return Parser(contract).definition(text)


class Parser:
    """Reads words in the phrases of one contract."""

    def __init__(self, contract: Contract):
        self._contract = contract
        self._joiner = joiner(contract)
        self._forms = [(feature, form) for feature in contract.features for form in forms(feature)]
        starts = {text[:1] for _, form in self._forms for text in (form.before, contract.currency, "exactly")}
        self._starts = {*starts, everybody(contract)[:1]}

    def rule(self, text: str) -> Conditions:
        """As `parse_rule`."""
        return _only(text, self._rules(text, first=True))

    def definition(self, text: str) -> tuple[Conditions, ...]:
        """As `parse_definition`."""
        return _only(text, self._definitions(text) if text.endswith(".") else iter(()))

    def _definitions(self, text: str) -> Iterator[tuple[Conditions, ...]]:
        return _taken_apart(text.removesuffix("."), BETWEEN_RULES, lambda part, at: self._rules(part, first=at == 0))

    def _rules(self, text: str, first: bool) -> Iterator[Conditions]:
        if everybody(self._contract) in self._starting(text, first):
            yield ()
        for found in _taken_apart(text, self._joiner, lambda part, at: self._phrases(part, first and at == 0)):
            # A range without a phrase of its own is said in two.
            conditions = simplify(found)
            if conditions is not None:
                yield conditions

    def _phrases(self, text: str, first: bool) -> Iterator[Condition]:
        missing = text.endswith(OR_MISSING)
        found: list[Condition] = []
        for said in self._starting(text.removesuffix(OR_MISSING), first):
            for feature, form in self._forms:
                meaning = form.read(feature, said, self._contract.currency)
                if meaning is not None and not (missing and form.shape is Shape.UNKNOWN):
                    found.append(_condition(feature, form, meaning, missing))
        yield from dict.fromkeys(found)

    def _starting(self, text: str, first: bool) -> list[str]:
        """The text as it may have been before its first letter became a capital."""
        if not first:
            return [text]
        return [text, *(start + text[1:] for start in self._starts if start != text[:1] and capital(start) == text[:1])]


def misread(data: dict[str, Any], segmentation: Segmentation, contract: Contract) -> list[Fault]:
    """Words of segments that do not lead back to the rules of their tree.

    Parameters
    ----------
    data : dict
        As `segments.to_json` makes it: what people read.
    segmentation : Segmentation
        What scores.
    contract : Contract

    Returns
    -------
    list of Fault
    """
    parser = Parser(contract)
    found = []
    for item in data["segments"]:
        segment = segmentation[item["id"]]
        wanted = tuple(rule.conditions for rule in segment.rules)
        said = {"definition": item["definition"], "rules": item["rules"]}
        read = {"definition": parser.definition, "rules": lambda texts: tuple(map(parser.rule, texts))}
        for key, text in said.items():
            if not _leads_to(wanted, read[key], text):
                where = f"segments.json, segment {segment.id}, {key}"
                found.append(Fault(where, f"the words of its rules ({segment.definition})", str(text)))
                break  # the other would be said to be wrong for the same reason
    return found


def _leads_to(wanted: tuple[Conditions, ...], read: Callable[[Any], tuple[Conditions, ...]], text: Any) -> bool:
    try:
        return read(text) == wanted
    except WordsError:
        return False


def _condition(feature: Feature, form: Form, meaning: Said, missing: bool) -> Condition:
    if form.shape is Shape.UNKNOWN:
        return MissingCondition(feature.name)
    if isinstance(meaning, Bounds):
        return NumberCondition(feature.name, meaning.lower, meaning.upper, missing)
    assert meaning is not None
    return CategoryCondition(feature.name, *meaning, missing)


def _taken_apart(
    text: str, joint: str, read: Callable[[str, int], Iterator[_T]], at: int = 0
) -> Iterator[tuple[_T, ...]]:
    """Every way to take a text apart at some of its joints so that each part can be read."""
    end = text.find(joint, at)
    while end >= 0:
        for part in read(text[at:end], at):
            for rest in _taken_apart(text, joint, read, end + len(joint)):
                yield (part, *rest)
        end = text.find(joint, end + 1)
    for part in read(text[at:], at):
        yield (part,)


def _only(text: str, found: Iterator[_T]) -> _T:
    readings = list(dict.fromkeys(found))
    if len(readings) == 1:
        return readings[0]
    got = "words that mean more than one" if readings else "words that no phrase of the contract fits"
    raise WordsError(text, [Fault("words", "the words of one rule", got, "Restore the words as the model says them.")])
