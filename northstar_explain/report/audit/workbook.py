"""``scorecard.xlsx``: the model as a spreadsheet that scores one customer and the golden rows by live formulas."""

from __future__ import annotations

import datetime
import io
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from northstar_explain.contract import Category, Feature, Kind, columns_of
from northstar_explain.model import Model
from northstar_explain.model.folder import EXPECTED
from northstar_explain.model.scorecard import Bins, CategoryBins, NumberBins, Term
from northstar_explain.report.audit import formulas
from northstar_explain.report.audit.closeness import too_close
from northstar_explain.report.audit.formulas import LOWEST, CategoryPlace, NumberPlace, Place, area
from northstar_explain.report.audit.labels import bin_label, unit_words

GOLDEN = "Golden"
CLOSE_WORDS = "too close to a cut for a spreadsheet's 15 digits"
_CUSTOMER, _BINS, _PAIRS, _TEXTS, _RANKS = "Customer", "Bins", "Pairs", "Texts", "Ranks"
_FIRST = 5  # the row of the first input; the rows above it hold title, results and headings


@dataclass
class Book:
    """A workbook that is being written.

    Attributes
    ----------
    file : xlsxwriter.Workbook
    model : Model
    formats : dict
    rows : list of (str, int or None)
        The sheet of texts, row by row: a text, and its bin where it is a category.
    texts : dict
        A text to its row, where it stands there without a bin.
    places : dict
        Term to the bounds of its axes.
    points : dict
        Term to the range of its points.
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
        """The cell that holds a text, so that no text stands in a formula."""
        if value not in self.texts:
            self.rows.append((value, None))
            self.texts[value] = len(self.rows)
        return f"{_TEXTS}!$A${self.texts[value] + 1}"

    def category(self, axis: CategoryBins) -> CategoryPlace:
        """Where the values of a category stand, each beside its bin; every axis has rows of its own."""
        first = len(self.rows) + 1
        self.rows += axis.values.items()
        last = len(self.rows)
        return CategoryPlace(area(_TEXTS, first, 0, last, 0), area(_TEXTS, first, 1, last, 1), axis.count - 1)


def workbook(model: Model) -> bytes:
    """The scorecard as a spreadsheet.

    Parameters
    ----------
    model : Model

    Returns
    -------
    bytes
        An .xlsx file, the same for the same model. Every result is a formula; what it gave in Python is stored beside
        it, for programs that do not calculate.
    """
    import xlsxwriter

    data = io.BytesIO()
    no_guessing = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    file = xlsxwriter.Workbook(data, {"in_memory": True, **no_guessing})
    year, month, day = map(int, str(model.manifest["date"]).split("-"))
    file.set_properties({"title": f"Scorecard {model.id}", "created": datetime.datetime(year, month, day)})
    file.set_calc_mode("auto")
    book = Book(file, model, _formats(file))
    sheets = {
        n: file.add_worksheet(n, _sheet_class()) for n in ("Read me", _CUSTOMER, GOLDEN, _BINS, _PAIRS, _TEXTS, _RANKS)
    }
    _write_bins(book, sheets[_BINS])
    _write_pairs(book, sheets[_PAIRS])
    _write_ranks(book, sheets[_RANKS])
    _write_customer(book, sheets[_CUSTOMER])
    _write_golden(book, sheets[GOLDEN])
    _write_texts(book, sheets[_TEXTS])
    _write_read_me(book, sheets["Read me"])
    sheets[_CUSTOMER].activate()
    file.close()
    return data.getvalue()


def _sheet_class() -> type:
    """A sheet that does not search each formula for functions newer than ours; there are 27,000 formulas."""
    from xlsxwriter.worksheet import Worksheet

    class Plain(Worksheet):
        """Takes formulas as they are."""

        def _prepare_formula(self, formula: str, expand_future_functions: bool = False) -> str:
            return formula.removeprefix("=")

    return Plain


def _formats(file: Any) -> dict[str, Any]:
    styles = {
        "title": {"bold": True, "font_size": 14},
        "head": {"bold": True, "text_wrap": True, "valign": "top", "bottom": 1},
        "input": {"bg_color": "#FFF4D6", "border": 1, "border_color": "#C9CED4"},
        "result": {"bold": True, "font_size": 14, "num_format": "0.0000%"},
        "points": {"num_format": "+0.0000;-0.0000;0.0000"},
        "plain": {},
        "wrap": {"text_wrap": True, "valign": "top"},
    }
    return {name: file.add_format(style) for name, style in styles.items()}


def _one_feature_terms(model: Model) -> list[Term]:
    return [term for term in model.scorecard.terms if len(term.axes) == 1]


def _write_bins(book: Book, sheet: Any) -> None:
    """A row a bin: term, bin, what it is, lower bound (inclusive), upper bound, points, spread, customers."""
    heads = ("term", "bin", "what", "lower (inclusive)", "upper", "points", "spread over bags", "customers in training")
    _heads(book, sheet, 0, heads)
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, 0, 28)
    sheet.set_column(2, 2, 34)
    sheet.set_column(3, 7, 16)
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
                sheet.write_number(row, 3, LOWEST if lower is None else lower)
                if upper is not None:
                    sheet.write_number(row, 4, upper)
            for place, values in enumerate((term.points, term.spread, term.customers), start=5):
                sheet.write_number(row, place, float(values[bin]))
            row += 1
        book.points[term.name] = area(_BINS, start, 5, row - 1, 5)
        book.labels[term.name] = area(_BINS, start, 2, row - 1, 2)
        bounds = NumberPlace(area(_BINS, start + 1, 3, row - 2, 3))
        book.places[term.name] = (bounds if isinstance(axis, NumberBins) else book.category(axis),)


def _write_pairs(book: Book, sheet: Any) -> None:
    """For each pair a block: its name, the lower bounds of the columns, then a row a bin with its lower bound."""
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
        book.points[term.name] = area(_PAIRS, row + 2, 2, row + 1 + down.count, 1 + across.count)
        book.places[term.name] = (
            _pair_place(book, down, area(_PAIRS, row + 3, 1, row + down.count, 1)),
            _pair_place(book, across, area(_PAIRS, row + 1, 3, row + 1, across.count)),
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


def _write_ranks(book: Book, sheet: Any) -> None:
    _heads(book, sheet, 0, ("percentile of the training population", "probability"))
    for place, value in enumerate(book.model.purchase.percentiles):
        sheet.write_number(place + 1, 0, place / 10)
        sheet.write_number(place + 1, 1, value)


def _write_texts(book: Book, sheet: Any) -> None:
    _heads(book, sheet, 0, ("text", "bin"))
    sheet.set_column(0, 0, 40)
    for row, (text, bin) in enumerate(book.rows, start=1):
        sheet.write_string(row, 0, text)
        if bin is not None:
            sheet.write_number(row, 1, bin)


def _heads(book: Book, sheet: Any, row: int, heads: tuple[str, ...]) -> None:
    for place, text in enumerate(heads):
        sheet.write_string(row, place, text, book.formats["head"])


def _term_formula(book: Book, term: Term, cell: dict[str, str]) -> str:
    """What a term adds, from the cells that hold its features."""
    bins = [place.bin(cell[axis.feature]) for place, axis in zip(book.places[term.name], term.axes, strict=True)]
    return f"INDEX({book.points[term.name]},{','.join(f'{bin}+1' for bin in bins)})"


def _write_customer(book: Book, sheet: Any) -> None:
    """Inputs on the left, points beside them, the result above."""
    model, formats = book.model, book.formats
    columns = columns_of(model.golden, model.contract.features)
    start = _start_row(model)
    places, points = model.scorecard.contributions(columns)
    probability = float(model.golden[EXPECTED[1]][start].as_py())
    features = _asked(model)
    cell = {f.name: f"$C${_FIRST + i + 1}" for i, f in enumerate(features)}
    sheet.set_column(0, 0, 46)
    sheet.set_column(1, 1, 26)
    sheet.set_column(2, 2, 16)
    sheet.set_column(3, 3, 26)
    sheet.set_column(4, 6, 12)
    sheet.write_string(0, 0, f"{model.contract.title}: what-if customer, model {model.id}", formats["title"])
    heads = ("feature", "column", "value (empty: missing)", "bin found", "bin", "points", "rank by size")
    _heads(book, sheet, _FIRST - 1, heads)
    one = {term.features[0]: (place, term) for place, term in enumerate(model.scorecard.terms) if len(term.axes) == 1}
    rows: dict[int, int] = {}
    for i, feature in enumerate(features):
        row = _FIRST + i
        sheet.write_string(row, 0, _words(feature))
        sheet.write_string(row, 1, feature.name)
        _write_value(sheet, row, 2, columns[feature.name], start, formats["input"])
        _validate(book, sheet, row, feature)
        if feature.name in one:
            place, term = one[feature.name]
            rows[place] = row
            bin = int(places[place][start])
            found = book.places[term.name][0].bin(cell[feature.name])
            label = bin_label(term.axes[0], bin, model.contract)
            sheet.write_formula(row, 4, f"={found}", None, bin)
            sheet.write_formula(row, 3, f"=INDEX({book.labels[term.name]},E{row + 1}+1)", None, label)
            formula = f"=INDEX({book.points[term.name]},E{row + 1}+1)"
            sheet.write_formula(row, 5, formula, formats["points"], float(points[place][start]))
    row = _FIRST + len(features)
    for place, term in enumerate(model.scorecard.terms):
        if len(term.axes) == 2:
            rows[place] = row
            sheet.write_string(row, 0, " with ".join(model.contract[name].words for name in term.features))
            sheet.write_string(row, 1, term.name)
            formula = f"={_term_formula(book, term, cell)}"
            sheet.write_formula(row, 5, formula, formats["points"], float(points[place][start]))
            row += 1
    _write_ranking(sheet, rows, points[:, start], row)
    _write_results(book, sheet, row, cell, probability, start)
    sheet.conditional_format(_FIRST, 5, row - 1, 5, {"type": "data_bar", "bar_color": "#8FB6D3"})
    sheet.freeze_panes(_FIRST, 0)


def _write_ranking(sheet: Any, rows: dict[int, int], points: np.ndarray, end: int) -> None:
    sizes = np.abs(points)
    for place, row in rows.items():
        formula = f"=1+SUMPRODUCT(--(ABS($F${_FIRST + 1}:$F${end})>ABS(F{row + 1})))"
        sheet.write_formula(row, 6, formula, None, 1 + int((sizes > sizes[place]).sum()))


def _write_results(book: Book, sheet: Any, end: int, cell: dict[str, str], probability: float, start: int) -> None:
    model, formats = book.model, book.formats
    logit = float(np.log(probability / (1 - probability))) if 0 < probability < 1 else 0.0
    ranks = area(_RANKS, 1, 1, 1001, 1)
    percentile = max(0, int(np.searchsorted(model.purchase.percentiles, probability, side="right")) - 1) / 10
    segment = str(model.golden[EXPECTED[0]][start])
    names = {one.id: one.name for one in model.segmentation.segments}
    listed = formulas.segment(model.segmentation.tree, cell, lambda text: book.text(names.get(text, text)))
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
    sheet.write_formula(3, 2, f"={listed}", formats["plain"], names[segment])
    sheet.write_string(1, 3, "percentile, 0 to 100")
    sheet.write_formula(1, 4, f"=IFERROR(MATCH(B2,{ranks},1)-1,0)/10", None, percentile)
    sheet.write_string(2, 3, "likely buyer (from the threshold on)")
    flag = "yes" if probability >= model.purchase.threshold else "no"
    sheet.write_formula(2, 4, f'=IF(B2>={model.purchase.threshold!r},"yes","no")', None, flag)


def _asked(model: Model) -> list[Feature]:
    """The features that scorecard or rules ask about, in the contract's order."""
    asked = {*model.scorecard.features, *(name for name, _ in _tests(model))}
    return [feature for feature in model.contract.features if feature.name in asked]


