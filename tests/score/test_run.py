"""A run from file to file: everything is accounted for, and the same customers give the same bytes."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest
from helpers import ID, LABEL, contents, explain, read, with_cells, with_column

from northstar_explain import score, tables
from northstar_explain.contract import Columns, check, columns_of
from northstar_explain.errors import NorthstarError
from northstar_explain.model import Model
from northstar_explain.score import Scorer, run, score_columns
from northstar_explain.score.rejected_rows import join, with_distinct_names
from northstar_explain.score.score_columns import Scored


def test_the_report_counts_what_the_files_hold(model: Model, customers: pa.Table, tmp_path: Path) -> None:
    path, out = tmp_path / "week.parquet", tmp_path / "scores.csv"
    tables.write(with_cells(customers.slice(0, 1_000), "sessions_30d", {3: -1, 700: 2.5}, pa.float64()), path)
    done = run(model, path, out)
    scores, rejected = read(out), read(tmp_path / "scores.csv.rejected.csv")
    report = json.loads((tmp_path / "scores.csv.report.json").read_text())
    assert report == done.facts
    assert report["inputs"] == [file_facts(path)]
    written = [file_facts(out, 998), file_facts(tmp_path / "scores.csv.rejected.csv", 2)]
    assert report["outputs"] == written
    assert report["rows"] == report["scored"] + report["rejected"] == 1_000
    assert (scores.num_rows, rejected.num_rows) == (report["scored"], report["rejected"]) == (998, 2)
    ids = [*scores[ID].to_pylist(), *rejected[ID].to_pylist()]
    assert sorted(ids) == sorted(customers[ID].to_pylist()[:1_000])
    for name, column in (("segments", "segment_id"), ("deciles", "decile")):
        counts = Counter(scores[column].to_pylist())
        assert report[name] == {key: {"customers": n, "share": n / 998} for key, n in counts.items()}
    assert report["borderline"] == scores["borderline"].to_pylist().count("true")
    assert report["reasons"] == [
        {"column": "sessions_30d", "expected": "0 to 5000", "rows": 1, "example": {"row": 4, "got": "-1.0"}},
        {"column": "sessions_30d", "expected": "a whole number", "rows": 1, "example": report["reasons"][1]["example"]},
    ]
    assert report["reasons"][1]["example"]["got"] == "2.5"
    for name in ("flag_f1", "flag_break_even"):
        assert report[name] == scores[name].to_pylist().count("true") > 0
    assert report["likely_buyers"] == report["flag_f1"] and scores["likely_buyer"].equals(scores["flag_f1"])
    assert report["model_id"] == model.id
    assert (done.rows, done.scored, done.rejected, done.published) == (1_000, 998, 2, True)


def file_facts(path: Path, rows: int | None = None) -> dict[str, object]:
    """What a report says of a file."""
    data = path.read_bytes()
    counted = {} if rows is None else {"rows": rows}
    return {"name": path.name, **counted, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


@pytest.mark.parametrize("ending", ["parquet", "csv", "arrow"])
def test_the_same_customers_give_the_same_bytes(ending: str, model_dir: Path, some_file: Path, tmp_path: Path) -> None:
    out = tmp_path / f"s.{ending}"
    command = ["score", some_file, "--model", model_dir, "--out", out, "--overwrite"]
    explain(*command)
    first = contents(tmp_path)
    assert explain(*command).exit_code == 0
    second = contents(tmp_path)
    reports = [json.loads(files.pop(f"s.{ending}.report.json") or b"") for files in (first, second)]
    assert first == second
    assert [report.pop("seconds")["total"] >= 0 for report in reports] == [True, True]
    assert reports[0] == reports[1]


def test_the_label_is_neither_needed_nor_used(model: Model, some: pa.Table) -> None:
    def score(table: pa.Table) -> pa.Table:
        return Scorer(model)(check(table, model.contract).accepted)

    expected = score(some.drop_columns([LABEL]))
    flipped = [1 - value for value in some[LABEL].to_pylist()]
    assert score(with_column(some, LABEL, flipped)).equals(expected)
    assert score(with_column(some, LABEL, ["nonsense"] * 300)).equals(expected)


def test_columns_may_come_in_any_order(model: Model, some: pa.Table) -> None:
    turned = some.select(some.column_names[::-1])
    first, second = (Scorer(model)(check(t, model.contract).accepted) for t in (some, turned))
    assert first.equals(second)


@pytest.mark.parametrize("rows", [1, 2, 63, 64, 65, 128, 129])
def test_a_partial_last_batch_scores_as_it_would_anywhere(
    rows: int, model: Model, some: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted = check(some, model.contract).accepted
    expected = Scorer(model)(accepted).slice(0, rows).to_pylist()
    monkeypatch.setattr(score_columns, "CACHE_ROWS", 64)
    assert Scorer(model)(accepted.slice(0, rows)).to_pylist() == expected


def test_a_score_does_not_depend_on_the_rows_beside_it(model: Model, some: pa.Table) -> None:
    """NumPy's own sum over terms differs in the last bit between one row and many."""
    columns = columns_of(check(some, model.contract).accepted, model.contract.features)
    _, points = model.scorecard.contributions(columns)
    together = model.scorecard.logit(points)
    for row in range(points.shape[1]):
        assert model.scorecard.logit(points[:, row : row + 1])[0] == together[row]


