"""Ambiguous phrases of a contract: the words of a rule must parse back to that rule and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from northstar_explain.contract.features import Contract, Feature
from northstar_explain.contract.kinds.registry import kind_named
from northstar_explain.contract.phrases import BETWEEN_RULES, OR_MISSING, Form, FormType, forms, joiner, literals
from northstar_explain.errors import Fault

_TODO = "Give the two features different words."
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
# A count, a number of days that is also whole weeks, and a fraction: every way to write a value occurs.
_SAMPLES = (3.0, 14.0, 0.25)


class _Phrase(NamedTuple):
    """A form of one feature in lower case: at the start of a sentence, capital letters do not distinguish phrases."""

    feature: Feature
    form: Form


def faults(contract: Contract) -> list[Fault]:
    """Pairs of features whose phrases are ambiguous.

    Parameters
    ----------
    contract : Contract

    Returns
    -------
    list of Fault
        At most one for each pair of features. This does not prove that no other words are ambiguous: `model.build`
        parses the words of every rule it is given.
    """
    return list(_shared_words(contract)) or [*_like_joints(contract), *_alike(contract)]


def _shared_words(contract: Contract) -> Iterator[Fault]:
    seen: dict[str, str] = {}
    for feature in contract.features:
        other = seen.setdefault(feature.words.casefold(), feature.name)
        if other != feature.name:
            yield _fault(feature.name, other, feature.words)


def _like_joints(contract: Contract) -> Iterator[Fault]:
    """Phrases that contain a joint of sentences."""
    matters = {", and ": joiner(contract) == ", and ", BETWEEN_RULES: True, f"{OR_MISSING} ": True}
    reported = set()
    for feature, text in literals(contract):
        for joint, is_joint in matters.items():
            if is_joint and joint in text and (feature.name, joint) not in reported:
                reported.add((feature.name, joint))
                todo = "Use other words: rules are joined by these."
                yield Fault(f"features.{feature.name}", f"phrases without {joint.strip()!r}", text.strip(), todo)


def _alike(contract: Contract) -> Iterator[Fault]:
    everybody = Feature("", "", kind_named("count"), "")
    phrases = [_Phrase(everybody, Form(FormType.FIXED, f"all {contract.noun}".casefold()))]
    phrases += [_Phrase(feature, _folded(form)) for feature in contract.features for form in forms(feature)]
    # Sorted by first words, ambiguous phrases are neighbors: the inner loop stops at the first that starts otherwise.
    phrases.sort(key=lambda phrase: phrase.form.before)
    order = ["", *(feature.name for feature in contract.features)]
    reported = set()
    for place, one in enumerate(phrases):
        for other in phrases[place + 1 :]:
            if not other.form.before.startswith(one.form.before):
                break
            first, second = sorted((one.feature.name, other.feature.name), key=order.index)
            if (first, second) not in reported and (text := _shared(one, other, contract.currency)):
                reported.add((first, second))
                yield _fault(second, first, text)


def _folded(form: Form) -> Form:
    return replace(form, before=form.before.casefold(), after=form.after.casefold())


def _fault(name: str, other: str, text: str) -> Fault:
    expected = f"words other than those of {other}" if other else "words other than those for everybody"
    if name == other:
        expected = "phrases with one meaning each"
    return Fault(f"features.{name}", expected, text, _TODO)


def _shared(one: _Phrase, other: _Phrase, currency: str) -> str | None:
    """A text that both forms may give, with different meanings."""
    # Two phrases with values differ if neither ending is an ending of the other: the cheap test first.
    if not one.form.is_fixed and not other.form.is_fixed and not _ends_alike(one.form.after, other.form.after):
        return None
    for first, second in ((one, other), (other, one)):
        for text in _instances(first, second, currency):
            meaning = second.form.parse(second.feature, text, currency)
            if meaning is None:
                continue
            if first.feature != second.feature or meaning != first.form.parse(first.feature, text, currency):
                return text
    return None


def _ends_alike(one: str, other: str) -> bool:
    return one.endswith(other) or other.endswith(one)


def _instances(phrase: _Phrase, other: _Phrase, currency: str) -> Iterator[str]:
    form, feature = phrase.form, phrase.feature
    if form.is_fixed:
        yield form.fill()
    elif form.type is FormType.AMONG:
        yield from (form.fill("A"), form.fill("not A"))
    else:
        # Numbers in the fixed words may be taken for values.
        in_words = [float(n) for f in (form, other.form) for n in _NUMBER.findall(f.before + f.after)]
        for number in dict.fromkeys((*_SAMPLES, *in_words)):
            if form.type is FormType.RANGE:
                for width in (1, 3):
                    yield form.fill(feature.kind.interval_words(number, number + width, feature.unit, currency))
            else:
                yield form.fill(feature.kind.value_words(number, feature.unit, currency))
