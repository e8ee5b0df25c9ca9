"""The sheet of golden rows: each scored by live formulas, beside the expected result."""

from __future__ import annotations

from typing import Any

from northstar_explain.contract.columns import columns_of
from northstar_explain.model.golden_scores import EXPECTED
from northstar_explain.model.learned_model import Model
from northstar_explain.report.audit.workbook import formulas
from northstar_explain.report.audit.workbook.formulas import area
from northstar_explain.report.audit.workbook.workbook_parts import (
    GOLDEN,
    Book,
    model_inputs,
    term_formula,
    write_headings,
    write_value,
)

_FIRST = 4  # the first golden row; above it stand the title, the results and the headings


# A spreadsheet takes seconds for so many rows of formulas. Ordinary and hard cases come first; of those that follow to
# reach every bin, the other programs score all.
_MOST = 700


def book_rows(model: Model) -> int:
    """How many of the golden rows, the first ones, are in the workbook."""
    return min(int(model.golden.num_rows), _MOST)


def write_golden(book: Book, sheet: Any) -> None:
    """Write every golden row with live formulas beside the expected result, and the largest difference at the top."""
    model, features, terms = book.model, model_inputs(book.model), book.model.scorecard.terms
    columns = columns_of(model.golden, model.contract.features)
    points = model.scorecard.contributions(columns)[1]
    names = ("row", *(f.name for f in features), *(t.name for t in terms), "log-odds", "probability", "segment",
             "expected probability", "expected segment", "difference", "segment agrees")  # fmt: skip
    write_headings(book, sheet, _FIRST - 1, names)
    sheet.set_column(1, len(names) - 1, 19)
    sheet.freeze_panes(_FIRST, 1)
    first = 1 + len(features)
    for place in range(book_rows(model)):
        row = _FIRST + place
        cell = {f.name: f"${formulas.column(1 + i)}{row + 1}" for i, f in enumerate(features)}
        sheet.write_number(row, 0, place + 1)
        for i, feature in enumerate(features):
            write_value(sheet, row, 1 + i, columns[feature.name], place, None)
        for i, term in enumerate(terms):
            sheet.write_formula(row, first + i, f"={term_formula(book, term, cell)}", None, float(points[i][place]))
        # For the cache: the sum that the formula beside it computes.
        logit = float(model.scorecard.intercept + points[:, place].sum())
        _write_results(book, sheet, row, (first, first + len(terms)), cell, logit)
    _write_top(book, sheet, first + len(terms))


def _write_results(
    book: Book, sheet: Any, row: int, points: tuple[int, int], cell: dict[str, str], logit: float
) -> None:
    """Write sum, probability and segment, the expected results and the differences, right of the points."""
    model, (first, last) = book.model, points
    segment, expected = (model.golden[name][row - _FIRST].as_py() for name in EXPECTED)
    a, b = formulas.column(first), formulas.column(last - 1)
    total, probability, assigned, expected_probability, expected_segment = (
        f"{formulas.column(last + i)}{row + 1}" for i in range(5)
    )
    # `repr` keeps every digit of the intercept.
    sheet.write_formula(row, last, f"={model.scorecard.intercept!r}+SUM({a}{row + 1}:{b}{row + 1})", None, logit)
    sheet.write_formula(row, last + 1, f"=1/(1+EXP(-{total}))", None, expected)
    sheet.write_formula(row, last + 2, f"={formulas.segment(model.segmentation.tree, cell, book.text)}", None, segment)
    sheet.write_number(row, last + 3, expected)
    sheet.write_string(row, last + 4, segment)
    # Cached as 0, as nothing has been compared yet: `verify` has a program recalculate the sheet.
    sheet.write_formula(row, last + 5, f"=ABS({probability}-{expected_probability})", None, 0.0)
    sheet.write_formula(row, last + 6, f"=IF(EXACT({assigned},{expected_segment}),0,1)", None, 0)


def _write_top(book: Book, sheet: Any, last: int) -> None:
    count = book_rows(book.model)
    difference, wrong = (area(GOLDEN, _FIRST, last + i, _FIRST + count - 1, last + i) for i in (5, 6))
    title = "Golden rows: ordinary and hard cases, scored by the formulas below"
    sheet.write_string(0, 0, title, book.formats["title"])
    sheet.write_string(1, 0, "largest difference to the expected probability")
    sheet.write_formula(1, 6, f"=MAX({difference})", None, 0.0)
    sheet.write_string(2, 0, "rows in another segment than expected")
    sheet.write_formula(2, 6, f"=SUM({wrong})", None, 0)
    sheet.write_string(1, 8, f"the first {count:,} of {book.model.golden.num_rows:,} rows are compared")
