"""What the name of a column says: its words, the window that it counts in, its currency, and what it is about."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
# A name whose words can be told apart; any other is taken as it is.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9]*([_. -]?[A-Za-z0-9]+)*", re.ASCII)
_WINDOW = re.compile(
    r"(?:(?:last|past|next|in)[_ ]?)?(\d{1,4})[_ ]?(d|days?|w|weeks?|m|mo|mths?|months?|y|yrs?|years?)$", re.I
)
_UNITS = {"d": "day", "w": "week", "m": "month", "y": "year"}
_CURRENCIES = {"usd": "$", "eur": "€", "gbp": "£", "chf": "CHF ", "inr": "₹", "jpy": "¥"}
# Those that mean one thing in tables of customers.
_FULL = {"avg": "average", "amt": "amount", "amnt": "amount", "pct": "percent", "bal": "balance", "curr": "current",
         "disc": "discount", "diff": "difference", "vmail": "voicemail", "intl": "international", "inq": "inquiries",
         "util": "utilization", "acct": "account", "accts": "accounts", "txn": "transaction", "txns": "transactions",
         "pymnt": "payment", "addr": "address", "prev": "previous", "tot": "total", "cust": "customer",
         "eve": "evening"}  # fmt: skip
# After these, a number of days is part of what is measured: months since somebody was 90 days late.
_NO_WINDOW = {"since", "between", "per", "until", "till", "for"}


@dataclass(frozen=True)
class NameParts:
    """The parts of a column's name.

    Attributes
    ----------
    tokens : tuple of str
        Its words in lower case, without window and currency; empty where they cannot be told apart.
    words : str
        The same for a sentence, without the window.
    window : str
        The time that it looks back on or ahead to, such as ``90 days``; empty where the name has none.
    ahead : bool
        Whether the window lies ahead: ``next_30d``.
    currency : str
        The sign of the currency that the name ends with.
    """

    tokens: tuple[str, ...]
    words: str
    window: str = ""
    ahead: bool = False
    currency: str = ""

    def has(self, *tokens: str) -> bool:
        """Whether one of some words is among its own."""
        return any(token in self.tokens for token in tokens)

    @property
    def last(self) -> str:
        """The last word, which mostly says what is counted or measured."""
        return self.tokens[-1] if self.tokens else ""


def read_name(name: str) -> NameParts:
    """Take the name of a column apart.

    Parameters
    ----------
    name : str
        In snake case, camel case, or words; anything else is left as it is.

    Returns
    -------
    NameParts
    """
    if not _PLAIN.fullmatch(name):
        return NameParts(
            tuple(token.lower() for token in _TOKEN.findall(name)), " ".join(name.replace("_", " ").split())
        )
    # Either may stand last: spend_usd_90d, spend_90d_usd.
    rest, currency = _without_currency(name)
    window, ahead = "", False
    match = _WINDOW.search(rest)
    before = {token.lower() for token in _TOKEN.findall(rest[: match.start()])} if match else set()
    # The window is a word of its own: v2d is none.
    apart = (
        match is not None and bool(match.start()) and (rest[match.start() - 1] in "_. -" or not match[0][0].isdigit())
    )
    if match and apart and not before & _NO_WINDOW:
        unit = _UNITS[match[2][0].lower()]
        window, ahead = f"{match[1]} {unit}{'s' if match[1] != '1' else ''}", "next" in match[0].lower()
        rest, found_before = _without_currency(rest[: match.start()])
        currency = currency or found_before
    found = _TOKEN.findall(rest)
    if not found:
        return NameParts((), " ".join(name.replace("_", " ").split()))
    return NameParts(tuple(token.lower() for token in found), _sentence(rest, found), window, ahead, currency)


def _without_currency(name: str) -> tuple[str, str]:
    """A name without the currency that it ends with, and its sign; the same name where it ends with none."""
    found, bare = _TOKEN.findall(name), name.rstrip("_. -")
    if len(found) < 2 or found[-1].lower() not in _CURRENCIES:
        return name, ""
    return bare[: -len(found[-1])].rstrip("_. -"), _CURRENCIES[found[-1].lower()]


def _sentence(name: str, tokens: list[str]) -> str:
    """The words within a sentence: abbreviations stay as they are written, others are in lower case and in full."""
    if name.isupper() and not re.search(r"[_. -]", name.strip("_. -")):
        return name
    several = len(tokens) > 1
    words = [token if token.isupper() and several and len(token) < 5 else token.lower() for token in tokens]
    text = re.sub("^num (?=[a-z])", "number of ", " ".join(_FULL.get(word, word) for word in words))
    return (
        re.sub(r"\bint rate\b", "interest rate", text)
        .replace("since last ", "since the last ")
        .replace("since first ", "since the first ")
    )
