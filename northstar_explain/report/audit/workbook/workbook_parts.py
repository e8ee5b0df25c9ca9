"""A workbook being written: its sheets, the cells that formulas refer to, and helpers to write values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from northstar_explain.contract.categories import Category
from northstar_explain.contract.features import Feature
from northstar_explain.model.learned_model import Model
from northstar_explain.model.scorecard import CategoryBins, Term
from northstar_explain.report.audit.workbook.formulas import CategoryPlace, Place, area

CUSTOMER, GOLDEN, BINS, PAIRS, TEXTS, RANKS = "Customer", "Golden", "Bins", "Pairs", "Texts", "Ranks"

LINE = 15  # height of a line of text, in typographic points


@dataclass
class Book:
    """A workbook being written.

    Attributes
    ----------
    file : xlsxwriter.Workbook
    model : Model
    formats : dict
    rows : list of (str, int or None)
        The rows of the sheet of texts: a text, and its bin if it is a category.
    texts : dict
        Text to its row, for texts without a bin.
    places : dict
        Term to the cell ranges of its axes' bounds.
    points : dict
        Term to the cell range of its points.
    labels : dict
        Term of one feature to the cell range of its bins' labels.
    """

    file: Any
    model: Model
    formats: dict[str, Any]
    rows: list[tuple[str, int | None]] = field(default_factory=list)
    texts: dict[str, int] = field(default_factory=dict)
    places: dict[str, tuple[Place, ...]] = field(default_factory=dict)
    points: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)

    def text(self, value: str) -> str:
        """The cell that holds a text: formulas refer to texts by cell, so that no text can become part of a formula."""
        if value not in self.texts:
            self.rows.append((value, None))
            self.texts[value] = len(self.rows)
        return f"{TEXTS}!$A${self.texts[value] + 1}"

    def category(self, axis: CategoryBins) -> CategoryPlace:
        """Write the values of a category with their bins to the sheet of texts; every axis gets its own rows."""
        first = len(self.rows) + 1
        # Not shared with texts of formulas: the rows of an axis must be adjacent to be one range.
        self.rows += axis.values.items()
        last = len(self.rows)
        return CategoryPlace(area(TEXTS, first, 0, last, 0), area(TEXTS, first, 1, last, 1), axis.count - 1)


def formats_of(file: Any) -> dict[str, Any]:
    styles = {
        "title": {"bold": True, "font_size": 14},
        "head": {"bold": True, "text_wrap": True, "valign": "top", "bottom": 1},
        "input": {"bg_color": "#FFF4D6", "border": 1, "border_color": "#C9CED4"},
        "result": {"bold": True, "font_size": 14, "num_format": "0.0000%"},
        "points": {"num_format": "+0.0000;-0.0000;0.0000"},
        "plain": {},
        "warning": {"bold": True, "font_color": "#9C1C1C", "bg_color": "#FBE4E1"},
        "beside": {"indent": 1},
        "wrap": {"text_wrap": True, "valign": "top"},
    }
    return {name: file.add_format(style) for name, style in styles.items()}


def sheet_class() -> type:
    """A worksheet class that keeps every digit of a number and skips the search for functions of newer Excel versions.

    The search applies many regular expressions to each of tens of thousands of formulas, none of which uses such a
    function.
    """
    from xlsxwriter.worksheet import Worksheet

    class Plain(Worksheet):  # type: ignore[misc]  # XlsxWriter has no types
        """Writes formulas and numbers unchanged."""

        def _prepare_formula(self, formula: str, expand_future_functions: bool = False) -> str:
            return formula.removeprefix("=")

        def _xml_number_element(self, number: float, attributes: Any = ()) -> None:
            # The library writes 16 significant digits; 17 are needed to distinguish all neighbouring floats.
            signs = "".join(f' {key}="{value}"' for key, value in attributes)
            self.fh.write(f"<c{signs}><v>{number!r}</v></c>")

    return Plain


def write_headings(book: Book, sheet: Any, row: int, heads: tuple[str, ...]) -> None:
    """Write column headings in a row two lines high: not every program adjusts the height to wrapped text."""
    sheet.set_row(row, 2 * LINE)
    for place, text in enumerate(heads):
        sheet.write_string(row, place, text, book.formats["head"])


def term_formula(book: Book, term: Term, cell: dict[str, str]) -> str:
    """The formula for the points of a term, from the cells that hold its features."""
    bins = [place.bin(cell[axis.feature]) for place, axis in zip(book.places[term.name], term.axes, strict=True)]
    # Plus one, as INDEX counts from 1 and bin 0 is missing.
    return f"INDEX({book.points[term.name]},{','.join(f'{bin}+1' for bin in bins)})"


def model_inputs(model: Model) -> list[Feature]:
    """The features that scorecard or rules use, in the contract's order."""
    rules = {condition.feature for rule in model.segmentation.rules for condition in rule.conditions}
    used = rules | set(model.scorecard.features)
    return [feature for feature in model.contract.features if feature.name in used]


def write_value(sheet: Any, row: int, column: int, values: np.ndarray | Category, place: int, style: Any) -> None:
    value = _value(values, place)
    if value is None:
        sheet.write_blank(row, column, None, style)
    elif isinstance(value, str):
        sheet.write_string(row, column, value, style)
    else:
        sheet.write_number(row, column, value, style)


def _value(values: np.ndarray | Category, place: int) -> float | str | None:
    if isinstance(values, Category):
        code = int(values.codes[place])
        return None if code < 0 else values.values[code]
    value = float(values[place])
    return None if np.isnan(value) else value
