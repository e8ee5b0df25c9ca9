"""The parity certificate: the golden rows scored by four programs that share no code, and how far apart they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib import metadata

import numpy as np

from northstar_explain.contract.columns import columns_of
from northstar_explain.learn.rebuild_ebm import interpret_probability, interpret_version
from northstar_explain.model.golden_scores import EXPECTED, INTERPRET_PROBABILITY
from northstar_explain.model.learned_model import Model
from northstar_explain.model.pack_layout import LOOKUPS, SCORES
from northstar_explain.model.parity import EXACT, ROUNDED, Certificate, Check, Slip
from northstar_explain.model.rules import assign
from northstar_explain.report.audit.workbook.golden_sheet import book_rows
from northstar_explain.verify import run_libreoffice
from northstar_explain.verify.run_duckdb import SqlScripts, answers, scripts_of

_WORST = 5


def certify(model: Model, book: Callable[[], bytes], sql: SqlScripts | None = None) -> Certificate:
    """Score the golden rows with every program available.

    Parameters
    ----------
    model : Model
    book : callable
        Gives the workbook whose formulas are to be recalculated; called only where a program can do that.
    sql : SqlScripts, optional
        What scores the rows in DuckDB, such as that of an audit pack; made from the model where not given.

    Returns
    -------
    Certificate
    """
    with ThreadPoolExecutor(1) as beside:  # LibreOffice is another process; the others do not wait for it
        sheet = beside.submit(_spreadsheet, model, book)
        checks = (_interpret(model), _stored(model), _scorecard(model), _duckdb(model, sql), sheet.result())
    return Certificate(model.id, model.golden.num_rows, checks)


def _interpret(model: Model) -> Check:
    """interpret's own arithmetic on the tables of the scorecard."""
    probability = interpret_probability(model.golden, model.scorecard, model.contract)
    how = "its predict_proba, run now with the tables of scorecard.parquet; probabilities only"
    return replace(_compared(model, "interpret", how, probability=probability), version=interpret_version())


def _stored(model: Model) -> Check:
    about = ("fitted EBM", "interpret's predict_proba before it was compiled, stored then; not run now")
    if INTERPRET_PROBABILITY not in model.golden.column_names:
        return Check(*about, not_checked="the model folder does not hold it")
    stored = model.golden[INTERPRET_PROBABILITY].to_numpy()
    return replace(_compared(model, *about, probability=stored), stored=True)


def _scorecard(model: Model) -> Check:
    columns = columns_of(model.golden, model.contract.features)
    segments = assign(model.segmentation.tree, columns).tolist()
    probability = model.scorecard.probability(columns)
    return _compared(model, "scorecard", "Python: scorecard.parquet and segments.json", probability, segments)


def _duckdb(model: Model, sql: SqlScripts | None) -> Check:
    about = ("SQL in DuckDB", f"{LOOKUPS} and {SCORES}, as “explain sql --scores” writes them")
    try:
        probability, segments = answers(model, sql or scripts_of(model))
    except ModuleNotFoundError:
        return Check(*about, not_checked="duckdb is not installed (pip install 'northstar-explain[audit]')")
    except ValueError as error:
        # A script that does not run scores no row, so that every row is wrong.
        slip = Slip(1, "a query that scores", str(error))
        return Check(*about, rows=model.golden.num_rows, slips=(slip,), wrong=model.golden.num_rows)
    return replace(_compared(model, *about, probability, segments), version=metadata.version("duckdb"))


def _spreadsheet(model: Model, book: Callable[[], bytes]) -> Check:
    about = ("spreadsheet", "scorecard.xlsx, sheet Golden, all formulas recalculated by LibreOffice")
    if run_libreoffice.program() is None:
        return Check(*about, not_checked="LibreOffice is not installed", tolerance=ROUNDED)
    try:
        recalculated = run_libreoffice.scored_rows(run_libreoffice.recalculate(book()))
    except RuntimeError as error:
        return Check(*about, not_checked=str(error), tolerance=ROUNDED)
    probability = np.array([np.nan if value is None else value for value in recalculated.probability])
    return replace(
        _compared(model, *about, probability, list(recalculated.segment), ROUNDED, book_rows(model)),
        version=run_libreoffice.version(),
    )


def _compared(
    model: Model,
    program: str,
    how: str,
    probability: np.ndarray,
    segments: Sequence[str] | None = None,
    tolerance: float = EXACT,
    first: int | None = None,
) -> Check:
    """Compare the first golden rows, or all of them."""
    golden = model.golden if first is None else model.golden.slice(0, first)
    expected_segment, expected = golden[EXPECTED[0]].to_pylist(), golden[EXPECTED[1]].to_numpy()
    count = golden.num_rows
    # Rows are compared by position, which means nothing when their number differs.
    if len(probability) != count or (segments is not None and len(segments) != count):
        return Check(program, how, count, slips=(Slip(1, f"{count:,} rows", f"{len(probability):,} rows"),), wrong=1)
    difference = np.abs(probability - expected)
    # A score that is not a number is an infinite difference.
    difference = np.where(np.isnan(difference), np.inf, difference)
    other_segment = np.array(
        [segments is not None and segments[i] != expected_segment[i] for i in range(count)], dtype=bool
    )
    wrong = np.flatnonzero((difference > tolerance) | other_segment)

    def slip(row: int) -> Slip:
        if difference[row] > tolerance:
            return Slip(row + 1, *(f"probability {float(one[row])!r}" for one in (expected, probability)))
        return Slip(row + 1, *(f"segment {one[row]}" for one in (expected_segment, segments or ())))

    return Check(
        program=program,
        how=how,
        rows=count,
        difference=float(difference.max()) if count else None,
        tolerance=tolerance,
        segments=segments is not None,
        slips=tuple(slip(int(row)) for row in wrong[:_WORST]),
        wrong=len(wrong),
    )
