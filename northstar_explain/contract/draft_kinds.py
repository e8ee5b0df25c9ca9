"""Guessing what a column of numbers or texts is: by its name first, by its values where the name says nothing.

A kind decides how people read a value, so a wrong one makes a false sentence: 17 cents are not "17%", and a code of 3
is not "3 or more". Where a name says nothing, a number is taken for a plain one, without a unit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from northstar_explain.contract.draft_names import NameParts
from northstar_explain.contract.kinds.kind import Kind
from northstar_explain.contract.kinds.registry import draft_kind, kind_named

MANY_CATEGORIES = 50  # more values of a code or a short text are no category of a segment
_FEWEST_CODED = 5  # names; of fewer, capitals may be a habit
_FEWEST_ROWS = 20  # of fewer rows, values repeat or differ by chance


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_CODES = _words("""
    code zip zipcode plz postcode postal postalcode phone telephone tel mobile fax iban sku isbn id store branch
    shop region district type segment cluster class category dept department zone county state country city
    """)
_PERSONAL = _words("zip zipcode plz postcode postal postalcode phone telephone mobile fax iban email mail")
_MONEY = _words("""
    spend spent spending amount amnt amt value price revenue sales basket balance bal bill profit cost costs
    income inc salary wage wages debt charge charges payment payments pay paid refund refunds cash money fee
    fees limit assets expenses expense loan mortgage installment premium monetary discount disc deposit deposits
    credit budget turnover utilized
    """)
_COUNTED = _words("n num number cnt count nr qty quantity freq frequency inq delinq recency_rank")
_SHARES = _words("rate share pct percent percentage ratio prob probability fraction proportion usage util utilization")
_LEVELS = _words("level grade rating score rank index class tier group step status")
_TIME = _words("second seconds sec secs minute minutes min mins hour hours week weeks month months year years")
# Words behind what is counted: visits before, orders ever.
_WHEN = _words("before previously earlier ever yet lifetime total overall prior")
_NO_PLURAL = _words("status is has was this plus minus bonus campus address access class business gas seniors")


_KNOWN = _CODES | _PERSONAL | _MONEY | _COUNTED | _SHARES | _LEVELS | _TIME
_CODED = re.compile(r"[A-Z][A-Z0-9]{3,}|[A-Za-z]{1,2}[_ .]?\d+")


def is_coded(names: Sequence[str]) -> bool:
    """Whether the columns of a table are named by codes, such as MOPLLAAG, f012 or V7: then words are nobody's.

    One name in capitals may be a word; where nearly all names are single ones in capitals, of which hardly one is a
    word that tables have, or letters with a number, they are codes.
    """
    coded = [name for name in names if _CODED.fullmatch(name)]
    known = [name for name in coded if name.casefold() in _KNOWN or _plural(name.casefold())]
    return len(names) >= _FEWEST_CODED and len(coded) >= 0.8 * len(names) and len(known) <= 0.1 * len(names)


class NumberGuess(NamedTuple):
    """What a column of numbers is: `kind` None to leave it out; `unit` empty where none is known; `code` for names."""

    kind: Kind | None
    unit: str = ""
    code: bool = False
    note: str = ""


def guess_numbers(name: str, parts: NameParts, values: np.ndarray, rows: int) -> NumberGuess:
    """What a column of numbers is.

    Parameters
    ----------
    name : str
    parts : NameParts
        The parts of the name.
    values : ndarray of float
        Its known values, at least one.
    rows : int
        Rows of the table.

    Returns
    -------
    NumberGuess
    """
    distinct = np.unique(values)
    whole = bool(np.all(values == np.floor(values)))
    enough = rows >= _FEWEST_ROWS
    if enough and len(distinct) == 1:
        return NumberGuess(None, note=f"always {distinct[0]:g}")
    if enough and set(distinct) == {0.0, 1.0} and parts.tokens[:1] not in [(one,) for one in _COUNTED]:
        return NumberGuess(kind_named("category"))
    if whole and parts.last in _CODES | _PERSONAL:
        if len(distinct) > MANY_CATEGORIES or (enough and parts.has(*_PERSONAL)):
            return NumberGuess(None, note=f"a code of {len(distinct):,} different values")
        return NumberGuess(kind_named("category"), code=True)
    if enough and whole and _numbers_rows(distinct, rows):
        return NumberGuess(None, note="a different whole number in nearly each row")
    if enough and whole and len(distinct) == 2:
        return NumberGuess(kind_named("category"))
    return _measured(name, parts, values, whole)


def _measured(name: str, parts: NameParts, values: np.ndarray, whole: bool) -> NumberGuess:
    proposed = draft_kind(name, values)
    # A kind that is not one of those told apart here has been added, and knows best.
    if proposed is None or proposed.name not in ("days", "duration", "rate", "count", "ratio", "amount"):
        return NumberGuess(proposed)
    low, high = float(values.min()), float(values.max())
    if proposed == "days" and (parts.has("days") or (parts.has("day") and parts.has("since", "last", "ago"))):
        return NumberGuess(proposed)
    if parts.has("age") and whole and low >= 0 and not parts.has(*_TIME):
        return NumberGuess(kind_named("ratio"), "years")
    if parts.has(*_TIME) and not (parts.last not in _TIME and _counts(parts)):
        seconds = parts.has("second", "seconds", "sec", "secs")
        # Other units are in the words: "total day minutes of 200 or more".
        return NumberGuess(kind_named("duration" if seconds and low >= 0 else "ratio"))
    if whole and low >= 1900 and high <= 2100:
        return NumberGuess(kind_named("ratio"), note="years of the calendar")
    if parts.has(*_SHARES) or (not whole and low >= 0 and low < 0.1 and 0.9 < high <= 1):
        return _share(parts, low, high, whole)
    if whole and low >= 0 and _counts(parts) and parts.last not in _MONEY:
        return NumberGuess(kind_named("count"))
    money = parts.has(*_MONEY) or draft_kind(name, -np.abs(values) - 1) == "amount"
    if money and not parts.has("to", "score"):
        return NumberGuess(kind_named("amount"))
    return _average(parts)


def _average(parts: NameParts) -> NumberGuess:
    """An average of what is counted has that for its unit: 2.5 items per order."""
    if "per" in parts.tokens[1:]:
        return NumberGuess(kind_named("amount"), parts.tokens[parts.tokens.index("per") - 1])
    if parts.has("avg", "average", "mean") and _counts(parts):
        return NumberGuess(kind_named("amount"), parts.last)
    return NumberGuess(kind_named("ratio"))


def _share(parts: NameParts, low: float, high: float, whole: bool) -> NumberGuess:
    if low >= 0 and high <= 1 and not whole:
        return NumberGuess(kind_named("rate"))
    percent = parts.has("pct", "percent", "percentage")
    return NumberGuess(kind_named("ratio"), "%" if percent else "")


def _counts(parts: NameParts) -> bool:
    """Whether a name says that things are counted: a plural at its end, or a word such as number."""
    if not parts.tokens or parts.has("since", *_LEVELS):
        return False
    if parts.tokens[0] in _COUNTED or parts.last in _COUNTED:
        return True
    words = [word for word in parts.tokens if word not in _WHEN] or list(parts.tokens)
    # Accounts opened; an abbreviation may end with any letter.
    counted = words[0] if words[-1].endswith("ed") else words[-1]
    return _plural(counted) and not parts.words.isupper()


def _plural(word: str) -> bool:
    ends = len(word) > 3 and word.endswith("s") and not word.endswith("ss")
    return ends and word not in _NO_PLURAL | _MONEY | _TIME


def _numbers_rows(distinct: np.ndarray, rows: int) -> bool:
    """Whether whole numbers seem to number the rows: hardly one twice, and hardly one left out."""
    span = float(distinct[-1] - distinct[0]) + 1
    return len(distinct) > 0.95 * rows and len(distinct) > 0.5 * span


def guess_texts(name: str, values: list[str], rows: int) -> tuple[Kind | None, str]:
    """What a column of texts is, and why it is left out where it is; `rows` have a value."""
    if rows >= _FEWEST_ROWS and len(values) == 1:
        return None, f"always {values[0]!r}"
    if len(values) > MANY_CATEGORIES:
        # With so few customers each, a value says nothing of the next customer.
        if rows < 10 * len(values):
            return None, f"{len(values):,} different texts in {rows:,} rows"
        if re.search("|".join(_PERSONAL), name, re.I):
            return None, f"{len(values):,} different texts that lead to single persons"
    return draft_kind(name, values), ""
