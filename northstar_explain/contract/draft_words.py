"""Words for a drafted feature: its name in sentences, phrases, adjectives and role, from what its name says.

What a name does not say is not made up: a feature without an entry here keeps the phrases of its kind, which are true
of any number.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from northstar_explain.contract.draft_guess import Guess
from northstar_explain.contract.features import ROLES
from northstar_explain.contract.kinds.registry import kind_named


class Words(NamedTuple):
    """What a draft writes for one feature: key to text, such as ``at_least``; `words` first."""

    words: str
    keys: dict[str, str]


class _Entry(NamedTuple):
    """Words for the columns that a pattern finds.

    `verb` is a phrase with ``{value}``, for at least, below, some and none; `adjectives` are high, middle, low, zero.
    """

    pattern: str
    kinds: tuple[str, ...]
    role: str = ""
    verb: tuple[str, str, str, str] | None = None
    adjectives: tuple[str, ...] = ()


_ENTRIES = (
    _Entry(r"((num|number|n|nr|total|count)_)?(of_)?(orders|purchases)(_(count|total))?", ("count",), "frequency",
           ("ordered {value} or more times", "ordered fewer than {value} times", "ordered", "did not order"),
           ("often-ordering", "sometimes ordering", "rarely ordering", "not-ordering")),
    # What is no order has no phrase of its own: those of its kind are true of any count.
    _Entry(r"((num|number|n|nr|total|count)_)?(of_)?(transactions|bookings|appointments|stays|trips|rentals|donations)"
           r"(_(count|total))?", ("count",), "frequency"),
    _Entry(r"((num|number|n|total)_)?(of_)?(visits|sessions|logins|visited)(_count)?", ("count",), "engagement",
           ("visited {value} or more times", "visited fewer than {value} times", "visited", "did not visit"),
           ("often-visiting", "sometimes visiting", "rarely visiting", "not-visiting")),
    _Entry(r"(total_)?(spend|spent|spending|revenue|sales|monetary)(_total)?", ("amount",), "value",
           ("spent {value} or more", "spent less than {value}", "", ""),
           ("high-spending", "medium-spending", "low-spending")),
    _Entry(r"((num|number|n|total)_)?(of_)?((page_?|screen_?)views|(app|web|website|site)_(opens|visits|sessions|logins))(_count)?",
           ("count",), "engagement"),
    # What somebody pays is what they are worth; a balance or an income is not.
    _Entry(r"(total|monthly|annual|yearly)_(charges?|bill|fees|spend|spending|revenue|sales)"
           r"|(customer_)?(lifetime_value|clv|ltv)|mrr|arr", ("amount",), "value"),
    _Entry(r"(avg|average|mean)_(order_value|basket(_value)?)|aov", ("amount",), "",
           ("spend {value} or more per order", "spend less than {value} per order", "", ""),
           ("big-basket", "medium-basket", "small-basket")),
    _Entry(r"days_since_(the_)?(last_)?(order|purchase)|recency(_days)?", ("days",), "recency",
           ("last ordered {value} or more ago", "ordered within the last {value}", "", ""),
           ("long-not-buying", "lately not buying", "recently buying")),
    _Entry(r"days_since_(the_)?(last_)?(transaction|booking|appointment|stay|trip|rental|donation|activity)", ("days",),
           "recency"),
    _Entry(r"days_since_(the_)?(last_)?(visit|login|session)", ("days",), "",
           ("last visited {value} or more ago", "visited within the last {value}", "", ""),
           ("long-unseen", "lately unseen", "recently seen")),
    _Entry(r"(account_age|tenure|customer_age)(_days|_months|_years)?|days_since_(signup|registration|joining)",
           ("days", "ratio"), "tenure", None, ("long-standing", "established", "newer")),
    _Entry(r"account_(length|tenure)|months_on_book|(months|years|days)_(at|with)_(us|bank|company)"
           r"|(months|years|days)_(as|being)_(a_)?(customer|client|member|subscriber)"
           r"|(customer|client|member|membership|subscription|relationship)_(age|length|tenure)(_(days|months|years))?",
           ("count", "days", "ratio"), "tenure", None, ("long-standing", "established", "newer")),
    _Entry(r"(discount|coupon|promo|voucher)(_usage)?_(rate|share)", ("rate",), "discount", None,
           ("deal-seeking", "sometimes deal-seeking", "full-price")),
    _Entry(r"(e?mail_)open(_rate|_share)", ("rate",), "email", None,
           ("e-mail-reading", "sometimes e-mail-reading", "e-mail-ignoring")),
    _Entry(r"returns?_(rate|share)", ("rate",), "returns", None,
           ("goods-returning", "sometimes goods-returning", "goods-keeping")),
    _Entry(r"country|state|addr_state|region|city|province|county|territory|geography", ("category",), "place"),
    _Entry(r"((acquisition|marketing|signup|sales)_)?channel|((traffic|lead|referral|acquisition|signup)_)?source",
           ("category",), "channel"),
    _Entry(r"(main_)?device(_type)?|operating_system|platform", ("category",), "device"),
)  # fmt: skip
# What marks a name as that of a date, and says nothing of what happened then.
_DATE = re.compile(r"(^|_)(date|day|dt|ts|at|on|time|timestamp|datetime)(?=_|$)", re.I)
_KEYS = ("high", "middle", "low", "zero")


def draft_words(guess: Guess, roles: set[str], phrases: bool = True) -> Words:
    """The words of one feature.

    Parameters
    ----------
    guess : Guess
        With a kind.
    roles : set of str
        Roles that are taken; the feature's own is added. A role has one feature: recommendations follow from it.
    phrases : bool, default True
        Whether phrases and adjectives may be drafted: not where two features would then speak alike.

    Returns
    -------
    Words
    """
    keys: dict[str, str] = {}
    words = _words(guess)
    entry = _entry(guess) if phrases else None
    if entry is None:
        return Words(words, keys)
    window = f" in the last {guess.parts.window}" if guess.parts.window and not guess.parts.ahead else ""
    if entry.verb:
        verb = dict(zip(("at_least", "below", "some", "none"), entry.verb, strict=True))
        keys |= {key: phrase + window for key, phrase in verb.items() if phrase}
    keys |= dict(zip(_KEYS, entry.adjectives, strict=False))
    if window and "zero" in keys:  # who did not order in 90 days may have ordered before
        keys["zero"] = f"lately {keys['zero']}"
    role = entry.role
    if role in _known_roles() and role not in roles and not guess.sensitive:
        keys["role"] = role
        roles.add(role)
    return Words(words, keys)


def _known_roles() -> set[str]:
    from northstar_explain.contract import features

    # Roles of categories are in a list of their own, where contracts know them.
    return {*ROLES, *getattr(features, "AUDIENCE_ROLES", ())}


def _entry(guess: Guess) -> _Entry | None:
    name, kind = "_".join(guess.parts.tokens), guess.kind
    if kind is not None and kind.dated:  # last_order_date, as days_since_last_order
        name, kind = "days_since_" + _DATE.sub("", name), kind_named("days")
    return next((one for one in _ENTRIES if kind in one.kinds and re.fullmatch(one.pattern, name)), None)


def _words(guess: Guess) -> str:
    parts = guess.parts
    words = parts.words
    if guess.kind is not None and guess.kind.dated:
        event = _DATE.sub("", words.replace(" ", "_")).replace("_", " ").strip() or "the date"
        return re.sub("^(last|first) ", r"the \1 ", event).join(["days since ", ""])
    if guess.counts:  # "3 or more visits", not "number of visits"
        words = re.sub(r"^(number|num|nr|n|no|count|cnt|qty)( of)? (?=\w)", "", words)
    if parts.window:
        window = f"{'next' if parts.ahead else 'last'} {parts.window}"
        # What is counted stands at the end of a phrase; a number follows what is measured.
        words += f" in the {window}" if guess.counts else f" ({window})"
    if guess.kind is not None:
        words = guess.kind.draft_words(words)
    if guess.categories == 2 and guess.note.startswith("0 and 1"):
        words += " (1: yes)"
    return words or "unnamed"
