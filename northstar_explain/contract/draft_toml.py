"""The text of a drafted contract: every guess with what was seen, every open question with its mark."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath
from typing import NamedTuple

from northstar_explain.contract.draft_definedness import Definition
from northstar_explain.contract.draft_domain import DraftDomain, domain_of
from northstar_explain.contract.draft_guess import Guess
from northstar_explain.contract.draft_label import LabelGuess, is_unwanted
from northstar_explain.contract.draft_names import read_name
from northstar_explain.contract.draft_questions import MARK, Questions
from northstar_explain.contract.draft_relations import ProposedRelation
from northstar_explain.contract.draft_traits import ProposedTrait
from northstar_explain.contract.draft_words import Words, draft_words
from northstar_explain.contract.expressions import name_text

# Kind to the key and the heading of its group of features.
_GROUPS = {
    "count": ("activity", "Counts and shares"), "rate": ("activity", "Counts and shares"),
    "amount": ("amounts", "Amounts"), "days": ("time", "Time"), "date": ("time", "Time"), "duration": ("time", "Time"),
    "category": ("profile", "Categories"), "ordered": ("profile", "Categories"),
}  # fmt: skip
_OTHER = ("measures", "Other measures")
_NOUNS = ("customers", "members", "households", "accounts", "users", "clients", "employees", "subscribers", "patients",
          "visitors", "visits", "sessions")  # fmt: skip


class Proposals(NamedTuple):
    """The conditions that a draft proposes."""

    definitions: dict[str, Definition]
    traits: list[ProposedTrait]
    relations: list[ProposedRelation]


@dataclass(frozen=True)
class Draft:
    """All that a draft says.

    Attributes
    ----------
    source, id : str
    ids : list of str
        Columns that could be the id.
    label : str
    meaning : LabelGuess
    outcome, horizon : str
    owner, group : str or None
        The column that may say whose row it is, and the one that does.
    guesses : list of Guess
        One for each other column.
    proposals : Proposals
    questions : Questions
    snapshot : str
        The column with the day that each row looks up to; empty where none is.
    """

    source: str
    id: str
    ids: list[str]
    label: str
    meaning: LabelGuess
    outcome: str
    horizon: str
    owner: str | None
    group: str | None
    guesses: list[Guess]
    proposals: Proposals
    questions: Questions
    snapshot: str = ""

    @property
    def features(self) -> list[Guess]:
        """The guesses that become features."""
        return [guess for guess in self.guesses if guess.kind is not None]

    @cached_property
    def domain(self) -> DraftDomain | None:
        """What the table seems to be of."""
        return domain_of([self.label, *(guess.name for guess in self.guesses)])

    @property
    def currency(self) -> str:
        """The sign that the names of amounts give; empty where they give none, or several."""
        signs = {guess.parts.currency for guess in self.features if guess.kind and guess.kind.money} - {""}
        return signs.pop() if len(signs) == 1 else ""


def toml(draft: Draft, plain: Collection[str], numbered: Collection[str]) -> str:
    """The contract.

    Parameters
    ----------
    draft : Draft
    plain : collection of str
        Columns that keep the phrases of their kind.
    numbered : collection of str
        Columns that are called by their place.

    Returns
    -------
    str
    """
    return "\n".join([*_head(draft), *_features(draft, plain, numbered), *_traits(draft)])


def _head(draft: Draft) -> Iterator[str]:
    questions, left_out = draft.questions, [guess for guess in draft.guesses if guess.kind is None]
    yield _comment(f"A contract drafted from {draft.source}; the comments say what was seen in it.")
    if questions.open:
        count = "one question is" if len(questions.open) == 1 else f"{len(questions.open)} questions are"
        yield _comment(f"{count} open: answer what is marked {MARK}, then remove the mark.")
    yield from ("", "[table]", f"title = {_quote(_title(draft.source))}")
    yield "drafted = true  # until somebody who knows the table has read this, and removes the line: reports say so"
    yield from questions.mark("id")
    yield f"id = {_quote(draft.id)}{_other('could be: ', [name for name in draft.ids if name != draft.id])}"
    yield from questions.mark("label")
    yield f"label = {_quote(draft.label)}"
    if draft.meaning.positive:
        yield from questions.mark("positive")
        share = draft.meaning.share(draft.meaning.positive)
        yield f"positive = {_quote(draft.meaning.positive)}  # {share:.1%} of the rows; every other value stands for 0"
    yield from _group_lines(draft)
    yield from questions.mark("horizon")
    yield f"horizon = {_quote(draft.horizon)}"
    yield f"outcome = {_quote(draft.outcome)}"
    if is_unwanted(draft.label, draft.meaning.positive):
        yield "wanted = false  # it is to be prevented: recommended actions lead to segments with less of it"
    sign = "  # no column says which; put the sign here" if not draft.currency else ""
    yield f"currency = {_quote(draft.currency)}{sign}"
    yield f"noun = {_quote(_noun(draft))}"
    yield from _domain_line(draft)
    yield (
        f"as_of = {_quote(draft.snapshot)}  # the column with the day that each row looks up to"
        if draft.snapshot
        else "# as_of = 2026-03-01  # the day up to which the table looks"
    )
    yield "ignore = [" + ", ".join(_quote(guess.name) for guess in left_out) + "]"
    yield from (_comment(f"{guess.name or 'a column without a name'} is left out: {guess.note}") for guess in left_out)
    slips = (guess for guess in draft.features if guess.slips)
    yield from (_comment(f"{guess.name} is no figure: {guess.slips}; such a row is rejected") for guess in slips)
    yield from _relation_lines(draft.proposals.relations)
    yield from ("", "[groups]")
    yield from dict.fromkeys(f"{key} = {_quote(words)}" for key, words in map(_group, draft.features))
    yield ""


def _relation_lines(relations: Sequence[ProposedRelation]) -> Iterator[str]:
    if relations:
        yield "relations = [  # a row that breaks one is rejected"
        yield from (f"  {_quote(one.text)},  # holds in all {one.rows:,} rows with both" for one in relations)
        yield "]"


def _domain_line(draft: Draft) -> Iterator[str]:
    domain = draft.domain
    if domain is None:
        yield '# domain = "shop"  # or "bank", "visits", "subscription": it chooses the words of recommended actions'
    else:
        yield f"domain = {_quote(domain.name)}  {_comment('as in ' + ', '.join(domain.columns[:4]))}"


def _title(source: str) -> str:
    words = re.sub(r"[\W_]+", " ", PurePath(source).stem).strip()
    return words[:1].upper() + words[1:] if words else "Customers"


def _noun(draft: Draft) -> str:
    """What the id says that the rows are; without that, customers where names speak of a business, else people."""
    tokens = read_name(draft.id).tokens
    named = next((noun for noun in _NOUNS if noun[:-1] in tokens), "")
    return named or ("customers" if draft.domain or draft.outcome.startswith("buys") else "people")


def _group(guess: Guess) -> tuple[str, str]:
    return _GROUPS.get(str(guess.kind), _OTHER)


def _other(words: str, names: list[str]) -> str:
    return f"  {_comment(words + ', '.join(names[:8]))}" if names else ""


def _group_lines(draft: Draft) -> Iterator[str]:
    if draft.group is not None:
        yield f"group = {_quote(draft.group)}"
    elif draft.owner is not None:
        yield from draft.questions.mark("group")
        yield _comment(
            "If so, take the mark from the next line and remove the column from the features and from ignore;"
        )
        yield "# rows of one are then never on both sides of a split."
        yield _comment(f"group = {_quote(draft.owner)}")


# Features -----------------------------------------------------------------------------------------------------------


def _features(draft: Draft, plain: Collection[str], numbered: Collection[str]) -> Iterator[str]:
    taken: set[str] = set()
    roles: set[str] = set()
    unmarked = {"known_after", "codes"}
    yield from draft.questions.mark("words")
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
