"""Phrases of a contract that could be taken for one another: words must lead back to one rule."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from northstar_explain.contract.features import Contract, Feature
from northstar_explain.contract.kinds import kind_named
from northstar_explain.contract.phrases import BETWEEN_RULES, OR_MISSING, Form, Shape, forms, joiner, literals
from northstar_explain.errors import Fault

_TELL_APART = "Tell the two apart in words."
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_SAMPLES = (3.0, 14.0, 0.25)


class _Phrase(NamedTuple):
    """A form of one feature, as it may stand in a sentence: capital letters tell nothing apart."""

    feature: Feature
    form: Form


def faults(contract: Contract) -> list[Fault]:
    """What keeps a contract's phrases from being told apart.

    Parameters
    ----------
    contract : Contract

    Returns
    -------
    list of Fault
        One for each pair of features at most. That no other words are ambiguous is not proven here: `model.build`
        reads back the words of every rule it is given.
    """
    found = [fault for fault in _shared_words(contract) if fault]
    return found or [*_like_joints(contract), *_alike(contract)]


def _shared_words(contract: Contract) -> Iterator[Fault]:
    seen: dict[str, str] = {}
    for feature in contract.features:
        other = seen.setdefault(feature.words.casefold(), feature.name)
        if other != feature.name:
            yield _fault(feature.name, other, feature.words)


def _like_joints(contract: Contract) -> Iterator[Fault]:
    """Phrases that hold what a sentence is joined by."""
    kept = {", and ": joiner(contract) == ", and ", BETWEEN_RULES: True, f"{OR_MISSING} ": True}
    told = set()
    for feature, text in literals(contract):
        for joint, matters in kept.items():
            if matters and joint in text and (feature.name, joint) not in told:
                told.add((feature.name, joint))
                todo = "Say it without: rules are joined by these words."
                yield Fault(f"features.{feature.name}", f"phrases without {joint.strip()!r}", text.strip(), todo)


def _alike(contract: Contract) -> Iterator[Fault]:
    everybody = Feature("", "", kind_named("count"), "")
    phrases = [_Phrase(everybody, Form(Shape.FIXED, f"all {contract.noun}".casefold()))]
    phrases += [_Phrase(feature, _folded(form)) for feature in contract.features for form in forms(feature)]
    phrases.sort(key=lambda phrase: phrase.form.before)
    order = ["", *(feature.name for feature in contract.features)]
    told = set()
    for place, one in enumerate(phrases):
        for other in phrases[place + 1 :]:
            if not other.form.before.startswith(one.form.before):
                break
            first, second = sorted((one.feature.name, other.feature.name), key=order.index)
            if (first, second) not in told and (text := _shared(one, other, contract.currency)):
                told.add((first, second))
                yield _fault(second, first, text)


def _folded(form: Form) -> Form:
    return replace(form, before=form.before.casefold(), after=form.after.casefold())


def _fault(name: str, other: str, text: str) -> Fault:
    expected = f"words other than those of {other}" if other else "words other than those for everybody"
    if name == other:
        expected = "phrases that each say one thing"
    return Fault(f"features.{name}", expected, text, _TELL_APART)


def _shared(one: _Phrase, other: _Phrase, currency: str) -> str | None:
    """A phrase that both may say, and mean different things by."""
    if not one.form.whole and not other.form.whole and not _ends_alike(one.form.after, other.form.after):
        return None
    for first, second in ((one, other), (other, one)):
        for text in _instances(first, second, currency):
            there = second.form.read(second.feature, text, currency)
            if there is None:
                continue
            if first.feature != second.feature or there != first.form.read(first.feature, text, currency):
                return text
    return None


def _ends_alike(one: str, other: str) -> bool:
    return one.endswith(other) or other.endswith(one)


def _instances(phrase: _Phrase, other: _Phrase, currency: str) -> Iterator[str]:
    form, feature = phrase.form, phrase.feature
    if form.whole:
        yield form.fill()
    elif form.shape is Shape.AMONG:
        yield from (form.fill("A"), form.fill("not A"))
    else:
        # Numbers that the fixed words hold may be taken for values.
        held = [float(n) for f in (form, other.form) for n in _NUMBER.findall(f.before + f.after)]
        for number in dict.fromkeys((*_SAMPLES, *held)):
            if form.shape is Shape.RANGE:
                for width in (1, 3):
                    yield form.fill(feature.kind.interval_words(number, number + width, feature.unit, currency))
            else:
                yield form.fill(feature.kind.value_words(number, feature.unit, currency))
