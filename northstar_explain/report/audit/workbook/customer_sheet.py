"""The sheet of the what-if customer: inputs on the left, points beside them, the result above."""

from __future__ import annotations

from typing import Any

import numpy as np

from northstar_explain.contract.columns import columns_of
from northstar_explain.contract.features import Feature
from northstar_explain.model.golden_scores import EXPECTED
from northstar_explain.model.learned_model import FLAG_BREAK_EVEN, FLAG_F1, Model
from northstar_explain.report.audit.shapes.bin_labels import bin_label, unit_words
from northstar_explain.report.audit.workbook import formulas
from northstar_explain.report.audit.workbook.formulas import CategoryPlace, area
from northstar_explain.report.audit.workbook.workbook_parts import (
    RANKS,
    Book,
    model_inputs,
    term_formula,
    write_headings,
    write_value,
)

_FLAGS = {FLAG_F1: "flagged as likely (highest F1)", FLAG_BREAK_EVEN: "a contact pays (break-even)"}
_FIRST = 5  # the row of the first input; the rows above it hold title, results and headings


def write_customer(book: Book, sheet: Any) -> None:
    """Write the sheet: inputs on the left, points beside them, the result above."""
    model, formats = book.model, book.formats
    columns = columns_of(model.golden, model.contract.features)
    start = _start_row(model)
    places, points = model.scorecard.contributions(columns)
    probability = float(model.golden[EXPECTED[1]][start].as_py())
    features = model_inputs(model)
    cell = {f.name: f"$C${_FIRST + i + 1}" for i, f in enumerate(features)}
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.set_column(0, 0, 60)
    sheet.set_column(1, 1, 26)
    sheet.set_column(2, 2, 18)
    sheet.set_column(3, 3, 34)
    sheet.set_column(4, 6, 12)
    sheet.write_string(0, 0, f"{model.contract.title}: what-if customer, model {model.id}", formats["title"])
    names = ("feature", "column", "value (empty: missing)", "label of the bin", "bin", "points", "rank by size")
    write_headings(book, sheet, _FIRST - 1, names)
    single = {
        term.features[0]: (place, term) for place, term in enumerate(model.scorecard.terms) if len(term.axes) == 1
    }
    rows: dict[int, int] = {}
    for i, feature in enumerate(features):
        row = _FIRST + i
        sheet.write_string(row, 0, _words(feature))
        sheet.write_string(row, 1, feature.name)
        write_value(sheet, row, 2, columns[feature.name], start, formats["input"])
        _validate(book, sheet, row, feature)
        if feature.name in single:
            place, term = single[feature.name]
            rows[place] = row
            bin = int(places[place][start])
            bin_formula = book.places[term.name][0].bin(cell[feature.name])
            label = bin_label(term.axes[0], bin, model.contract)
            sheet.write_formula(row, 4, f"={bin_formula}", None, bin)
            sheet.write_formula(row, 3, f"=INDEX({book.labels[term.name]},E{row + 1}+1)", formats["beside"], label)
            formula = f"=INDEX({book.points[term.name]},E{row + 1}+1)"
            sheet.write_formula(row, 5, formula, formats["points"], float(points[place][start]))
    row = _FIRST + len(features)
    for place, term in enumerate(model.scorecard.terms):
        if len(term.axes) == 2:
            rows[place] = row
            sheet.write_string(row, 0, " with ".join(model.contract[name].words for name in term.features))
            sheet.write_string(row, 1, term.name)
            formula = f"={term_formula(book, term, cell)}"
            sheet.write_formula(row, 5, formula, formats["points"], float(points[place][start]))
            row += 1
    _write_ranking(sheet, rows, points[:, start], row)
    _write_results(book, sheet, row, cell, probability, start)
    _write_relations(book, sheet, cell)
    sheet.conditional_format(_FIRST, 5, row - 1, 5, {"type": "data_bar", "bar_color": "#8FB6D3"})
    sheet.freeze_panes(_FIRST, 0)


def _write_ranking(sheet: Any, rows: dict[int, int], points: np.ndarray, end: int) -> None:
    sizes = np.abs(points)
    for place, row in rows.items():
        formula = f"=1+SUMPRODUCT(--(ABS($F${_FIRST + 1}:$F${end})>ABS(F{row + 1})))"
        sheet.write_formula(row, 6, formula, None, 1 + int((sizes > sizes[place]).sum()))


