"""Where dialects differ in their results: not-a-number, exact numbers, names.

What only decides how a statement is spelt (quotes, escapes, names of types) is sqlglot's to know.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from sqlglot import exp

from northstar_explain.export.sql.reserved_words import RESERVED, SNOWFLAKE

_EXACT_WHOLE = 2**53  # up to here every whole number is a double
_STEP = 2**62  # the largest power of two that an integer literal holds everywhere

_LOWER, _UPPER = (re.compile(f"[{letters}_][{letters}0-9_]*", re.ASCII) for letters in ("a-z", "A-Z"))
_LEAST_POWER = -700  # e to it is a double of full precision; somewhat below begin those that are not


@dataclass(frozen=True)
class Dialect:
    """What must be known of a dialect beyond its spelling.

    Attributes
    ----------
    name : str
        As sqlglot and the command line call it.
    nan_equals_itself : bool
        Whether the database has a not-a-number and treats it as equal to itself and above every number, as IEEE 754
        does not.
    parses_exactly : bool
        Whether a decimal text becomes the nearest double.
    folds_names : bool
        Whether names that differ in case alone are the same column, quoted or not.
    makes_upper : bool
        Whether unquoted names become upper case. Elsewhere they become lower case, keep theirs, or it does not matter.
    inlines_subqueries : bool
        Whether a subquery is inlined where it is read, with its expressions repeated, unless it is MATERIALIZED.
    uses_keys : bool
        Whether a primary key is an index, which small tables need to be joined fast.
    exp_fails_below_doubles : bool
        Whether the exponential of a number so low that the result is no double other than 0 is an error.
    """

    name: str
    nan_equals_itself: bool = True
    parses_exactly: bool = True
    folds_names: bool = False
    makes_upper: bool = False
    inlines_subqueries: bool = False
    uses_keys: bool = False
    exp_fails_below_doubles: bool = False

    def exponential(self, value: exp.Expr) -> exp.Expr:
        """The exponential of a number that is at most 0; 0 where it is too small for a double."""
        power = exp.Exp(this=value.copy())
        if not self.exp_fails_below_doubles:
            return power
        too_low = value.copy() < exp.Literal.number(_LEAST_POWER)
        # NULL is not too low, so it stays NULL.
        return exp.Case().when(too_low, double(exp.Literal.number(0))).else_(power)

    def number(self, column: exp.Expr) -> exp.Expr:
        """A number column as a double, NULL where it is missing: NULL or not a number."""
        if self.name == "sqlite":
            # It keeps no NaN. What it does keep is the empty text of an imported CSV, which a cast would make 0.
            return double(exp.func("NULLIF", column.copy(), exp.Literal.string("")))
        value = double(column)
        if self.nan_equals_itself:
            return exp.func("NULLIF", value, double(exp.Literal.string("NaN")))
        # By IEEE 754 NaN equals nothing, itself included, so NULLIF would never find it.
        return exp.Case().when(exp.not_(exp.IsNan(this=value)), value.copy())

    def days_between(self, first: exp.Expr, last: exp.Expr) -> exp.Expr:
        """Whole days from one day to another; of a time, its day, which of a time with a zone is that of the session.

        Parameters
        ----------
        first, last : Expression
            Dates, times, or texts that begin with a day.
        """
        if self.name == "sqlite":  # it has no dates, and a function that reads texts
            ends = (exp.func("JULIANDAY", exp.func("DATE", one.copy())) for one in (last, first))
            return exp.paren(exp.Sub(this=next(ends), expression=next(ends)))
        if self.name == "postgres":  # it has no cast that gives NULL, so a column of texts must hold days or NULL
            from_day, to_day = (exp.cast(one.copy(), exp.DataType.Type.DATE) for one in (first, last))
            return exp.paren(exp.Sub(this=to_day, expression=from_day))
        day = exp.DataType.build("DATE")
        from_day, to_day = (exp.TryCast(this=one.copy(), to=day.copy()) for one in (first, last))
        return exp.DateDiff(this=to_day, expression=from_day, unit=exp.var("DAY"))

    def literal(self, value: float) -> exp.Expr:
        """The very double, whatever the database makes of decimals.

        Parameters
        ----------
        value : float
            Finite.

        Returns
        -------
        Expression
            A whole number as it is; otherwise the shortest decimal that reads back the same, cast from text, since a
            bare decimal is of a decimal type in most dialects. SQLite misreads one decimal of 17 digits in about
            100,000 by one unit in the last place, so there it is a fraction whose division is exact.
        """
        if not math.isfinite(value):
            raise ValueError(f"{value} cannot be written as a literal")
        if value == math.floor(value) and abs(value) <= _EXACT_WHOLE:
            return exp.Literal.number(int(value))
        if self.parses_exactly:
            # repr gives the shortest decimal that reads back as the same double.
            return double(exp.Literal.string(repr(float(value))))
        return _fraction(value)

    def is_plain(self, name: str) -> bool:
        """Whether a name is written without quotes: then a table that was made without quotes has it.

        Names in lower case are, and in upper case where unquoted names become that; but no reserved words.
        """
        if self.makes_upper:
            return bool(_LOWER.fullmatch(name) or _UPPER.fullmatch(name)) and name.lower() not in SNOWFLAKE
        return bool(_LOWER.fullmatch(name)) and name not in RESERVED

    def same_name(self, one: str, other: str) -> bool:
        """Whether a table could not hold both names."""
        if self.folds_names:
            return one.casefold() == other.casefold()
        return self._stored(one) == self._stored(other)

    def _stored(self, name: str) -> str:
        """What a database that keeps case makes of a name as we write it."""
        return name.upper() if self.makes_upper and self.is_plain(name) else name


KNOWN = (
    Dialect("duckdb", folds_names=True),
    Dialect("sqlite", parses_exactly=False, folds_names=True, inlines_subqueries=True, uses_keys=True),
    Dialect("postgres", inlines_subqueries=True, uses_keys=True, exp_fails_below_doubles=True),
    Dialect("spark", folds_names=True),
    Dialect("bigquery", nan_equals_itself=False, folds_names=True),
    Dialect("snowflake", makes_upper=True),
)


def dialect(name: str) -> Dialect:
    """The dialect of a name; KeyError where there is none."""
    return {one.name: one for one in KNOWN}[name]


def double(value: exp.Expr) -> exp.Expr:
    """The value, cast to a double."""
    return exp.cast(value.copy(), exp.DataType.Type.DOUBLE)


def text(value: exp.Expr) -> exp.Expr:
    """The value, cast to text."""
    return exp.cast(value.copy(), exp.DataType.Type.TEXT)


def _fraction(value: float) -> exp.Expr:
    """The double as a whole number times or over powers of two, each step exact."""
    # Exact for every double: its denominator is a power of two.
    top, bottom = value.as_integer_ratio()
    twos = 0
    # An odd numerator has at most 53 bits, so it is an exact double; the factor of two follows separately.
    while top % 2 == 0:
        top, twos = top // 2, twos + 1
    result = double(exp.Literal.number(top))
    result = _by_steps(exp.Mul, result, 2**twos)
    return _by_steps(exp.Div, result, bottom)


def _by_steps(operation: type[exp.Binary], value: exp.Expr, power: int) -> exp.Expr:
    # In steps, as no integer type holds 2**1074. A power of two changes the exponent alone, so a step rounds nothing.
    while power > 1:
        step = min(power, _STEP)
        value, power = operation(this=value, expression=exp.Literal.number(step)), power // step
    return value
