"""Names of audiences that an ad platform forbids: those that say something of people's health or finances.

Meta flags an audience whose name suggests a health condition or a financial status, and stops its delivery
(https://developers.facebook.com/docs/marketing-api/reference/custom-audience). Google forbids audiences by sensitive
interest categories, among them health and negative financial status (https://support.google.com/adspolicy/answer/143465).
The words below are what both pages name, and what is close to it; a list of words cannot know every name.
"""

from __future__ import annotations

import re

from northstar_explain.errors import Fault

# Each begins a word, so that "diabet" finds diabetes and diabetic; one that ends in a blank is a whole word.
_HEALTH = (
    "aids ", "arthriti", "asthma", "cancer", "depress", "diabet", "diagnos", "disab", "disease", "fertil", "health",
    "hiv ", "ill ", "illness", "medic", "mental ", "obes", "overweight", "patient ", "patients ", "pregnan", "sick ",
    "surger", "surgical", "symptom", "therap", "weight loss",
)  # fmt: skip
_FINANCES = (
    "bad credit", "bankrupt", "broke ", "credit risk", "credit score", "creditworth", "debt", "foreclos", "income",
    "insolven", "loan", "low credit", "mortgage", "net worth", "overdraft", "overdrawn", "poor ", "poverty", "rich ",
    "salar", "unemploy", "wealth",
)  # fmt: skip
_RULES = {
    "meta": "Meta forbids names of audiences that suggest a health condition or a financial status",
    "google": "Google forbids audiences by health and by financial status",
}


def forbidden(name: str, platform: str) -> Fault | None:
    """What a platform forbids about the name of an audience.

    Parameters
    ----------
    name : str
        As people read it; ``_`` and ``-`` count as blanks.
    platform : str
        One of `options.PLATFORMS`.

    Returns
    -------
    Fault or None
        With the rule; None where nothing is known against it.
    """
    if platform not in _RULES:
        return None
    words = " " + re.sub(r"[\W_]+", " ", name.casefold()) + " "
    for kind, stems in (("health", _HEALTH), ("finances", _FINANCES)):
        found = next((stem for stem in stems if f" {stem}" in words), None)
        if found:
            expected = f"a name that says nothing of people's {kind}"
            return Fault(f"audience {name!r}", expected, repr(found.strip()), f"{_RULES[platform]}: rename it.")
    return None
