"""The words of a business: what its customers and what they do are called, from the contract."""

from __future__ import annotations

import re
from dataclasses import dataclass

from northstar_explain.contract.features import Contract, Feature
from northstar_explain.report.document import numbers

# What is counted where the contract counts nothing, by its domain.
_EVENTS = {"shop": "orders", "bank": "transactions", "visits": "visits", "subscription": "payments"}
# "shopping trips in the last 90 days" counts shopping trips.
_WHEN = re.compile(r"\s(?:in|so|over|during|within|since|per|of|to)\s.*$|\s*\(.*$")


@dataclass(frozen=True)
class Vocabulary:
    """Nouns for the sentences of a playbook.

    Attributes
    ----------
    noun : str
        What customers are called, plural.
    event, events : str
        What they do that is counted: one order, orders.
    outcome : str
        What the label means.
    """

    noun: str
    event: str
    events: str
    outcome: str

    @property
    def an_event(self) -> str:
        """One of the events with its article."""
        return f"{'an' if self.event[:1] in 'aeiou' else 'a'} {self.event}"


def vocabulary(contract: Contract) -> Vocabulary:
    """The words of a contract."""
    counted = next((one for one in contract.features if one.role == "frequency" and one.kind.counts), None)
    events = _EVENTS.get(contract.domain, "steps")
    if counted is not None:
        events = counted.unit or _WHEN.sub("", counted.words)
    return Vocabulary(contract.noun, _singular(events), events, contract.outcome)


def topic(feature: Feature) -> str:
    """What a feature is about, without how it is counted: products viewed, not products viewed in the last 30 days."""
    words = re.sub(r"\s(?:in|over|during|within) the last .*$|\s(?:so far|by now)$", "", numbers.short(feature))
    return re.sub(r"^(?:share|number|average number) of ", "", words)


def _singular(plural: str) -> str:
    return plural[:-3] + "y" if plural.endswith("ies") else plural.removesuffix("s")
