"""Drafting step by step: columns, id and label, kinds, questions, text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from northstar_explain.contract import draft_definedness, draft_label, draft_relations, draft_traits
from northstar_explain.contract.cells import is_text
from northstar_explain.contract.columns import category_of, one_array
from northstar_explain.contract.draft_columns import guess_column, typed, whole_numbers
from northstar_explain.contract.draft_dates import dates_of
from northstar_explain.contract.draft_faults import require_drawable
from northstar_explain.contract.draft_guess import Guess
from northstar_explain.contract.draft_kinds import is_coded
from northstar_explain.contract.draft_questions import Ask, Question, Questions
from northstar_explain.contract.draft_toml import Draft, Proposals, toml
from northstar_explain.contract.features import ROW_ID
from northstar_explain.contract.kinds.kind import Kind
from northstar_explain.contract.kinds.registry import kind_named
from northstar_explain.contract.load import parse
from northstar_explain.contract.rank_alone import auc_alone
from northstar_explain.errors import ContractError, Fault, TableError

# Names of columns that identify a group of rows.
_OWNER = re.compile(
    r"(^|_)(id|household|family|account|customer|client|member|person)(_?(id|no|nr|number|key))?$", re.I
)
_FEWEST_OWNERS = 0.2  # owners for each row: with fewer, it is no owner but a store or a branch
# Alone, more than past behavior usually reaches; and what a column of the same family then needs.
SUSPICIOUS, SUSPICIOUS_FAMILY = 0.90, 0.65
_FEWEST_OF_EACH = 30  # rows with either label; of fewer, a column may rank them well by chance
_LOOKED_AT = 40_000  # rows, to know an AUC to less than a hundredth
_YES_NO = ("yes", "no")


def draft_text(
    table: pa.Table, id: str | None, label: str | None, source: str, positive: str | None, ask: Ask | None
) -> str:
    """The text of a draft, see `draft.draft`."""
    require_drawable(table, id, label, positive, source)
    questions = Questions(ask)
    plain = {name: typed(table[name]) for name in table.column_names}
    dates = dates_of({name: column for name, column in plain.items() if name not in (id, label)})
    plain |= dates.days
    label, meaning = _label(plain, id, label, positive, questions, source)
    id, ids = _id(plain, id, label, questions, source)
    others = [name for name in table.column_names if name not in (id, label)]
    guesses = [dates.guesses.get(name) or guess_column(name, plain[name]) for name in others]
    guesses = _known_after(guesses, plain, draft_label.label_codes(plain[label], meaning.positive), questions)
    guesses = _confirmed(guesses, questions)
    _ask_words([guess.name for guess in guesses if guess.kind is not None], questions)
    owner = next((name for name in others if _may_be_owner(name, plain[name])), None)
    group = owner if owner and questions.answer(_owner_question(owner)) == "yes" else None
    guesses = [guess for guess in guesses if guess.name != group]
    horizon = draft_label.horizon_words(label) or questions.answer(_horizon_question(label))
    one = Draft(
        source, id, ids, label, meaning, draft_label.outcome_words(label, meaning.positive), horizon, owner, group,
        guesses, _proposals(plain, guesses), questions, dates.snapshot,
    )  # fmt: skip
    return _unambiguous(one)


def _unambiguous(one: Draft) -> str:
    """The text, with plainer words for columns that could be taken for others: the kind's phrases, then a number."""
    plain: set[str] = set()
    numbered: set[str] = set()
    while True:
        text = toml(one, plain, numbered)
        ambiguous = _with_ambiguous_words(text, one.guesses)
        if not ambiguous - numbered:
            return text
        numbered |= ambiguous & plain
        plain |= ambiguous


def _with_ambiguous_words(text: str, guesses: Sequence[Guess]) -> set[str]:
    """Columns whose names are ambiguous as words; they get a number until a person finds words for them."""
    try:
        parse(text)
    except ContractError as error:
        places = {fault.where for fault in error.faults}
        return {guess.name for guess in guesses if f"features.{guess.name}" in places}
    return set()


# Id and label -------------------------------------------------------------------------------------------------------


