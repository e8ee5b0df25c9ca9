"""The text of a drafted contract: every guess with a comment that says what a person must confirm."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

from northstar_explain.contract.draft_definedness import Definition
from northstar_explain.contract.draft_traits import ProposedTrait
from northstar_explain.contract.expressions import name_text
from northstar_explain.contract.kinds.kind import Kind

_SENSITIVE = re.compile(
    r"(^|_)((?<!account_)age|gender|sex|race|ethnic\w*|religion|marital\w*|birth\w*|nationality)(_|$)", re.I
)
_FEW_CATEGORIES = 8  # so few that a rule can name one, and that a segment of each is worth looking for


@dataclass(frozen=True)
class Guess:
    """The guess for one column; `kind` is None where it is to be ignored, `categories` 0 for numbers."""

    name: str
    kind: Kind | None
    low: float | None
    high: float | None
    missing: float
    note: str
    categories: int = 0

    @property
    def sensitive(self) -> bool:
        return bool(_SENSITIVE.search(self.name))

    @property
    def segments(self) -> bool:
        few = 2 <= self.categories <= _FEW_CATEGORIES
        return bool(self.kind and (self.kind.numeric or few) and not self.sensitive)


class Proposals(NamedTuple):
    """The conditions that a draft proposes."""

    definitions: dict[str, Definition]
    traits: list[ProposedTrait]


def toml(
    source: str,
    id: str,
    label: str,
    candidates: tuple[list[str], list[str]],
    owner: str | None,
    guesses: list[Guess],
    proposals: Proposals,
    numbered: Collection[str],
) -> str:
    features = [guess for guess in guesses if guess.kind is not None]
    left_out = [guess for guess in guesses if guess.kind is None]
    lines = [
        _comment(f"A contract drafted from {source}. Every line marked CONFIRM is a guess: check it with somebody"),
        "# who knows the table, complete the words (they appear in every report), then remove the mark.",
        "",
        "[table]",
        f"title = {_quote('Customers')}  # CONFIRM: what this table is",
        f"id = {_quote(id)}  {_comment('CONFIRM; could be: ' + (', '.join(candidates[0]) or 'no other'))}",
        f"label = {_quote(label)}  {_comment('CONFIRM; could be: ' + (', '.join(candidates[1]) or 'no other'))}",
        *_owner_lines(owner),
        'horizon = "in the 30 days after the snapshot"  # CONFIRM: the window of the label',
        'outcome = "buys"  # CONFIRM: what label 1 means',
        'currency = "$"  # CONFIRM',
        'noun = "customers"',
        '# domain = "shop"  # or "bank", "visits", "subscription": it chooses the words of recommended actions',
        "# as_of = 2026-03-01  # the day up to which the table looks",
        "ignore = [" + ", ".join(_quote(guess.name) for guess in left_out) + "]",
    ]
    lines += [_comment(f"{guess.name} is ignored: {guess.note}. CONFIRM") for guess in left_out]
    lines += ["", "[groups]", 'customer = "Customer"  # CONFIRM: group features that belong together', ""]
    taken: set[str] = set()
    for place, guess in enumerate(features, 1):
        name = f"column {place}" if guess.name in numbered else guess.name
        lines += [*_feature_lines(guess, _words(name, taken), proposals.definitions.get(guess.name)), ""]
    for trait in proposals.traits:
        lines += [*_trait_lines(trait), ""]
    return "\n".join(lines)


def _owner_lines(owner: str | None) -> list[str]:
    if owner is None:
        return []
    return [
        _comment(f"{owner} repeats. CONFIRM: where it says whose row it is, take the mark from the next line, and the"),
        "# column out of the features and of ignore; rows of one are then never on both sides of a split.",
        _comment(f"group = {_quote(owner)}"),
    ]


def _words(name: str, taken: set[str]) -> str:
    """Unique words for a column, as a contract requires."""
    plain = name.replace("_", " ").strip() or "unnamed"
    numbered = (f"{plain} ({number})" for number in itertools.count(2))
    words = next(text for text in itertools.chain([plain], numbered) if text.casefold() not in taken)
    taken.add(words.casefold())
    return words


def _feature_lines(guess: Guess, words: str, definition: Definition | None) -> list[str]:
    key = guess.name if re.fullmatch(r"[A-Za-z0-9_-]+", guess.name) else _quote(guess.name)
    lines = [
        f"[features.{key}]",
        'group = "customer"',
        f'kind = "{guess.kind}"  {_comment("CONFIRM; " + guess.note)}',
        f"words = {_quote(words)}  # CONFIRM: how a person says it",
    ]
    if guess.low is not None:
        lines.append(f"min = {guess.low:g}  # CONFIRM: rows below are rejected")
    if guess.high is not None:
        lines.append(f"max = {guess.high:g}  # CONFIRM: rows above are rejected")
    if guess.missing:
        lines.append(f'missing = "unknown"  # CONFIRM: {guess.missing:.1%} are missing; what does that mean?')
    if definition is not None:
        lines.append(_definition_line(definition))
    if guess.sensitive:
        lines.append("sensitive = true  # CONFIRM: kept out of segments and model, used for group checks")
    lines.append(f"segments = {str(guess.segments).lower()}  # CONFIRM: may it define segments?")
    return lines


def _definition_line(definition: Definition) -> str:
    seen = "missing" if definition.value is None else f"{definition.value:g}"
    note = f"CONFIRM: it is {seen} in all {definition.rows:,} rows where {definition.by} is 0; has it no meaning there?"
    return f"defined_when = {_quote(name_text(definition.by) + ' > 0')}  {_comment(note)}"


def _trait_lines(trait: ProposedTrait) -> list[str]:
    return [
        f"[traits.{trait.name}]  # CONFIRM: an audience across all segments; remove it where nobody asks for it",
        f"words = {_quote(trait.words)}  # CONFIRM: what these customers are called",
        f"when = {_quote(trait.when)}  # CONFIRM; {trait.share:.1%} of the rows",
    ]


def _comment(text: str) -> str:
    # Names and categories are from the table: a line break in one must not end the comment.
    return "# " + " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _quote(text: str) -> str:
    # A JSON string is a TOML basic string, except for one control character that JSON does not escape.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
