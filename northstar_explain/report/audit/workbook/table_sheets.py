"""The sheets that hold the model: bins, pairs, categories and texts, percentiles.

Bins and pairs are written first: they record in the `Book` where points and bounds stand, for the formulas of the
other sheets.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from northstar_explain.model.learned_model import Model
from northstar_explain.model.scorecard import Bins, NumberBins, Term
from northstar_explain.report.audit.shapes.bin_labels import bin_label
from northstar_explain.report.audit.workbook.formulas import LOWEST, NumberPlace, Place, area
from northstar_explain.report.audit.workbook.workbook_parts import BINS, PAIRS, Book, write_headings


def _one_feature_terms(model: Model) -> list[Term]:
    return [term for term in model.scorecard.terms if len(term.axes) == 1]


def write_bins(book: Book, sheet: Any) -> None:
    """Write a row per bin: term, bin, label, lower bound (inclusive), upper bound, points, 95% interval, customers."""
    names = ("term", "bin", "what", "lower (inclusive)", "upper", "points", "95% interval from", "to",
             "customers in training")  # fmt: skip
    write_headings(book, sheet, 0, names)
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, 0, 28)
    sheet.set_column(2, 2, 34)
    sheet.set_column(3, 8, 16)
    row = 1
    for term in _one_feature_terms(book.model):
        (axis,) = term.axes
        start = row
        for bin in range(axis.count):
            sheet.write_string(row, 0, term.name)
            sheet.write_number(row, 1, bin)
            sheet.write_string(row, 2, bin_label(axis, bin, book.model.contract))
            if isinstance(axis, NumberBins) and 0 < bin < axis.count - 1:
                lower, upper = axis.bounds(bin)
                # A number even for the first bin: formulas count the bounds at or below a value.
                sheet.write_number(row, 3, LOWEST if lower is None else lower)
                if upper is not None:
                    sheet.write_number(row, 4, upper)
            sheet.write_number(row, 5, float(term.points[bin]))
            if term.interval is not None and not np.isnan(term.interval[0, bin]):
                for place, bound in enumerate(term.interval[:, bin], start=6):
                    sheet.write_number(row, place, float(bound))
            sheet.write_number(row, 8, float(term.customers[bin]))
            row += 1
        book.points[term.name] = area(BINS, start, 5, row - 1, 5)
        book.labels[term.name] = area(BINS, start, 2, row - 1, 2)
        # Without the first and the last row, missing and unseen, which have no bounds.
        bounds = NumberPlace(area(BINS, start + 1, 3, row - 2, 3))
        book.places[term.name] = (bounds if isinstance(axis, NumberBins) else book.category(axis),)


def write_pairs(book: Book, sheet: Any) -> None:
    """Write a block per pair: its name, the lower bounds of the columns, then a row per bin with its lower bound."""
    sheet.set_column(0, 0, 40)
    row = 0
    for term in book.model.scorecard.terms:
        if len(term.axes) != 2:
            continue
        down, across = term.axes
        sheet.write_string(row, 0, term.name, book.formats["head"])
        sheet.write_string(row, 1, "rows: first feature, columns: second; bin 0 is missing, the last is unseen")
        _write_side(book, sheet, row + 1, 2, across, by_row=False)
        _write_side(book, sheet, row + 2, 1, down, by_row=True)
        sheet.write_string(row + 1, 0, "lower bound (inclusive) or category")
        for bin in range(down.count):
            sheet.write_number(row + 2 + bin, 0, bin)
            for other in range(across.count):
                sheet.write_number(row + 2 + bin, 2 + other, float(term.points[bin, other]))
        book.points[term.name] = area(PAIRS, row + 2, 2, row + 1 + down.count, 1 + across.count)
        book.places[term.name] = (
            _pair_place(book, down, area(PAIRS, row + 3, 1, row + down.count, 1)),
            _pair_place(book, across, area(PAIRS, row + 1, 3, row + 1, across.count)),
        )
        row += down.count + 3


def _write_side(book: Book, sheet: Any, row: int, column: int, axis: Bins, by_row: bool) -> None:
    for bin in range(axis.count):
        at = (row + bin, column) if by_row else (row, column + bin)
        if isinstance(axis, NumberBins) and 0 < bin < axis.count - 1:
            lower = axis.bounds(bin)[0]
            sheet.write_number(*at, LOWEST if lower is None else lower)
        else:
            sheet.write_string(*at, bin_label(axis, bin, book.model.contract))


def _pair_place(book: Book, axis: Bins, bounds: str) -> Place:
    return NumberPlace(bounds) if isinstance(axis, NumberBins) else book.category(axis)


def write_ranks(book: Book, sheet: Any) -> None:
    write_headings(book, sheet, 0, ("percentile of the training population", "probability"))
    for place, value in enumerate(book.model.purchase.percentiles):
        sheet.write_number(place + 1, 0, place / 10)
        sheet.write_number(place + 1, 1, value)


def write_texts(book: Book, sheet: Any) -> None:
    write_headings(book, sheet, 0, ("text", "bin"))
    sheet.set_column(0, 0, 40)
    for row, (text, bin) in enumerate(book.rows, start=1):
        sheet.write_string(row, 0, text)
        if bin is not None:
            sheet.write_number(row, 1, bin)
