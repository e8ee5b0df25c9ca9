"""What a draft takes a column for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from northstar_explain.contract.draft_names import NameParts, read_name
from northstar_explain.contract.kinds.kind import Kind

# Who somebody is, as data protection law lists it: age, sex, origin, religion, health and family.
_SENSITIVE = re.compile(
    r"(^|_)((?<!account_)(?<!account_in_)age(?!_days|_months)|senior|gender|sex|female|male|race|ethnic\w*|religio\w*|church|"
    r"marital\w*|married|birth\w*|dob|national\w*|citizen\w*|disab\w*|health|disease\w*|diagnos\w*|pregnan\w*)(_|$)",
    re.I,
)
FEW_CATEGORIES = 8  # so few that a rule can name one, and that a segment of each is worth looking for


@dataclass(frozen=True)
class Guess:
    """The guess for one column.

    Attributes
    ----------
    name : str
    kind : Kind or None
        None where it is left out.
    low, high : float or None
        Bounds.
    missing : float
        Share of the rows that have no value.
    note : str
        What was seen in it.
    categories : int
        How many different values; 0 for numbers.
    unit : str
        Empty where the kind implies it, or nothing says it.
    order : tuple of str
        The values of an ordered category, lowest first.
    code : bool
        Whether its numbers are taken for names of something.
    alone : float or None
        The ROC-AUC by itself, where that is more than what is known beforehand usually reaches.
    whole : bool
        Whether its numbers are whole.
    slips : str
        Numbers that no figure is as large as, in words; empty where there are none.
    """

    name: str
    kind: Kind | None
    low: float | None
    high: float | None
    missing: float
    note: str
    categories: int = 0
    unit: str = ""
    order: tuple[str, ...] = ()
    code: bool = False
    alone: float | None = None
    whole: bool = False
    slips: str = ""

    @cached_property
    def parts(self) -> NameParts:
        """What the name says."""
        return read_name(self.name)

    @property
    def sensitive(self) -> bool:
        """Whether the name speaks of what a person is."""
        return bool(_SENSITIVE.search("_".join(self.parts.tokens)) or _SENSITIVE.search(self.name))

    @property
    def counts(self) -> bool:
        """Whether its values count things."""
        return self.kind is not None and self.kind.counts

    @property
    def segments(self) -> bool:
        """Whether segments may be defined by it."""
        few = 2 <= self.categories <= FEW_CATEGORIES
        years = self.note.startswith("years")
        return bool(self.kind and (self.kind.numeric or few) and not self.sensitive and not years)