def test_fewer_terms_than_reasons_leave_reasons_empty(model: Model, some: pa.Table) -> None:
    from dataclasses import replace

    two = replace(model, scorecard=replace(model.scorecard, terms=model.scorecard.terms[:2]))
    scores = Scorer(two)(check(some, model.contract).accepted)
    assert scores["reason_1"].null_count == 0
    assert scores["reason_3"].null_count == 300


def test_a_term_that_adds_nothing_is_no_reason(model: Model, some: pa.Table) -> None:
    from dataclasses import replace

    silent = tuple(replace(term, points=term.points * 0) for term in model.scorecard.terms)
    scores = Scorer(replace(model, scorecard=replace(model.scorecard, terms=silent)))(
        check(some, model.contract).accepted
    )
    assert [scores[f"reason_{i}"].null_count for i in (1, 2, 3)] == [300, 300, 300]


def test_a_row_that_got_lost_would_stop_the_run(
    model: Model, some_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Scorer.score

    def careless(self: Scorer, ids: pa.Array, columns: Columns) -> Scored:
        scored = real(self, ids, columns)
        return scored._replace(rows=scored.rows.slice(1))

    monkeypatch.setattr(Scorer, "score", careless)
    with pytest.raises(NorthstarError, match=r"rows: expected 300 accounted for; got 299 scored \+ 0 rejected"):
        run(model, some_file, tmp_path / "s.parquet")
    assert contents(tmp_path) == {}


def test_columns_of_rejected_rows_never_share_a_name() -> None:
    table = pa.table([pa.array([1])] * 6, names=["row", "reasons", "row", "row.2", "row", "id"])
    assert with_distinct_names(table).column_names == ["row", "reasons", "row.2", "row.2.2", "row.3", "id"]


@pytest.mark.parametrize(("old", "new"), [("Options", score.ScoringOptions), ("Run", score.ScoringRun)])
def test_old_names_are_kept_for_a_version_with_a_warning(old: str, new: type) -> None:
    with pytest.warns(FutureWarning, match=f"northstar_explain.score.{old} is now {new.__name__}"):
        assert getattr(score, old) is new
    with pytest.raises(AttributeError, match="has no attribute 'Option'"):
        score.Option  # noqa: B018


def test_rejected_rows_of_a_csv_are_csv_whatever_their_types(tmp_path: Path) -> None:
    columns = {
        "row": [7],
        "reasons": ["=a: expected a number, got 'x'"],
        "=a": ["x"],
        "more": [[1, 2]],
        "at": [b"\xff"],
    }
    rejects_of, out = tmp_path / "part.arrow", tmp_path / "rejected.csv"
    tables.write(pa.table(columns), rejects_of)
    assert join([rejects_of, rejects_of], out) == 2
    (first, second) = read(out).to_pylist()
    assert first == second
    assert first == {
        "row": "7", "reasons": "'=a: expected a number, got 'x'", "'=a": "x", "more": "[1, 2]", "at": "b'\\xff'",
    }  # fmt: skip
