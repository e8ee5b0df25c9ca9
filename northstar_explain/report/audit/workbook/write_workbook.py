"""``scorecard.xlsx``: the model as a spreadsheet that scores one customer and the golden rows by live formulas."""

from __future__ import annotations

import datetime
import io
import math
from typing import Any

from northstar_explain.model.learned_model import Model
from northstar_explain.report.audit.workbook.customer_sheet import write_customer
from northstar_explain.report.audit.workbook.golden_sheet import write_golden
from northstar_explain.report.audit.workbook.table_sheets import write_bins, write_pairs, write_ranks, write_texts
from northstar_explain.report.audit.workbook.workbook_parts import (
    BINS,
    CUSTOMER,
    GOLDEN,
    LINE,
    PAIRS,
    RANKS,
    TEXTS,
    Book,
    formats_of,
    sheet_class,
)

_READ_ME = "Read me"
_WIDE = 110  # characters per line of that sheet


def workbook(model: Model) -> bytes:
    """Write the scorecard as a workbook.

    Parameters
    ----------
    model : Model

    Returns
    -------
    bytes
        An .xlsx file, the same for the same model. Every result is a formula; its value computed in Python is cached
        beside it, for programs that do not recalculate.
    """
    import xlsxwriter

    data = io.BytesIO()
    # The library would turn texts that look like formulas, links or numbers into these.
    no_guessing = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    file = xlsxwriter.Workbook(data, {"in_memory": True, **no_guessing})
    # The creation date is the model's: the clock would make every file different.
    year, month, day = map(int, str(model.manifest["date"]).split("-"))
    file.set_properties({"title": f"Scorecard {model.id}", "created": datetime.datetime(year, month, day)})
    file.set_calc_mode("auto")
    book = Book(file, model, formats_of(file))
    sheets = {n: file.add_worksheet(n, sheet_class()) for n in (_READ_ME, CUSTOMER, GOLDEN, BINS, PAIRS, TEXTS, RANKS)}
    write_bins(book, sheets[BINS])
    write_pairs(book, sheets[PAIRS])
    write_ranks(book, sheets[RANKS])
    write_customer(book, sheets[CUSTOMER])
    write_golden(book, sheets[GOLDEN])
    # Last of the tables, as the formulas before it have collected the texts.
    write_texts(book, sheets[TEXTS])
    _write_read_me(book, sheets[_READ_ME])
    sheets[CUSTOMER].activate()
    file.close()
    return data.getvalue()


def _write_read_me(book: Book, sheet: Any) -> None:
    model = book.model
    sheet.set_column(0, 0, _WIDE)
    sheet.fit_to_pages(1, 0)
    lines = (
        "This workbook is the model: every score is a sum of points, and every cell that shows a result is a formula.",
        f"{CUSTOMER}: change a value in column C; an empty cell is a missing value. Bin, points, probability and "
        "segment are recalculated.",
        f"{GOLDEN}: the golden rows stored with the model, including edge cases, scored by formulas. The largest "
        "difference from the expected probability is at the top.",
        f"{BINS}: every bin of every feature: bounds (the lower one is inclusive), points in log-odds, 95% "
        f"interval of the effect, customers. {PAIRS}: the points of pairs of features, as matrices.",
        f"{TEXTS} and {RANKS}: categories with their bins, and the probability at each percentile.",
        "probability = 1 / (1 + exp(-(intercept + all points))). A value on a bound belongs to the bin above it. "
        "Missing is bin 0; a category not seen in training is the last bin.",
        "Spreadsheets treat numbers as equal if they agree in 15 digits. The formulas compare by differences in an "
        "array, which are exact, so that golden rows one float beside a cut are scored correctly as well.",
        "A value outside the contract is scored here by the outermost bin, with a warning; `explain score` rejects it.",
        f"Model {model.id} of {model.manifest['date']}.",
    )
    sheet.write_string(0, 0, f"{model.contract.title}: the scorecard", book.formats["title"])
    for row, text in enumerate(lines, start=2):
        sheet.set_row(row, LINE * math.ceil(len(text) / (0.95 * _WIDE)))
        sheet.write_string(row, 0, text, book.formats["wrap"])