def _label(
    columns: dict[str, pa.ChunkedArray], id: str | None, label: str | None, positive: str | None,
    questions: Questions, source: str,
) -> tuple[str, draft_label.LabelGuess]:  # fmt: skip
    candidates = [name for name in draft_label.label_candidates(columns) if name != id]
    if label is None:
        if not candidates:
            expected = "a column of two values, such as 0 and 1 or yes and no"
            raise TableError(source, [Fault("columns", expected, "none", "Name it with --label.")])
        label = candidates[0]
        # A name that is no label's is taken only with a question, however few columns have two values.
        if not (draft_label.is_named_as_label(label) and draft_label.is_clear(candidates)):
            seen = f"two values each: {', '.join(candidates[:6])}{', ...' if len(candidates) > 6 else ''}"
            seen = seen if len(candidates) > 1 else "the only column of two values, and its name does not say"
            other = [name for name in columns if draft_label.is_named_as_label(name) and name not in candidates]
            if other and not draft_label.is_named_as_label(label):
                seen += f"; {other[0]} is named as a label and has no two values"
            text = f"Which column is to be predicted? The draft takes {label}"
            label = questions.answer(Question("label", text, seen, label, tuple(candidates)))
    meaning = draft_label.read_label(columns[label], positive)
    if positive is None and meaning.positive and not draft_label.means_yes(meaning.positive):
        seen = ", ".join(f"{value} in {share:.1%} of the rows" for value, share in meaning.values[:4])
        text = f"Which value of {label} is to be predicted? The draft takes {meaning.positive}"
        values = tuple(value for value, _ in meaning.values)
        chosen = questions.answer(Question("positive", text, seen, meaning.positive, values))
        meaning = meaning._replace(positive=chosen)
    return label, meaning


def _id(
    columns: dict[str, pa.ChunkedArray], id: str | None, label: str, questions: Questions, source: str
) -> tuple[str, list[str]]:
    candidates = [name for name in columns if name != label and _may_be_id(columns[name])]
    named = [name for name in candidates if _OWNER.search(name) or name.casefold().endswith("id")]
    candidates = named + [name for name in candidates if name not in named]
    if id is not None:
        return id, candidates
    if not candidates:
        todo = f"Add one, or number the rows with --id {ROW_ID}."
        expected = "an id: a column with a different text or whole number in each row"
        raise TableError(source, [Fault("columns", expected, "none", todo)])
    if len(candidates) > 1 and len(named) != 1:
        seen = f"different in each row: {', '.join(candidates[:6])}"
        text = f"Which column names the customer? The draft takes {candidates[0]}"
        return questions.answer(Question("id", text, seen, candidates[0], tuple(candidates))), candidates
    return candidates[0], candidates


def _may_be_id(column: pa.ChunkedArray) -> bool:
    import pyarrow.compute as pc

    if column.null_count or not (is_text(column.type) or _is_whole(column)):
        return False
    return bool(pc.count_distinct(column).as_py() == len(column))


def _may_be_owner(name: str, column: pa.ChunkedArray) -> bool:
    import pyarrow.compute as pc

    if not _OWNER.search(name) or column.null_count or not (is_text(column.type) or _is_whole(column)):
        return False
    owners = pc.count_distinct(column).as_py()
    return bool(max(2, _FEWEST_OWNERS * len(column)) < owners < len(column))


def _is_whole(column: pa.ChunkedArray) -> bool:
    return pa.types.is_integer(column.type) or (pa.types.is_floating(column.type) and whole_numbers(column))


def _horizon_question(label: str) -> Question:
    text = "In which time after the snapshot is the label observed, such as: in the 30 days after the snapshot?"
    return Question("horizon", text, f"the name {label} says none", "after the snapshot")


def _owner_question(owner: str) -> Question:
    text = f"Does {owner} say whose row it is, so that rows of one belong together?"
    return Question("group", text, "its values repeat", "no", _YES_NO)


# What a person should look at ---------------------------------------------------------------------------------------


