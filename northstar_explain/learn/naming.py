"""Names for segments: what sets each apart from the others, in the contract's own adjectives.

A name speaks of behavior, and only of what holds for at least three quarters of a segment. A level of a feature is the
same everywhere (see `standing`), so that one adjective means one thing. Categories and sensitive features give no
name, so that none says who somebody is; but where nothing else is to be said, a rule's "yes" is: who has a plan.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from northstar_explain.contract.conditions import CategoryCondition
from northstar_explain.contract.features import Contract, Feature
from northstar_explain.contract.kinds.number_words import either
from northstar_explain.contract.spelling import YES
from northstar_explain.learn.standing import ANY, HIGH, LEVELS, LOW, MARKED, ZERO, Standing
from northstar_explain.model.names import LONGEST
from northstar_explain.model.rules import Rule
from northstar_explain.model.segments import Profile
from northstar_explain.model.wording import capital

# What is said of a segment holds for this share of it, and has a value for this share of it.
HOLDS = 0.75
# Shares by which a level must be more frequent here than elsewhere: to give a name at all, and a second adjective.
_SLIGHT, _CLEAR = 0.1, 0.25
# What the rules ask about comes first where it sets a segment apart about as well as something else.
_ASKED = 0.1
# So does what the contract has a word for: it makes the shorter name.
_WORDED = 0.15
_WORDS = 2
_ENOUGH_WORDS = 3
_MOST_WORDS = 4
_ADJECTIVES = {MARKED: HIGH}
# Longer than people may give one, a name is only where it would be another's otherwise: words of contracts may be long.
_LONGEST = 90


class Quality(NamedTuple):
    """Something that is true of a segment: the level of a feature."""

    feature: Feature
    level: str

    @property
    def adjective(self) -> str:
        """The contract's word for it, empty where it has none."""
        return str(getattr(self.feature, _ADJECTIVES.get(self.level, self.level), ""))

    @property
    def words(self) -> str:
        """The adjective, or what to say in its place: ``many orders``, ``low total spend``, ``no visits``."""
        if self.adjective:
            return self.adjective
        # "Customers with orders in the last 90 days" have any.
        there = self.level in (ANY, MARKED)
        return self.feature.words if there else f"{self.feature.kind.level_words[self.level]} {self.feature.words}"


class _Found(NamedTuple):
    """A quality of a segment, by how much it sets it apart, and what decides its place in the name."""

    quality: Quality
    apart: float
    score: float


@dataclass(frozen=True)
class Named:
    """A segment while it is named.

    Attributes
    ----------
    standing : mapping
        Feature to how many of its customers are at each level.
    rules : sequence of Rule
    qualities : sequence of Quality
        All that may be said of it, what sets it apart most first.
    words : int
        How many of these it begins with.
    noun : str
        What customers are called.
    """

    standing: Mapping[str, Standing]
    rules: Sequence[Rule]
    qualities: Sequence[Quality]
    words: int
    noun: str

    def has_room(self, qualities: Sequence[Quality], longest: int = LONGEST) -> bool:
        """Whether a name may say all of these."""
        return len(_name(qualities, self.rules, self.noun)) <= longest

    def share(self, quality: Quality) -> float:
        """Share of all its customers of whom a quality holds; 0 where there is nothing to hold."""
        standing = self.standing.get(quality.feature.name)
        return standing.share(quality.level) * standing.defined if standing else 0.0


def names(
    ids: Sequence[str],
    profiles: Sequence[Sequence[Profile]],
    rules: Sequence[Sequence[Rule]],
    standings: Sequence[Mapping[str, Standing]],
    contract: Contract,
    themes: Mapping[str, str] | None = None,
) -> tuple[str, ...]:
    """A distinct name for each segment.

    Parameters
    ----------
    ids : sequence of str
    profiles : sequence of sequence of Profile
        Facts of each segment.
    rules : sequence of sequence of Rule
        What defines each segment.
    standings : sequence of mapping
        Feature to how many of the segment's customers are at each level, as `standing.standings` counts them.
    contract : Contract
    themes : mapping, optional
        Feature to its theme: two features of one theme add little to each other. By default, the contract's groups.

    Returns
    -------
    tuple of str
    """
    themes = themes or {feature.name: feature.group for feature in contract.features}
    named = []
    for place, (profile, asked) in enumerate(zip(profiles, rules, strict=True)):
        others = [*standings[:place], *standings[place + 1 :]]
        qualities, words = _qualities(profile, asked, standings[place], others, contract, themes)
        named.append(Named(standings[place], asked, qualities, words, contract.noun))
    drafts = [
        _name(chosen, one.rules, contract.noun) if chosen else _named_by_rule(one.rules, contract)
        for chosen, one in zip(_told_apart(named), named, strict=True)
    ]
    return tuple(name if drafts.count(name) == 1 else f"{name} ({id})" for id, name in zip(ids, drafts, strict=True))


