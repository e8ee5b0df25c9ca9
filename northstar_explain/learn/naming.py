"""Names for segments: what sets each apart, in the contract's own adjectives, always the same for the same facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from northstar_explain.contract import Contract, Feature
from northstar_explain.model.segments import Profile
from northstar_explain.model.wording import capital

# Below a third of a standard deviation a difference is small (Cohen 1988) and gives no name.
_CLEAR = 0.33
_WORDS = 2


def names(profiles: Sequence[Sequence[Profile]], asked: Sequence[Iterable[str]], contract: Contract) -> tuple[str, ...]:
    """A distinct name for each segment.

    Parameters
    ----------
    profiles : sequence of sequence of Profile
        Facts of each segment.
    asked : sequence of iterable of str
        The features in each segment's rules: a name should speak of what the definition speaks of.
    contract : Contract

    Returns
    -------
    tuple of str
    """
    ranked = [_ranked(profile, set(features), contract) for profile, features in zip(profiles, asked, strict=True)]
    chosen = [words[:_WORDS] for words in ranked]
    for place, words in enumerate(ranked):
        size = _WORDS
        # The same words in another order would tell nobody the two apart.
        while sum(set(other) == set(chosen[place]) for other in chosen) > 1 and size < len(words):
            size += 1
            chosen[place] = words[:size]
    said = [_name(words, contract.noun) for words in chosen]
    return tuple(name if said.count(name) == 1 else f"{name} ({place + 1})" for place, name in enumerate(said))


def keep(ids: Sequence[str], names: Sequence[str], kept: Mapping[str, str]) -> tuple[str, ...]:
    """The names, but for segments that have one already; a new name that is taken gets its segment's id."""
    taken = set(kept.values())
    return tuple(kept.get(id, f"{name} ({id})" if name in taken else name) for id, name in zip(ids, names, strict=True))


def _ranked(profile: Sequence[Profile], asked: set[str], contract: Contract) -> list[str]:
    """Adjectives, the clearest first; the first ones from different groups of features, so that they add up."""
    usable = [
        (item, contract[item.feature])
        for item in profile
        if abs(item.effect) >= _CLEAR and contract[item.feature].may_serve("segments")
    ]
    usable.sort(key=lambda pair: (pair[0].feature not in asked, -abs(pair[0].effect), pair[0].feature))
    groups: set[str] = set()
    first: list[str] = []
    later: list[str] = []
    for item, feature in usable:
        word = _adjective(feature, item.effect)
        if word:
            (later if feature.group in groups else first).append(word)
            groups.add(feature.group)
    return list(dict.fromkeys(first + later))


def _adjective(feature: Feature, effect: float) -> str:
    return feature.high if effect > 0 else feature.low


def _name(words: Sequence[str], noun: str) -> str:
    return capital(", ".join(words) + f" {noun}" if words else f"typical {noun}")
