"""What every kind of feature answers; `NumberKind` and `CategoryKind` answer most of it for their sort of values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from northstar_explain.contract.categories import Category

Interval = tuple[float | None, float | None]  # lower <= value < upper, each None where there is no such bound


@dataclass(frozen=True)
class Phrasing:
    """How conditions on one feature are phrased, with ``{value}`` and perhaps ``{words}`` in it.

    Attributes
    ----------
    at_least, below, between : str
        The phrases for a lower bound, an upper bound and a range; `between` is empty where a range takes two phrases.
    some, none : str
        The contract's own phrases for 1 or more and for 0; empty where it has none.
    """

    at_least: str
    below: str
    between: str = ""
    some: str = ""
    none: str = ""


class Kind:
    """What sort of quantity a feature is.

    Kinds have no state: two of one class are equal, also after a way through another process. `str` of a kind is its
    name, as a contract writes it, and a kind equals its name: ``feature.kind == "count"``.

    Attributes
    ----------
    name : str
        What a contract calls it.
    numeric : bool
        Whether values are numbers; if not, they are categories.
    whole : bool
        Whether values are whole numbers.
    has_order : bool
        Whether a value can be lower than another: of numbers, and of categories whose order the contract gives.
    lists_values : bool
        Whether the contract lists every value (`order`), so that no other is valid.
    counts : bool
        Whether values count things, so that 0 is none of them.
    money : bool
        Whether values are amounts that add up to what customers spend.
    dated : bool
        Whether cells hold days of the calendar, and values are whole days from them to the snapshot.
    linear_axis : bool
        Whether plots never take a logarithmic axis.
    default_unit : str
        The unit of values where the contract names none.
    entry_hint : str
        What a form asks for in place of a unit, such as ``0 to 1``.
    level_words : mapping
        Adjectives for ``high``, ``middle`` and ``low`` values, for names of segments; of what is counted, ``zero`` too.
    """

    name: ClassVar[str]
    numeric: ClassVar[bool] = False
    whole: ClassVar[bool] = False
    has_order: ClassVar[bool] = False
    lists_values: ClassVar[bool] = False
    counts: ClassVar[bool] = False
    money: ClassVar[bool] = False
    dated: ClassVar[bool] = False
    linear_axis: ClassVar[bool] = False
    default_unit: ClassVar[str] = ""
    entry_hint: ClassVar[str] = ""
    level_words: ClassVar[Mapping[str, str]] = {"high": "high", "middle": "medium", "low": "low"}

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"<kind {self.name}>"

    def __eq__(self, other: object) -> bool:
        return self.name == other if isinstance(other, str) else type(self) is type(other)

    def __hash__(self) -> int:
        return hash(self.name)

    @property
    def number_cells(self) -> bool:
        """Whether cells of a table hold numbers."""
        return self.numeric and not self.dated

    # Drafting and checking

    def fits(self, name: str, values: np.ndarray | Sequence[str]) -> bool:
        """Whether a draft may propose the kind for a column of this name and these values."""
        raise NotImplementedError

    def draft_bounds(self, low: float, high: float) -> tuple[float | None, float | None]:
        """The bounds that a draft proposes for values seen from `low` to `high`."""
        raise NotImplementedError

    def draft_words(self, words: str) -> str:
        """What a draft calls a column whose name reads as `words`."""
        return words

    def is_filler(self, name: str, value: float, alone: bool) -> bool:
        """Whether a draft takes a value for one that fills a gap, as 0 does for the average of no orders.

        A column of this name has the value wherever some count is 0; `alone` says that it has it nowhere else.
        """
        raise NotImplementedError

    def invalid_numbers(self, values: np.ndarray) -> tuple[np.ndarray, str] | None:
        """Known numbers that cannot be of this kind, as a mask, and what was expected; None where any number can."""
        raise NotImplementedError

    def invalid_categories(self, column: Category, order: Sequence[str]) -> tuple[np.ndarray, str] | None:
        """The same for categories, of which the contract may list the valid ones in `order`."""
        raise NotImplementedError

    # Words, and back

    def noun(self, words: str) -> str:
        """The feature's words as the subject of "is known"."""
        return words

    def phrases(self, words: str) -> tuple[str, str]:
        """The kind's own phrases for at least and below, with ``{value}`` and perhaps ``{words}`` in them."""
        raise NotImplementedError

    def fixed_phrases(self, phrasing: Phrasing, minimum: float | None) -> Mapping[Interval, str]:
        """Bounds that people put into words without a number, such as ``at most once``: (lower, upper) to phrase."""
        raise NotImplementedError

    def value_words(self, value: float, unit: str, currency: str) -> str:
        """A value with its unit, exact to the last digit; `parse_value` gives the same float back."""
        raise NotImplementedError

    def parse_value(self, text: str, unit: str, currency: str) -> float | None:
        """The value that `value_words` put into words; None where the text is no value of this kind."""
        raise NotImplementedError

    def interval_words(self, lower: float, upper: float, unit: str, currency: str) -> str:
        """The values from `lower` to below `upper`, as in ``14 to 29 days`` or ``$100 to under $500``."""
        raise NotImplementedError

    def parse_interval(self, text: str, unit: str, currency: str) -> tuple[float, float] | None:
        """The bounds that `interval_words` put into words; None where the text is no interval of this kind."""
        raise NotImplementedError

    def categories_words(self, values: Sequence[str], inside: bool, order: Sequence[str]) -> str:
        """What follows "is" in a condition: one of `values`, or none of them where not `inside`."""
        raise NotImplementedError

    def parse_categories(self, text: str, order: Sequence[str]) -> tuple[tuple[str, ...], bool] | None:
        """What `categories_words` put into words: the values, and whether inside; None where the text is no list."""
        raise NotImplementedError

    # Learning

    def transform_unit(self, values: np.ndarray) -> float:
        """What numbers are divided by before `transform`, so that the choice of a currency changes nothing."""
        raise NotImplementedError

    def transform(self, values: np.ndarray, unit: float) -> np.ndarray:
        """Numbers as coordinates of the segment space, NaN where missing; scaling and centering come after it."""
        raise NotImplementedError

    def indicators(self, column: Category) -> Sequence[str | None]:
        """The categories that get a coordinate each; None for the single coordinate of an order."""
        raise NotImplementedError

    def transform_categories(self, column: Category, indicator: str | None, order: Sequence[str]) -> np.ndarray:
        """Categories as one coordinate of the segment space, NaN where missing."""
        raise NotImplementedError

    def threshold_grid(self, low: float, high: float, unit: str) -> np.ndarray:
        """The round numbers, ascending, that a rule may take as thresholds for values from `low` to `high`."""
        raise NotImplementedError

    def ordinary_step(self, threshold: float, unit: str) -> float:
        """How far one ordinary step of behavior moves a value near `threshold`: one order, one week; above 0.

        `threshold` must not be 0 where the step is a part of it.
        """
        raise NotImplementedError

    # Labels

    def unit_words(self, unit: str, currency: str) -> str:
        """What a number counts, such as ``days``; empty where its sign or the feature's words show it."""
        return ""

    def value_label(self, value: float, unit: str, currency: str) -> str:
        """A value to four digits, for an axis or a table."""
        raise NotImplementedError

    def range_label(
        self, lower: float | None, upper: float | None, minimum: float | None, unit: str, currency: str
    ) -> str:
        """``lower <= value < upper`` in as few words as name it."""
        raise NotImplementedError

    # Reasons, which are read out to people

    def spoken(self, value: float, unit: str, currency: str) -> float:
        """A number rounded to what people say: 0 where the share or the amount is too small to be said."""
        raise NotImplementedError

    def zero_words(self, words: str, unit: str, currency: str) -> str:
        """The feature where there is none of it, as a noun phrase: ``no orders in the last 90 days``."""
        raise NotImplementedError

    def average_label(self, value: float, unit: str, currency: str) -> str:
        """A mean over customers, with as many digits as it is worth; `unit_words` stands apart."""
        raise NotImplementedError
