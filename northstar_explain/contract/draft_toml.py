"""The text of a drafted contract: every guess with what was seen, every open question with its mark."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import NamedTuple

from northstar_explain.contract.draft_definedness import Definition
from northstar_explain.contract.draft_guess import Guess
from northstar_explain.contract.draft_label import LabelGuess
from northstar_explain.contract.draft_names import read_name
from northstar_explain.contract.draft_questions import MARK, Questions
from northstar_explain.contract.draft_traits import ProposedTrait
from northstar_explain.contract.draft_words import Words, draft_words
from northstar_explain.contract.expressions import name_text

# Kind to the key and the heading of its group of features.
_GROUPS = {
    "count": ("activity", "Counts and shares"), "rate": ("activity", "Counts and shares"),
    "amount": ("amounts", "Amounts"), "days": ("time", "Time"), "duration": ("time", "Time"),
    "category": ("profile", "Categories"), "ordered": ("profile", "Categories"),
}  # fmt: skip
_OTHER = ("measures", "Other measures")
_NOUNS = ("customers", "members", "households", "accounts", "users", "clients", "employees", "subscribers", "patients")


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
    roles: set[str] = set()
    unmarked = {"known_after", "codes"}
    for place, guess in enumerate(draft.features, 1):
        for key, applies in (("known_after", guess.alone is not None), ("codes", guess.code)):
            if applies and key in unmarked:
                unmarked.remove(key)
                yield from draft.questions.mark(key)
        words = draft_words(guess, roles, guess.name not in plain)
        text = f"column {place}" if guess.name in numbered else words.words
        words = words._replace(words=_unique(text, taken))
        yield from (*_feature_lines(guess, words, draft.proposals.definitions.get(guess.name)), "")


def _unique(text: str, taken: set[str]) -> str:
    """Words that no other column has, as a contract requires."""
    numbered = (f"{text} ({number})" for number in itertools.count(2))
    words = next(one for one in itertools.chain([text], numbered) if one.casefold() not in taken)
    taken.add(words.casefold())
    return words


def _feature_lines(guess: Guess, words: Words, definition: Definition | None) -> Iterator[str]:
    key = guess.name if re.fullmatch(r"[A-Za-z0-9_-]+", guess.name) else _quote(guess.name)
    yield f"[features.{key}]"
    yield f"group = {_quote(_group(guess)[0])}"
    yield f'kind = "{guess.kind}"  {_comment(guess.note)}'
    yield f"words = {_quote(words.words)}"
    if guess.unit:
        yield f"unit = {_quote(guess.unit)}"
    if guess.order:
        yield (
            "order = ["
            + ", ".join(map(_quote, guess.order))
            + "]  # lowest first; a row with another value is rejected"
        )
    if guess.low is not None:
        yield f"min = {guess.low:g}  # a row below is rejected"
    if guess.high is not None:
        yield f"max = {guess.high:g}  # a row above is rejected"
    if guess.missing:
        yield f'missing = "unknown"  # in {guess.missing:.2%} of the rows'
    if definition is not None:
        yield _definition_line(definition)
    if guess.alone is not None:
        yield f"known_after = true  # left out: alone it has a ROC-AUC of {guess.alone:.2f}"
    if guess.sensitive:
        yield "sensitive = true  # kept out of segments and model, used for group checks"
    yield f"segments = {str(guess.segments).lower()}"
    yield from (f"{name} = {_quote(text)}" for name, text in words.keys.items())


def _definition_line(definition: Definition) -> str:
    seen = "missing" if definition.value is None else f"{definition.value:g}"
    note = f"it is {seen} in all {definition.rows:,} rows where {definition.by} is 0"
    return f"defined_when = {_quote(name_text(definition.by) + ' > 0')}  {_comment(note)}"


def _traits(draft: Draft) -> Iterator[str]:
    for trait in draft.proposals.traits:
        yield f"[traits.{trait.name}]  # an audience across all segments; remove it where nobody asks for it"
        yield f"words = {_quote(trait.words)}"
        yield f"when = {_quote(trait.when)}  # {trait.share:.1%} of the rows"
        yield ""


def _comment(text: str) -> str:
    # Names and categories are from the table: a line break in one must not end the comment.
    return "# " + " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _quote(text: str) -> str:
    # A JSON string is a TOML basic string, except for one control character that JSON does not escape.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
