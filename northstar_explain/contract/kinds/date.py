"""Dates: days of the calendar, which a model sees as whole days before the snapshot."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from northstar_explain.contract.kinds.days import DaysKind


class DateKind(DaysKind):
    """A column of days or times, counted in whole days before the day that the table looks up to.

    That day stands in a column of its own, `as_of` of the contract, so that each row says it: the same customers give
    the same values in training, in scoring and in a database, whenever that is.
    """

    name = "date"
    dated = True

    def fits(self, name: str, values: np.ndarray | Sequence[str]) -> bool:
        # A draft finds dates by the type of a column, which numbers and texts do not show.
        return False
