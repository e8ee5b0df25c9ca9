"""Names for segments: what their rules ask, in the contract's own adjectives, the same for the same rules and facts.

A name speaks of behavior: of numbers that the rules ask about and, where that does not distinguish segments, of what
else differs from the average. Categories and sensitive features never give a name: none says who somebody is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from northstar_explain.contract.conditions import Condition, NumberCondition
from northstar_explain.contract.features import Contract, Feature
from northstar_explain.contract.kinds.number_words import either
from northstar_explain.model.rules import Rule
from northstar_explain.model.segments import Profile
from northstar_explain.model.wording import capital

# Below a third of a standard deviation a difference is small (Cohen 1988) and gives no name by itself.
_CLEAR = 0.33
_SLIGHT = 0.1
_WORDS = 2
_MOST_WORDS = 4
HIGH, MIDDLE, LOW = "high", "middle", "low"


class Trait(NamedTuple):
    """Something that is true of a segment: a feature that is high, low or between."""

    feature: Feature
    level: str

    @property
    def adjective(self) -> str:
        """The contract's word for it, empty where it has none."""
        return str(getattr(self.feature, self.level))

    @property
    def words(self) -> str:
        """The adjective, or what to say in its place: ``many orders``, ``low total spend``."""
        return self.adjective or f"{self.feature.kind.level_words[self.level]} {self.feature.words}"


def names(
    ids: Sequence[str], profiles: Sequence[Sequence[Profile]], rules: Sequence[Sequence[Rule]], contract: Contract
) -> tuple[str, ...]:
    """A distinct name for each segment.

    Parameters
    ----------
    ids : sequence of str
    profiles : sequence of sequence of Profile
        Facts of each segment.
    rules : sequence of sequence of Rule
        What defines each segment.
    contract : Contract

    Returns
    -------
    tuple of str
    """
    by_segment = [_traits(profile, asked, contract) for profile, asked in zip(profiles, rules, strict=True)]
    traits = [[*asked, *other] for asked, other in by_segment]
    # What the rules ask is enough for a name; where it gives none, two of the other traits.
    sizes = [min(_WORDS, len(asked) or len(other)) for asked, other in by_segment]
    while grown := _too_short(traits, sizes):
        sizes = [size + (place in grown) for place, size in enumerate(sizes)]
    drafts = [
        _name(ordered[:size], asked, contract.noun) for ordered, size, asked in zip(traits, sizes, rules, strict=True)
    ]
    return tuple(name if drafts.count(name) == 1 else f"{name} ({id})" for id, name in zip(ids, drafts, strict=True))


def keep(ids: Sequence[str], names: Sequence[str], kept: Mapping[str, str]) -> tuple[str, ...]:
    """The names, but for segments that have one already; a new name that is taken gets its segment's id."""
    taken = set(kept.values())
    return tuple(kept.get(id, f"{name} ({id})" if name in taken else name) for id, name in zip(ids, names, strict=True))


def _too_short(traits: Sequence[Sequence[Trait]], sizes: Sequence[int]) -> set[int]:
    """Segments whose name has no word that another's lacks, and that may have a longer one."""
    words = [{trait.words for trait in ordered[:size]} for ordered, size in zip(traits, sizes, strict=True)]
    longest = [min(len(ordered), _MOST_WORDS) for ordered in traits]
    places = range(len(words))
    return {i for i in places if sizes[i] < longest[i] and any(i != j and words[i] <= words[j] for j in places)}


def _traits(profile: Sequence[Profile], rules: Sequence[Rule], contract: Contract) -> tuple[list[Trait], list[Trait]]:
    """What the rules ask of everybody in the segment, and what else differs from the average; the clearest first."""
    effects = {item.feature: item.effect for item in profile}
    # A name must never say who somebody is: sensitive features are out, and categories have no profile.
    usable = [feature for feature in contract.features if feature.name in effects and not feature.sensitive]
    usable.sort(key=lambda feature: (-abs(effects[feature.name]), feature.name))
    asked, clear = [], []
    for feature in usable:
        effect, levels = effects[feature.name], _levels(feature.name, rules)
        everybody = len(levels) == len(rules) and all(levels)
        level = _asked(set(levels), effect) if everybody else ""
        seen = HIGH if effect >= _CLEAR else LOW if effect <= -_CLEAR else ""
        if level:
            asked.append(Trait(feature, level))
        elif seen and getattr(feature, seen) and feature.may_serve("segments") and set(levels) <= {seen}:
            clear.append(Trait(feature, seen))
    return asked, _varied(clear, asked)


def _levels(feature: str, rules: Sequence[Rule]) -> list[str]:
    return [_level(condition) for rule in rules for condition in rule.conditions if condition.feature == feature]


def _level(condition: Condition) -> str:
    if not isinstance(condition, NumberCondition) or condition.missing:
        return ""
    if condition.lower is not None and condition.upper is not None:
        return MIDDLE
    return HIGH if condition.lower is not None else LOW if condition.upper is not None else ""


def _asked(levels: set[str], effect: float) -> str:
    """The level that the rules ask of a feature; empty where the profile contradicts it.

    "Fewer than 40" may be nearly everybody, and "at least one" less than most have if another condition makes it so.
    """
    ends = levels - {MIDDLE}
    if len(ends) != 1:
        return "" if ends else MIDDLE
    (level,) = ends
    strength = effect if level == HIGH else -effect
    if MIDDLE in levels:
        return level if strength >= _CLEAR else MIDDLE if strength > -_CLEAR else ""
    return level if strength >= _SLIGHT else ""


def _varied(traits: Sequence[Trait], before: Sequence[Trait]) -> list[Trait]:
    """The traits, the first of each group of features ahead of the others, so that they add up."""
    # Two traits of one group, such as orders in 90 and in 365 days, add little to each other.
    groups = {trait.feature.group for trait in before}
    first: list[Trait] = []
    later: list[Trait] = []
    for trait in traits:
        (later if trait.feature.group in groups else first).append(trait)
        groups.add(trait.feature.group)
    return first + later


def _name(traits: Sequence[Trait], rules: Sequence[Rule], noun: str) -> str:
    order = list(dict.fromkeys(condition.feature for rule in rules for condition in rule.conditions))
    place = {feature: at for at, feature in enumerate(order)}
    # In the order of the definition, where the rules ask about them.
    ordered = sorted(traits, key=lambda trait: place.get(trait.feature.name, len(place)))
    adjectives = dict.fromkeys(trait.words for trait in ordered if trait.adjective)
    others = dict.fromkeys(trait.words for trait in ordered if not trait.adjective)
    name = f"{', '.join(adjectives)} {noun}" if adjectives else noun if others else f"typical {noun}"
    return capital(f"{name} with {either(list(others), last='and')}" if others else name)