def keep(ids: Sequence[str], names: Sequence[str], kept: Mapping[str, str]) -> tuple[str, ...]:
    """The names, but for segments that have one already; a new name that is taken gets its segment's id."""
    taken = set(kept.values())
    return tuple(kept.get(id, f"{name} ({id})" if name in taken else name) for id, name in zip(ids, names, strict=True))


def _told_apart(named: Sequence[Named]) -> list[list[Quality]]:
    """The qualities in each name: as few as tell the segments apart."""
    chosen = [_begun(one) for one in named]
    while True:
        # All names grow at once, so that the order of the segments plays no part.
        more = {place: quality for place in range(len(named)) if (quality := _next(place, named, chosen))}
        if not more:
            return chosen
        for place, quality in more.items():
            chosen[place].append(quality)


def _begun(one: Named) -> list[Quality]:
    """The qualities that a name begins with: what its words are for, as far as there is room."""
    # Where everything is long, one quality is said all the same.
    chosen = [quality for quality in one.qualities if one.has_room([quality])] or list(one.qualities[:1])
    chosen = [quality for quality in one.qualities[: one.words] if quality in chosen]
    return chosen if one.has_room(chosen) else chosen[:1]


def _next(place: int, named: Sequence[Named], chosen: Sequence[Sequence[Quality]]) -> Quality | None:
    """What a name lacks that others are called too, or could be; None where it lacks nothing, or nothing helps."""
    one, mine = named[place], chosen[place]
    words = {quality.words for quality in mine}
    left = [quality for quality in one.qualities if quality.words not in words]
    same, true = [], []
    for at, other in enumerate(named):
        if at == place:
            continue
        if words <= {quality.words for quality in chosen[at]}:
            same.append(other)
        if all(other.share(quality) >= HOLDS for quality in mine):
            true.append(other)
    short = [quality for quality in left if one.has_room([*mine, quality])]
    if len(mine) < _MOST_WORDS:
        longer = [quality for quality in left if one.has_room([*mine, quality], _LONGEST)]
        if found := _telling(short, one, same) or _telling(longer, one, same):
            return found
    # One "with ..." is enough, unless names are the same.
    short = [quality for quality in short if quality.adjective or all(said.adjective for said in mine)]
    return _telling(short, one, true) if len(mine) < _ENOUGH_WORDS else None


def _telling(qualities: Sequence[Quality], one: Named, others: Sequence[Named]) -> Quality | None:
    """The quality that tells a segment from most of the others, and from these most clearly; None where none does."""
    best, most = None, (0, 0.0)
    for quality in qualities:
        apart = [one.share(quality) - other.share(quality) for other in others]
        clear = [share for share in apart if share >= _CLEAR]
        if (len(clear), math.fsum(clear)) > most:
            best, most = quality, (len(clear), math.fsum(clear))
    return best


