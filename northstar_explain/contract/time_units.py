"""How many days one of a feature is: a tenure may be in months where orders are counted over days."""

from __future__ import annotations

import re

from northstar_explain.contract.features import Feature

DAYS_IN = {"day": 1.0, "week": 7.0, "month": 365 / 12, "year": 365.0}
_UNIT = re.compile(r"\b(day|week|month|year)s?\b", re.IGNORECASE)


def days_in_one(feature: Feature) -> float | None:
    """The days in one of a feature's values.

    Parameters
    ----------
    feature : Feature

    Returns
    -------
    float or None
        By the first unit of time in its unit, which may be its kind's, its words or its name; None where none says.
    """
    # A name such as account_months has its words apart once its marks are blanks.
    texts = (feature.unit or feature.kind.default_unit, feature.words, feature.name.replace("_", " "))
    said = (_UNIT.search(text) for text in texts)
    return next((DAYS_IN[one[1].lower()] for one in said if one), None)
