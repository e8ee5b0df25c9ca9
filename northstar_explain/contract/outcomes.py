"""Words that depend on what the label stands for, buying or something else, and on whether rows are people."""

from __future__ import annotations

import re

from northstar_explain.contract.features import Contract

_BUYS = re.compile(r"(buys?|purchases?|orders?|shops?)\b", re.IGNORECASE)
# Last words of nouns that are nobody: a visit buys nothing, and is told nothing.
_THINGS = frozenset((
    "accounts", "appointments", "baskets", "bookings", "calls", "cards", "carts", "cases", "claims", "contracts",
    "deals", "devices", "invoices", "items", "loans", "orders", "payments", "policies", "products", "purchases",
    "records", "rentals", "reservations", "rows", "sales", "sessions", "shipments", "sites", "stays", "stores",
    "subscriptions", "tickets", "transactions", "trips", "vehicles", "visits",
))  # fmt: skip


def is_buying(contract: Contract) -> bool:
    """Whether the outcome is that somebody buys."""
    return bool(_BUYS.match(contract.outcome))


def model_words(contract: Contract) -> str:
    """What reports call the fitted model of the label: who opens an account or leaves makes no purchase."""
    return "purchase model" if is_buying(contract) else "outcome model"


def is_people(contract: Contract) -> bool:
    """Whether the rows are people, or households and firms of which one speaks as of people; not visits or accounts."""
    return contract.noun.casefold().split()[-1] not in _THINGS


def those_with(contract: Contract) -> str:
    """Those of whom the label is true: ``everyone who buys``, of visits ``all visits with the outcome “buys”``."""
    if is_people(contract):
        return f"everyone who {contract.outcome}"
    return f"all {contract.noun} with the outcome “{contract.outcome}”"


def who_does(contract: Contract) -> str:
    """As an object: predict ``who buys``; of visits, ``which of the visits have the outcome “buys”``."""
    if is_people(contract):
        return f"who {contract.outcome}"
    return f"which of the {contract.noun} have the outcome “{contract.outcome}”"