def _write_results(book: Book, sheet: Any, end: int, cell: dict[str, str], probability: float, start: int) -> None:
    model, formats = book.model, book.formats
    # Cached results only: a spreadsheet program recalculates them when the file is opened.
    logit = float(np.log(probability / (1 - probability))) if 0 < probability < 1 else 0.0
    ranks = area(RANKS, 1, 1, 1001, 1)
    percentile = max(0, int(np.searchsorted(model.purchase.percentiles, probability, side="right")) - 1) / 10
    segment = str(model.golden[EXPECTED[0]][start])
    names = {one.id: one.name for one in model.segmentation.segments}
    name_formula = formulas.segment(model.segmentation.tree, cell, lambda text: book.text(names.get(text, text)))
    results: tuple[tuple[str, str, Any, str], ...] = (
        ("probability", "=1/(1+EXP(-B3))", probability, "result"),
        (
            "log-odds: intercept + all points",
            f"={model.scorecard.intercept!r}+SUM(F{_FIRST + 1}:F{end})",
            logit,
            "points",
        ),
        ("segment", f"={formulas.segment(model.segmentation.tree, cell, book.text)}", segment, "plain"),
    )
    for row, (words, formula, value, style) in enumerate(results, start=1):
        sheet.write_string(row, 0, words, formats["head"])
        sheet.write_formula(row, 1, formula, formats[style], value)
    sheet.write_formula(3, 2, f"={name_formula}", formats["plain"], names[segment])
    sheet.write_string(1, 3, "percentile, 0 to 100")
    sheet.write_formula(1, 4, f"=IFERROR(MATCH(B2,{ranks},1)-1,0)/10", None, percentile)
    for row, (name, threshold) in enumerate(model.purchase.flags.items(), start=2):
        sheet.write_string(row, 3, _FLAGS[name])
        flag = "yes" if probability >= threshold else "no"
        sheet.write_formula(row, 4, f'=IF(B2>={threshold!r},"yes","no")', None, flag)


def _write_relations(book: Book, sheet: Any, cell: dict[str, str]) -> None:
    """Warn of values that contradict each other: `explain score` rejects such a row, whatever the sum gives."""
    contract = book.model.contract
    meant = {one: [when for name in one.columns for when in contract[name].defined_when] for one in contract.relations}
    # Others are of columns that no score depends on, and for which the sheet does not ask.
    asked = [one for one, when in meant.items() if cell.keys() >= {*one.columns, *(test.feature for test in when)}]
    if not asked:
        return
    kept = book.text("all kept")
    formula = kept
    for relation in reversed(asked):
        said = book.text(f"BROKEN, so that explain score rejects the row: {relation.text}")
        formula = f"IF({formulas.breaks(relation, meant[relation], cell, book.text)},{said},{formula})"
    sheet.write_string(3, 3, "relations between values")
    sheet.write_formula(3, 4, f"={formula}", book.formats["plain"], "all kept")
    warning = {"type": "formula", "criteria": f"=NOT(EXACT($E$4,{kept}))", "format": book.formats["warning"]}
    sheet.conditional_format(3, 4, 3, 4, warning)


def _start_row(model: Model) -> int:
    """The golden row of median probability among the first hundred, which are ordinary customers."""
    values = model.golden[EXPECTED[1]].to_numpy()[:100]
    return int(np.argsort(values, kind="stable")[len(values) // 2])


def _words(feature: Feature) -> str:
    unit = unit_words(feature)
    return f"{feature.words}, {unit}" if unit else feature.words


def _validate(book: Book, sheet: Any, row: int, feature: Feature) -> None:
    """Add a menu for categories, and a warning for numbers that the contract would reject."""
    if not feature.kind.numeric:
        places = book.places.get(feature.name, ())
        if places and isinstance(places[0], CategoryPlace):
            # Information rather than an error: an unseen category is a valid input, and has a bin.
            menu = {"validate": "list", "source": f"={places[0].values}", "error_type": "information"}
            sheet.data_validation(row, 2, row, 2, {**menu, "error_title": "Not seen in training"})
        return
    low, high = feature.minimum, feature.maximum
    # A validation needs both bounds; these lie beyond every value.
    low, high = (-1e300 if low is None else low), (1e300 if high is None else high)
    check = "integer" if feature.kind.whole and abs(high) < 2**31 else "decimal"
    rule = {"validate": check, "criteria": "between", "minimum": low, "maximum": high, "error_type": "warning"}
    sheet.data_validation(row, 2, row, 2, {**rule, "error_title": "The contract would reject this"})
