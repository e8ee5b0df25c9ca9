"""Traits: what a contract says of customers across all segments, such as being a big spender."""

from __future__ import annotations

import re
from dataclasses import dataclass

from northstar_explain.contract.conditions import Condition

TRAITS = "traits"  # the column of scores that lists a customer's traits
MOST_TRAITS = 40
_PREFIX = "trait_"  # of the columns in SQL, one for each trait
# Every database takes such a name; it is part of the name of a column.
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)


@dataclass(frozen=True)
class ContractTrait:
    """A trait that a customer has or has not.

    Attributes
    ----------
    name : str
        What columns call it: lower-case letters, digits and ``_``.
    words : str
        What people call its customers, for example ``"big spenders"``.
    conditions : tuple of Condition
        All must be met; includes what defines the features that it asks for.
    text : str
        The condition as the contract writes it.
    """

    name: str
    words: str
    conditions: tuple[Condition, ...]
    text: str

    @property
    def column(self) -> str:
        """The name of its column in SQL."""
        return _PREFIX + self.name
