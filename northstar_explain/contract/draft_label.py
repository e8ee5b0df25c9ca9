"""The label of a drafted contract: which column, which value is 1, what it means, and the time it looks ahead."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from northstar_explain.contract.cells import is_text
from northstar_explain.contract.draft_names import read_name
from northstar_explain.contract.labels import label_keys, positive_codes, read_labels

# Words of a label's name; the first are those that hardly ever name anything else.
_NAMES = (
    r"label|target|outcome|churn(ed)?|attrition|attrited|bought|purchased?|converted|conversion|respon(se|ded)|default(ed)?",
    r"y|class|status|subscribed|cancell?ed|lapsed|renewed|clicked|fraud|next|left|exited",
)
_YES = (
    "yes",
    "y",
    "true",
    "t",
    "1",
    "1.0",
    "bought",
    "churned",
    "churn",
    "left",
    "bad",
    "default",
    "defaulted",
    "positive",
)
_NO = ("no", "n", "false", "f", "0", "0.0", "not bought", "stayed", "good", "paid", "negative", "none")
# What people do, by words of the label's name.
_VERBS = (
    (r"churn(ed)?", "churns"), (r"attrition|attrited|left|exited", "leaves"),
    (r"bought|purchased?|buys?|buyers?", "buys"),
    (r"convert(ed)?|conversion", "converts"), (r"respon(se|ded|d)", "responds"), (r"default(ed)?", "defaults"),
    (r"subscribed?", "subscribes"), (r"cancel(l?ed)?", "cancels"), (r"clicked", "clicks"),
    (r"renewed|renewal", "renews"),
)  # fmt: skip


_MOST_SPELLINGS = 30  # of a label; a column of more texts is none
# What a business prevents, by words of the label's name or of its value.
_UNWANTED = re.compile(
    r"churn(ed)?|attrition|attrited|left|exited|default(ed)?|cancel(l?ed)?|lapsed|fraud|bad|late|delinquent|inactive"
)


class LabelGuess(NamedTuple):
    """What a draft takes for the label.

    Attributes
    ----------
    values : tuple of (str, float)
        Each value with its share of the rows, the most frequent first.
    positive : str
        The value that stands for 1; empty where the column holds 0 and 1, or false and true.
    """

    values: tuple[tuple[str, float], ...]
    positive: str

    def share(self, value: str) -> float:
        """The share of the rows that have a value."""
        return dict(self.values).get(value, 0.0)


def label_candidates(columns: dict[str, pa.ChunkedArray]) -> list[str]:
    """Columns of two values, most likely the label first: by name, then by place, as labels mostly stand last."""
    found = [name for name, column in columns.items() if _has_two_values(name, column)]
    places = {name: place for place, name in enumerate(columns)}
    return sorted(found, key=lambda name: (*_rank(name, columns[name]), -places[name]))


def _has_two_values(name: str, column: pa.ChunkedArray) -> bool:
    """Whether a column holds two values, in any spelling; gaps are for features, unless its name is that of a label."""
    known = column.drop_null()
    if pa.types.is_floating(column.type):
        known = known.filter(pc.is_finite(known))
    filled = len(known)
    if is_text(column.type):
        spelled = known.value_counts().to_pylist()
        if len(spelled) > _MOST_SPELLINGS:
            return False
        keys = label_keys([one["values"] for one in spelled])
        filled = sum(one["counts"] for one in spelled if keys[one["values"]])
        two = len(set(keys.values()) - {""}) == 2
    elif pa.types.is_boolean(column.type):
        two = True
    else:
        numeric = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
        two = numeric and set(known.unique().to_pylist()) == {0, 1}
    return two and (filled == len(column) or is_named_as_label(name))


def is_named_as_label(name: str) -> bool:
    """Whether the name of a column is that of a label."""
    return _named(name) < len(_NAMES)


def is_clear(candidates: list[str]) -> bool:
    """Whether the name of the first candidate is more that of a label than any other is."""
    first = _named(candidates[0])
    return all(_named(name) > first for name in candidates[1:])


def means_yes(value: str) -> bool:
    """Whether a value says by itself that something happened."""
    return value.strip().casefold() in _YES[:5]


def _rank(name: str, column: pa.ChunkedArray) -> tuple[int, bool]:
    # Texts are mostly features: a label is mostly 0 and 1.
    return _named(name), is_text(column.type)


def _named(name: str) -> int:
    """How much a name is that of a label: the place of the words that it has, the first are the surest."""
    tokens = read_name(name).tokens
    found = (place for place, words in enumerate(_NAMES) if any(re.fullmatch(words, token) for token in tokens))
    return next(found, len(_NAMES))


def read_label(column: pa.ChunkedArray, positive: str | None) -> LabelGuess:
    """The values of a label, and the one that stands for 1.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
    positive : str or None
        As a user has named it.

    Returns
    -------
    LabelGuess
        Of two texts, the one that means yes is positive, or the rarer one.
    """
    values = _spelled_once(column)
    if positive is not None or not is_text(column.type):
        return LabelGuess(values, positive or "")
    by_word = {text.strip().casefold(): text for text, _ in values}
    yes = next((by_word[word] for word in _YES if word in by_word), "")
    no = next((by_word[word] for word in _NO if word in by_word), "")
    if yes or not values:
        return LabelGuess(values, yes)
    return LabelGuess(values, next((text for text, _ in reversed(values) if text != no), values[-1][0]))


def _spelled_once(column: pa.ChunkedArray) -> tuple[tuple[str, float], ...]:
    """The values and their shares; what is the same value in several spellings once, as it is spelled most often."""
    counts = {str(one["values"]): one["counts"] for one in column.drop_null().value_counts().to_pylist()}
    keys = label_keys(list(counts)) if is_text(column.type) else {text: text for text in counts}
    spellings: dict[str, list[str]] = {}
    for text in sorted(counts, key=lambda text: (-counts[text], text)):
        spellings.setdefault(keys[text] or text, []).append(text)
    shares = {texts[0]: sum(counts[text] for text in texts) / max(len(column), 1) for texts in spellings.values()}
    return tuple(sorted(shares.items(), key=lambda one: (-one[1], one[0]))[:20])


def label_codes(column: pa.ChunkedArray, positive: str) -> np.ndarray:
    """The label as 0 and 1, for a look at what ranks it; without a value, 0."""
    codes = positive_codes(column, positive) if positive else read_labels(column, "")[0]
    return np.asarray(codes.fill_null(0)).astype(np.int64)


def outcome_words(label: str, positive: str) -> str:
    """What a customer with label 1 does, as a verb: ``buys in the next 7 days``; never a purchase that no name says."""
    parts = read_name(label)
    after = f" in the next {parts.window}" if parts.window else ""
    said = positive.strip().casefold()
    if not positive or said in _YES:
        for pattern, verb in _VERBS:
            if any(re.fullmatch(pattern, token) for token in parts.tokens):
                return verb + after
    if positive and said not in ("yes", "y", "true", "t", "1"):
        return f"is marked {positive} ({label})" + after
    return f"is marked {label}" + after


def horizon_words(label: str) -> str:
    """The time that the label looks ahead, in words; empty where its name does not say."""
    parts = read_name(label)
    return f"in the {parts.window} after the snapshot" if parts.window else ""


def is_unwanted(label: str, positive: str) -> bool:
    """Whether the label's name, or a value that is more than yes, names what a business prevents."""
    said = positive.strip().casefold()
    names = (label if not said or said in ("yes", "y", "true", "t", "1") else positive,)
    return any(_UNWANTED.fullmatch(token) for name in names for token in read_name(name).tokens)