def _tests(model: Model) -> list[tuple[str, object]]:
    return [(c.feature, c) for rule in model.segmentation.rules for c in rule.conditions]


def _start_row(model: Model) -> int:
    """The golden row to begin with: of the first hundred, which are ordinary customers, the one in the middle."""
    values = model.golden[EXPECTED[1]].to_numpy()[:100]
    return int(np.argsort(values, kind="stable")[len(values) // 2])


def _words(feature: Feature) -> str:
    unit = unit_words(feature)
    return f"{feature.words}, {unit}" if unit else feature.words


def _write_value(sheet: Any, row: int, column: int, values: np.ndarray | Category, place: int, style: Any) -> None:
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


def _validate(book: Book, sheet: Any, row: int, feature: Feature) -> None:
    """A menu for categories; a warning for numbers that the contract would reject."""
    if not feature.kind.numeric:
        found = [p for t, places in book.places.items() if t == feature.name for p in places]
        if found and isinstance(found[0], CategoryPlace):
            menu = {"validate": "list", "source": f"={found[0].values}", "error_type": "information"}
            sheet.data_validation(row, 2, row, 2, {**menu, "error_title": "Not seen in training"})
        return
    low, high = feature.minimum, feature.maximum
    low, high = (-1e300 if low is None else low), (1e300 if high is None else high)
    check = "integer" if feature.kind in (Kind.COUNT, Kind.DAYS) and abs(high) < 2**31 else "decimal"
    rule = {"validate": check, "criteria": "between", "minimum": low, "maximum": high, "error_type": "warning"}
    sheet.data_validation(row, 2, row, 2, {**rule, "error_title": "The contract would reject this"})


def _write_golden(book: Book, sheet: Any) -> None:
    """Every golden row with live formulas beside what the model scored, and the largest difference above."""
    model = book.model
    features, terms = _asked(model), model.scorecard.terms
    columns = columns_of(model.golden, model.contract.features)
    points = model.scorecard.contributions(columns)[1]
    segments, expected = (model.golden[name].to_pylist() for name in EXPECTED)
    close = too_close(model)
    first_term = 1 + len(features)
    last = first_term + len(terms)  # the column of the sum
    heads = ("row", *(f.name for f in features), *(t.name for t in terms), "log-odds", "probability", "segment",
             "expected probability", "expected segment", "difference", "segment agrees")  # fmt: skip
    _heads(book, sheet, 3, heads)
    sheet.freeze_panes(4, 1)
    for place in range(model.golden.num_rows):
        row = 4 + place
        cell = {f.name: f"${formulas.column(1 + i)}{row + 1}" for i, f in enumerate(features)}
        sheet.write_number(row, 0, place + 1)
        for i, feature in enumerate(features):
            _write_value(sheet, row, 1 + i, columns[feature.name], place, None)
        for i, term in enumerate(terms):
            sheet.write_formula(
                row, first_term + i, f"={_term_formula(book, term, cell)}", None, float(points[i][place])
            )
        a, b = formulas.column(first_term), formulas.column(last - 1)
        total, probability, segment, wanted, agreed = (formulas.column(last + i) for i in range(5))
        logit = float(model.scorecard.intercept + points[:, place].sum())
        sheet.write_formula(row, last, f"={model.scorecard.intercept!r}+SUM({a}{row + 1}:{b}{row + 1})", None, logit)
        sheet.write_formula(row, last + 1, f"=1/(1+EXP(-{total}{row + 1}))", None, expected[place])
        assigned = formulas.segment(model.segmentation.tree, cell, book.text)
        sheet.write_formula(row, last + 2, f"={assigned}", None, segments[place])
        sheet.write_number(row, last + 3, expected[place])
        sheet.write_string(row, last + 4, segments[place])
        if close[place]:
            sheet.write_string(row, last + 5, CLOSE_WORDS)
            continue
        difference = f"=ABS({probability}{row + 1}-{wanted}{row + 1})"
        sheet.write_formula(row, last + 5, difference, None, 0.0)
        sheet.write_formula(row, last + 6, f"=IF(EXACT({segment}{row + 1},{agreed}{row + 1}),0,1)", None, 0)
    _write_golden_head(book, sheet, last, int(close.sum()))


def _write_golden_head(book: Book, sheet: Any, last: int, close: int) -> None:
    count = book.model.golden.num_rows
    difference, wrong = (area(GOLDEN, 4, last + i, 3 + count, last + i) for i in (5, 6))
    sheet.write_string(
        0, 0, "Golden rows: ordinary and hard cases, scored by the formulas below", book.formats["title"]
    )
    sheet.write_string(1, 0, "largest difference to the expected probability")
    sheet.write_formula(1, 6, f"=MAX({difference})", None, 0.0)
    sheet.write_string(2, 0, "rows in another segment than expected")
    sheet.write_formula(2, 6, f"=SUM({wrong})", None, 0)
    sheet.write_string(1, 8, f"compared: {count - close:,} of {count:,} rows; {close:,} are {CLOSE_WORDS}")


def _write_read_me(book: Book, sheet: Any) -> None:
    model = book.model
    sheet.set_column(0, 0, 110)
    lines = (
        "This workbook is the model: every score is a sum of points, and every cell that shows a result is a formula.",
        f"{_CUSTOMER}: change a value in column C; an empty cell is a missing value. Bin, points, probability and "
        "segment follow.",
        f"{GOLDEN}: the rows stored with the model, hard cases among them, scored by formulas. The largest difference "
        "to what the model scored stands at the top.",
        f"{_BINS}: every bin of every feature: bounds (the lower one is inclusive), points in log-odds, spread over "
        f"the bags, customers. {_PAIRS}: the same for pairs of features, as matrices.",
        f"{_TEXTS} and {_RANKS}: categories with their bins, and the probability at each percentile.",
        "probability = 1 / (1 + exp(-(intercept + all points))). A value on a bound belongs to the bin above it. "
        "Missing is bin 0; a category that training did not hold is the last bin.",
        "Spreadsheets tell numbers apart to 15 digits. Golden rows that differ from a cut by less are marked and not "
        "compared here; they are compared in Python, in SQL and in audit.html.",
        "A value outside the contract is scored here with a warning, by the outermost bin; `explain score` rejects it.",
        f"Model {model.id} of {model.manifest['date']}.",
    )
    sheet.write_string(0, 0, f"{model.contract.title}: the scorecard", book.formats["title"])
    for row, text in enumerate(lines, start=2):
        sheet.write_string(row, 0, text, book.formats["wrap"])
