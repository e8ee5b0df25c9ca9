"""Numbers as people write them in CSV: decimal commas, marks between thousands, percent and currency signs."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import pyarrow as pa

# Only codes of currencies: any three letters before digits could be a code of something else.
_CODES = {
    "USD", "EUR", "GBP", "CHF", "JPY", "CNY", "INR", "BRL", "CAD", "AUD", "NZD", "SEK", "NOK", "DKK", "PLN", "CZK",
    "HUF", "RON", "BGN", "TRY", "ZAR", "MXN", "SGD", "HKD", "KRW", "AED", "SAR", "ILS", "kr", "zł", "Kč", "Ft", "lei",
    "Fr.", "US$", "CA$", "C$", "A$", "NZ$", "HK$", "S$", "R$",
}  # fmt: skip
_WRITTEN = re.compile(
    r"(?P<sign>[+\-\u2212]?)\s*(?P<before>[^\s\d.,'+\-\u2212%][^\s\d+\-\u2212%]{0,3})?\s*(?P<inner>[\-\u2212]?)"
    r"(?P<digits>[.,]?\d[\d.,' \u00a0\u202f\u2019]*)\s*(?P<after>%|[^\s\d.,'+\-\u2212%][^\s\d%]{0,3})?"
)
_BLANKS = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2019": "'"})
# What a number with signs of percent or currency, or in brackets, begins or ends with.
_SIGNS = (
    r"(^\s*[(]?\s*(\p{Sc}|[A-Za-z]{1,3}[$.]?)\s*[-\d])|(\d\s*(%|\p{Sc}|[A-Za-z]{2,3})[)]?\s*$)"
    r"|(^\s*[(].*\d.*[)]\s*$)"
)
_PARENTHESES = re.compile(r"\((.*)\)")  # accountants' minus


@dataclass(frozen=True)
class NumberFormat:
    """How numbers are written.

    Attributes
    ----------
    decimal : str
        The decimal mark.
    thousands : str
        The mark between thousands; empty for none. A blank stands for blanks of every width.
    """

    decimal: str = "."
    thousands: str = ""

    def parse(self, text: str, percent: float = 0.01) -> float | None:
        """The number that a text holds, with or without signs of percent and currency; None where it holds none.

        Parameters
        ----------
        text : str
        percent : float
            What one percent is: 0.01, or 1 where the column is in percent.
        """
        text = text.strip().translate(_BLANKS)
        minus = 1
        if bracketed := _PARENTHESES.fullmatch(text):
            text, minus = bracketed[1].strip(), -1
        written = _WRITTEN.fullmatch(text)
        if written is None or (written["sign"] and written["inner"]) or (minus < 0 and written["sign"]):
            return None
        before, after = written["before"], written["after"]
        if (before and not is_currency(before)) or (after and after != "%" and not is_currency(after)):
            return None
        digits = self._plain(written["digits"].strip())
        if digits is None:
            return None
        sign = minus * (-1 if (written["sign"] or written["inner"]) in ("-", "\u2212") else 1)
        # In decimals: 12.3 * 0.01 is not 0.123 in floats.
        scale = Decimal(str(percent)) if after == "%" else 1
        return sign * float(Decimal(digits) * scale)

    def _plain(self, digits: str) -> str | None:
        """The digits with a decimal point and no other mark; None where the marks stand elsewhere than they may."""
        whole, mark, part = digits.partition(self.decimal)
        if mark and not part.isdigit() and part:
            return None
        if self.thousands and self.thousands in whole:
            first, *groups = whole.split(self.thousands)
            if not (first.isdigit() and len(first) <= 3 and all(len(g) == 3 and g.isdigit() for g in groups)):
                return None
            whole = "".join([first, *groups])
        if whole and not whole.isdigit():
            return None
        return f"{whole or '0'}.{part or '0'}" if whole or part else None


PLAIN = NumberFormat()


def is_currency(text: str) -> bool:
    """Whether a text is the sign or the code of a currency."""
    return text in _CODES or (len(text) == 1 and unicodedata.category(text) == "Sc")


def spelled_as_usual(column: pa.ChunkedArray, numbers: NumberFormat, marks: Sequence[str] = ()) -> pa.ChunkedArray:
    """A column of numbers with marks and signs, spelled as other programs do.

    Parameters
    ----------
    column : pyarrow.ChunkedArray of string
    numbers : NumberFormat
    marks : sequence of str
        What stands for a missing value.

    Returns
    -------
    pyarrow.ChunkedArray of string
        The column as it is where hardly any cell has a mark or a sign, or some cell is no number: texts are categories,
        which keep their spelling.
    """
    import pyarrow.compute as pc

    if numbers == PLAIN and not pc.any(pc.match_substring_regex(column, _SIGNS)).as_py():
        return column
    encoded = column.combine_chunks().dictionary_encode()
    texts = encoded.dictionary.to_pylist()
    # Digits alone stay: 00123 is a code.
    plain = {"", *marks}
    values = [None if text.strip().isdigit() or text.strip() in plain else numbers.parse(text) for text in texts]
    if any(
        value is None and not text.strip().isdigit() and text.strip() not in plain
        for text, value in zip(texts, values, strict=True)
    ):
        return column
    # repr gives the shortest digits that read back as the same number.
    spelled = [text if value is None else repr(value) for text, value in zip(texts, values, strict=True)]
    return pa.chunked_array([pa.array(spelled, pa.string()).take(encoded.indices)])


class Ambiguous(Exception):
    """Numbers that could mean two things.

    Parameters
    ----------
    candidates : str
        What they could mean.
    """

    def __init__(self, candidates: str):
        super().__init__(candidates)
        self.candidates = candidates


_NUMBER = re.compile(r"[+\-\u2212]?\d[\d.,' ]*|[+\-\u2212]?[.,]\d+")
_GROUPED = re.compile(r"[1-9]\d{0,2}(?P<mark>[.,' ])\d{3}((?P=mark)\d{3})*")
_EITHER = re.compile(r"[1-9]\d{0,2}([.,])\d{3}")
_SLIPS = 0.02  # share of the cells with a decimal mark, below which another mark is a slip
_SHARE = 0.8  # of the cells of a column, from which it is one of numbers


def number_format(columns: dict[str, list[str]], delimiter: str, known: str | None = None) -> NumberFormat:
    """Find how the numbers of a CSV are written.

    Parameters
    ----------
    columns : dict of str to list of str
        Cells of each column; those that hold other than numbers are left out of account.
    delimiter : str
        The file's, which says what marks are usual.
    known : str, optional
        The decimal mark, where a person says it.

    Returns
    -------
    NumberFormat

    Raises
    ------
    Ambiguous
        When the cells speak for two formats, or could be of either.
    """
    decimals: dict[str, tuple[str, str]] = {}  # mark to an example and its column
    cells_with: Counter[str] = Counter()
    groups: set[str] = set()
    either: dict[str, tuple[str, str]] = {}
    for name, cells in columns.items():
        for cell in _numbers(cells):
            if _EITHER.fullmatch(cell):
                either.setdefault(cell.lstrip("+-\u2212")[-4], (cell, name))
            elif mark := _decimal_mark(cell):
                decimals.setdefault(mark, (cell, name))
                cells_with[mark] += 1
                groups |= {c for c in cell if c in ".,' "} - {mark}
            elif grouped := _GROUPED.fullmatch(cell):
                groups.add(grouped["mark"])
    # A slip in one cell rejects its row later, and says nothing of the file.
    decimals = {mark: one for mark, one in decimals.items() if cells_with[mark] >= _SLIPS * cells_with.total()}
    for mark in groups & {".", ","}:  # what stands between thousands cannot be the decimal mark
        decimals.setdefault("," if mark == "." else ".", next(iter(either.values()), (f"1{mark}000", "")))
    if known is not None:
        decimals = {known: ("", "")}
    if len(decimals) > 1:
        (first, column), (second, other) = decimals["."], decimals[","]
        raise Ambiguous(f"both {first!r} (column {column}) and {second!r} (column {other})")
    if decimals:
        (decimal,) = decimals
    elif "," in either or ("." in either and delimiter == ";"):
        cell, column = either.get(",") or either["."]
        mark = cell.lstrip("+-\u2212")[-4]
        raise Ambiguous(
            f"{cell!r} (column {column}), in which {mark!r} may be a decimal mark or stand between thousands"
        )
    else:
        decimal = "."
    groups |= set(either)
    thousands = sorted(groups - {decimal})
    if len(thousands) > 1:
        raise Ambiguous("numbers with " + " and ".join(map(repr, thousands)) + " between thousands")
    return NumberFormat(decimal, thousands[0] if thousands else "")


def _numbers(cells: Iterable[str]) -> list[str]:
    """The cells of a column without signs, where it is one of numbers."""
    filled = [bare for cell in cells if (bare := _bare(cell))]
    found = [cell for cell in filled if _NUMBER.fullmatch(cell)]
    return found if len(found) >= _SHARE * len(filled) else []


def _bare(cell: str) -> str:
    text = cell.strip().translate(_BLANKS).strip("()").removesuffix("%").strip()
    sign, text = (text[0], text[1:].strip()) if text[:1] in ("+", "-", "\u2212") else ("", text)
    words = text.split(" ")
    if is_currency(words[0]):
        text = " ".join(words[1:])
    elif is_currency(words[-1]):
        text = " ".join(words[:-1])
    elif text and is_currency(text[0]):
        text = text[1:]
    elif text and is_currency(text[-1]):
        text = text[:-1]
    return sign + text


def _decimal_mark(cell: str) -> str:
    """The mark that can only be the decimal one; empty where there is none, or where it could be another."""
    marks = [c for c in cell if c in ".,"]
    if not marks:
        return ""
    last = marks[-1]
    whole, _, part = cell.lstrip("+-\u2212").rpartition(last)
    if last in whole or not part.isdigit():  # twice: between thousands
        return ""
    grouped = len(part) == 3 and _GROUPED.fullmatch(f"{whole}{last}{part}")
    return "" if grouped else last