def _known_after(
    guesses: list[Guess], columns: dict[str, pa.ChunkedArray], label: np.ndarray, questions: Questions
) -> list[Guess]:
    """Mark what ranks the label too well to have been known before; with it, columns of the same first word."""
    if min(label.sum(), len(label) - label.sum()) < _FEWEST_OF_EACH:
        return guesses
    rows = np.random.default_rng(0).permutation(len(label))[:_LOOKED_AT]
    half = np.arange(len(rows)) % 2 == 0
    alone = {guess.name: _alone(guess, columns[guess.name], label, rows, half) for guess in guesses if guess.kind}
    families = {
        guess.parts.tokens[0] for guess in guesses if alone.get(guess.name, 0.0) > SUSPICIOUS and guess.parts.tokens
    }
    marked = {
        guess.name
        for guess in guesses
        if alone.get(guess.name, 0.0) > SUSPICIOUS
        or (alone.get(guess.name, 0.0) > SUSPICIOUS_FAMILY and guess.parts.tokens and guess.parts.tokens[0] in families)
    }
    if not marked:
        return guesses
    seen = ", ".join(f"{guess.name} {alone[guess.name]:.2f}" for guess in guesses if guess.name in marked)
    text = f"Are these known only after the outcome: {', '.join(g.name for g in guesses if g.name in marked)}"
    question = Question("known_after", f"{text}? The draft leaves them out", f"ROC-AUC alone: {seen}", "yes", _YES_NO)
    if questions.answer(question) == "no":
        return guesses
    return [replace(guess, alone=alone[guess.name]) if guess.name in marked else guess for guess in guesses]


def _alone(guess: Guess, column: pa.ChunkedArray, label: np.ndarray, rows: np.ndarray, half: np.ndarray) -> float:
    if guess.kind is not None and guess.kind.numeric:
        return auc_alone(draft_definedness.numbers(column)[rows], label[rows], half)
    return auc_alone(category_of(one_array(column.cast(pa.string()))).take(rows), label[rows], half)


def _confirmed(guesses: list[Guess], questions: Questions) -> list[Guess]:
    """Ask what the numbers that seem to be codes are."""
    codes = [guess for guess in guesses if guess.code]
    if not codes:
        return guesses
    names = ", ".join(guess.name for guess in codes)
    seen = "; ".join(f"{guess.name}: {guess.note}" for guess in codes[:4])
    text = f"Are the numbers in {names} names of something, without an order? The draft takes them for categories"
    if questions.answer(Question("codes", text, seen, "yes", _YES_NO)) == "yes":
        return guesses
    number = kind_named("ratio")
    return [replace(guess, kind=number, categories=0, code=False) if guess.code else guess for guess in guesses]


def _ask_words(names: Sequence[str], questions: Questions) -> None:
    """Ask what columns mean whose names are codes: the draft makes nothing up, and reports show the codes."""
    if is_coded(names):
        text = f"What do columns such as {', '.join(names[:3])} say of a customer? The draft keeps these names as words"
        seen = f"the {len(names)} names are codes; write their meaning into words of each"
        questions.answer(Question("words", text, seen, "keep", ("keep",)))


def _proposals(columns: dict[str, pa.ChunkedArray], guesses: list[Guess]) -> Proposals:
    used = [guess for guess in guesses if guess.kind is not None and guess.alone is None]
    kinds = {guess.name: _filled_as(guess) for guess in used if guess.kind is not None}
    # A condition may not ask for what is sensitive.
    open_kinds = {guess.name: guess.kind for guess in used if guess.kind is not None and not guess.sensitive}
    counts = [name for name, kind in open_kinds.items() if kind is not None and kind.counts]
    definitions = draft_definedness.definitions(columns, kinds, counts)
    traits = list(draft_traits.traits(columns, open_kinds, definitions))
    return Proposals(definitions, traits, draft_relations.relations(columns, used))


def _filled_as(guess: Guess) -> Kind:
    """The kind that says what fills a gap of a feature: of whole numbers, 0 is a number like others."""
    assert guess.kind is not None
    if guess.kind == kind_named("ratio") and guess.whole and guess.low is not None:
        return kind_named("days" if guess.parts.has("since") else "count")
    return guess.kind