def _qualities(
    profile: Sequence[Profile],
    rules: Sequence[Rule],
    standing: Mapping[str, Standing],
    others: Sequence[Mapping[str, Standing]],
    contract: Contract,
    themes: Mapping[str, str],
) -> tuple[list[Quality], int]:
    """What may be said of a segment, what sets it apart most first, and how much of it makes a name."""
    effects = {item.feature: item.effect for item in profile}
    asked = {condition.feature for rule in rules for condition in rule.conditions}
    found = []
    for feature in contract.features:
        # A name must never say who somebody is: sensitive features are out, and categories have no standing.
        if feature.sensitive or feature.name not in standing:
            continue
        level = _level(standing[feature.name], effects.get(feature.name, 0.0))
        quality = Quality(feature, level)
        # Beyond what segments may be defined by, only what the contract has a word for.
        if level and (feature.may_serve("segments") or quality.adjective):
            apart = _apart(feature.name, level, standing, others)
            score = apart + _ASKED * (feature.name in asked) + _WORDED * bool(quality.adjective)
            found.append(_Found(quality, apart, score))
    found.sort(key=lambda one: (-one.score, one.quality.feature.name))
    offered = [one for one in found if one.quality.feature.may_serve("segments")]
    first, later = _varied([one for one in offered if one.quality.level != ANY], themes)
    # That there is any, and what no campaign can select by, are said only where nothing else tells segments apart.
    there = [one for one in offered if one.quality.level == ANY]
    beyond = [one for one in found if not one.quality.feature.may_serve("segments")]
    most = min(_WORDS, len(first)) or 1
    clear = [one.apart >= (_CLEAR if place else _SLIGHT) for place, one in enumerate((first or there)[:most])]
    words = clear.index(False) if False in clear else len(clear)
    return [one.quality for one in (*first, *later, *there, *beyond)], words


def _level(standing: Standing, effect: float) -> str:
    """The level that holds for a segment, the most particular first; empty where none does."""
    if standing.defined < HOLDS:
        return ""
    for level in LEVELS:
        # A few large values can lift the mean of those who have little: then neither is said.
        against = effect > 0 if level in (ZERO, LOW) else level == HIGH and effect < 0
        if standing.share(level) >= HOLDS and not against:
            return level
    return ""


def _apart(
    feature: str, level: str, standing: Mapping[str, Standing], others: Sequence[Mapping[str, Standing]]
) -> float:
    """By how much a level is more frequent here than among all other customers who have a value."""
    elsewhere = [other[feature] for other in others if feature in other]
    known = sum(other.known for other in elsewhere)
    share = sum(other.levels.get(level, 0) for other in elsewhere) / known if known else 1.0
    return standing[feature].share(level) - share


def _varied(found: Sequence[_Found], themes: Mapping[str, str]) -> tuple[list[_Found], list[_Found]]:
    """The first quality of each theme, and all others: two of one theme say little more than one."""
    seen: set[str] = set()
    first: list[_Found] = []
    later: list[_Found] = []
    for one in found:
        theme = themes.get(one.quality.feature.name, one.quality.feature.name)
        (later if theme in seen else first).append(one)
        seen.add(theme)
    return first, later


def _named_by_rule(rules: Sequence[Rule], contract: Contract) -> str:
    """What a segment answers with yes, where its name could say nothing else: ``Customers whose voice plan is yes``."""
    for condition in reversed(rules[0].conditions if len(rules) == 1 else ()):
        feature = contract[condition.feature]
        if isinstance(condition, CategoryCondition) and not feature.sensitive and not condition.missing:
            (value, *others) = condition.values
            name = f"{contract.noun} whose {feature.words} is {value}"
            if condition.inside and not others and value.casefold() in YES and len(name) <= _LONGEST:
                return capital(name)
    return _name((), rules, contract.noun)


def _name(qualities: Sequence[Quality], rules: Sequence[Rule], noun: str) -> str:
    order = list(dict.fromkeys(condition.feature for rule in rules for condition in rule.conditions))
    place = {feature: at for at, feature in enumerate(order)}
    # In the order of the definition, where the rules ask about them.
    ordered = sorted(qualities, key=lambda quality: place.get(quality.feature.name, len(place)))
    adjectives = dict.fromkeys(quality.words for quality in ordered if quality.adjective)
    # What there is none of comes last: "no debt and assets" would say that there are no assets either.
    there_first = sorted(ordered, key=lambda quality: quality.level == ZERO)
    others = dict.fromkeys(quality.words for quality in there_first if not quality.adjective)
    name = f"{', '.join(adjectives)} {noun}" if adjectives else noun if others else f"other {noun}"
    return capital(f"{name} with {either(list(others), last='and')}" if others else name)
