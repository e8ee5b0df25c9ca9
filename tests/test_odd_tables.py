"""Tables as exports leave them, through `explain init`: one clear line where they cannot be read, no silent change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers import explain, plain
from shop import shop

from northstar_explain import tables
from northstar_explain.contract import Contract, check, load, parse
from northstar_explain.contract.draft_questions import open_questions
from northstar_explain.tables.csv_dialects import Hints, detect

ROWS = 400


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return shop(ROWS).to_pandas()


def drafted(path: Path) -> tuple[Contract, str]:
    """The contract that `explain init` drafts from a file, and what it says on stderr."""
    out = path.with_suffix(".toml")
    done = explain("init", path, "--out", out)
    assert done.exit_code == 0, done.output
    return load(out), plain(done.stderr)


def refusal(path: Path) -> str:
    done = explain("init", path, "--out", path.with_suffix(".toml"))
    assert done.exit_code == 1 and not path.with_suffix(".toml").exists()
    return plain(done.stderr)


def checked(path: Path, contract: Contract) -> pd.DataFrame:
    """The valid rows of a file, as training reads them."""
    dialect = detect(path, Hints())
    table = tables.read(path, dialect=dialect)
    found = check(table, contract, label=True, as_text=True, numbers=dialect.numbers)
    return found.accepted.to_pandas()


SIGNS: dict[str, tuple[str, Callable[[float], str], str]] = {
    "percent": ("share", lambda value: f"{100 * value:.1f}%", "rate"),
    "euro before": ("spend", lambda value: f"€{value:.2f}", "amount"),
    "dollars behind": ("spend", lambda value: f"{value:.2f} USD", "amount"),
    "accountants' minus": ("spend", lambda value: f"({value:.2f})" if value > 100 else f"{value:.2f}", "amount"),
}


@pytest.mark.parametrize("case", SIGNS)
def test_numbers_with_signs_are_numbers_in_the_draft_and_in_the_check(
    case: str, frame: pd.DataFrame, tmp_path: Path
) -> None:
    column, write, kind = SIGNS[case]
    frame.assign(**{column: frame[column].map(write)}).to_csv(tmp_path / "c.csv", index=False)
    contract, _ = drafted(tmp_path / "c.csv")
    assert contract[column].kind == kind
    assert len(checked(tmp_path / "c.csv", contract)) == ROWS


def test_a_category_with_signs_in_some_values_keeps_its_spelling(frame: pd.DataFrame, tmp_path: Path) -> None:
    offers = ["5%", "10%", "none", "5 EUR"]
    frame.assign(offer=[offers[row % 4] for row in range(ROWS)]).to_csv(tmp_path / "c.csv", index=False)
    contract, _ = drafted(tmp_path / "c.csv")
    assert contract["offer"].kind == "category"
    assert set(checked(tmp_path / "c.csv", contract)["offer"].astype(str)) == set(offers)


LABELS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "yes and no": (("Yes", "yes ", "YES"), ("no ", "No", "NO")),
    "letters": (("Y", "y"), ("N", " n")),
    "words": (("Churned", "churned"), ("Stayed", "stayed ")),
}


@pytest.mark.parametrize("case", LABELS)
def test_a_label_in_several_spellings_is_one_label(case: str, frame: pd.DataFrame, tmp_path: Path) -> None:
    positive, negative = LABELS[case]
    texts = [(positive if one else negative)[row % len(positive)] for row, one in enumerate(frame["bought"])]
    frame.assign(bought=texts).rename(columns={"bought": "churn"}).to_csv(tmp_path / "c.csv", index=False)
    contract, _ = drafted(tmp_path / "c.csv")
    assert contract.label == "churn"
    assert checked(tmp_path / "c.csv", contract)["churn"].tolist() == frame["bought"].tolist()


def test_a_label_that_is_not_there_is_no_zero(frame: pd.DataFrame) -> None:
    text = explain_draft(frame)
    contract = parse(text.replace('label = "bought"', 'label = "bought"\npositive = "yes"'))
    for mark in ("n/a", "NULL", "?", " ", None):
        labels = np.where(frame["bought"] == 1, "yes", "no").astype(object)
        labels[3] = mark
        rejected = check(tables.from_frame(frame.assign(bought=labels)), contract, label=True).rejected
        assert rejected["row"].to_pylist() == [4], mark


def explain_draft(frame: pd.DataFrame) -> str:
    from northstar_explain.contract import draft

    return draft(tables.from_frame(frame), None, None)


def test_a_label_with_gaps_is_taken_by_its_name_and_its_gaps_are_rejected(frame: pd.DataFrame, tmp_path: Path) -> None:
    gaps = frame.assign(bought=frame["bought"].where(frame.index % 10 != 0))
    gaps.to_csv(tmp_path / "c.csv", index=False)
    contract, _ = drafted(tmp_path / "c.csv")
    assert contract.label == "bought"
    assert len(checked(tmp_path / "c.csv", contract)) == ROWS * 9 // 10


def test_a_label_that_no_name_speaks_of_is_asked(frame: pd.DataFrame, tmp_path: Path) -> None:
    dates = np.where(frame["bought"] == 1, "2026-03-05", "")
    frame.assign(bought=dates).to_csv(tmp_path / "c.csv", index=False)
    contract, said = drafted(tmp_path / "c.csv")
    assert "Which column is to be predicted? The draft takes opted_in" in said
    assert "bought is named as a label and has no two values" in said
    assert len(open_questions(contract.text)) <= 5


TOTALS: dict[str, tuple[str, str]] = {
    "totals": ("Total,1,2,3.0,,,,,99\n", "row 401: expected a customer in each row; got 'Total'"),
    "sums of everything": ("Sum:,1,2,3.0,0.5,true,1,Web,0\n", "row 401: expected a customer in each row; got 'Sum:'"),
    "a remark": (
        ',,,,,,,,\n"Source: CRM",,,,,,,,\n',
        "rows 401, 402: expected a customer in each row; got 9 empty cells of 9; 8 empty cells of 9",
    ),
}


@pytest.mark.parametrize("case", TOTALS)
def test_lines_below_the_table_are_no_customers(case: str, frame: pd.DataFrame, tmp_path: Path) -> None:
    lines, expected = TOTALS[case]
    (tmp_path / "c.csv").write_text(frame.to_csv(index=False) + lines)
    said = refusal(tmp_path / "c.csv")
    assert expected in said and "Remove lines below the table" in said


def test_total_as_a_category_is_one(frame: pd.DataFrame, tmp_path: Path) -> None:
    frame.assign(plan=np.where(frame.index % 3, "Total", "Basic")).to_csv(tmp_path / "c.csv", index=False)
    contract, _ = drafted(tmp_path / "c.csv")
    assert contract["plan"].kind == "category"


HEADS: dict[str, tuple[Callable[[str], str], str]] = {
    "title": (
        lambda text: "Export of March" + "," * 8 + "\n" + text,
        "header: expected the names of the columns; got 8 empty cells of 9, beside 'Export of March'. If a title",
    ),
    "title alone": (lambda text: "Export of March\n\n" + text, "If a title stands above the header, remove it"),
    "repeated name": (
        lambda text: text.replace("visits", "orders", 1),
        "header: expected each column name once; got more than once: 'orders'. Rename the columns.",
    ),
    "blank lines": (lambda text: "\n\n\n", "rows: expected at least one customer; got none"),
    "header without an end": (lambda text: text.splitlines()[0], "rows: expected at least one customer; got none"),
}


@pytest.mark.parametrize("case", HEADS)
def test_what_stands_above_the_rows_is_said_in_one_line(case: str, frame: pd.DataFrame, tmp_path: Path) -> None:
    change, expected = HEADS[case]
    (tmp_path / "c.csv").write_text(change(frame.to_csv(index=False)))
    said = refusal(tmp_path / "c.csv")
    assert expected in said and "2 faults" not in said


def test_blank_lines_above_the_header_take_no_zeros_away(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("\n\nid,orders\n001,2\n002,3\n")
    assert tables.read(tmp_path / "c.csv")["id"].to_pylist() == ["001", "002"]


def test_names_with_quotes_line_breaks_and_pictures_come_through(frame: pd.DataFrame, tmp_path: Path) -> None:
    names = {"orders": 'orders "90d"', "visits": "visits\nper month", "spend": "spend 💶", "share": "share 'of' carts"}
    frame.rename(columns=names).to_csv(tmp_path / "c.csv", index=False)
    contract, _ = drafted(tmp_path / "c.csv")
    assert contract["visits\nper month"].words == "visits per month"
    assert len(checked(tmp_path / "c.csv", contract)) == ROWS


def test_a_column_without_a_name_is_left_out_by_its_description(frame: pd.DataFrame, tmp_path: Path) -> None:
    frame.to_csv(tmp_path / "c.csv")  # with the index of the frame
    contract, said = drafted(tmp_path / "c.csv")
    assert contract.ignore == ("",)
    assert "a column without a name is left out: a different whole number in nearly each row" in said


@pytest.mark.parametrize("slip", [1e300, -3.4e38, 1.5e20])
def test_one_absurd_number_is_rejected_by_the_draft_and_said(slip: float, frame: pd.DataFrame, tmp_path: Path) -> None:
    """Else it would be most of an average, and nobody would see why."""
    frame.assign(spend=frame["spend"].where(frame.index != 7, slip)).to_csv(tmp_path / "c.csv", index=False)
    contract, said = drafted(tmp_path / "c.csv")
    assert f"spend is no figure: {slip:g} in 1 row; such a row is rejected" in said
    assert len(checked(tmp_path / "c.csv", contract)) == ROWS - 1
    large = frame.assign(account=(frame.index % 50) * 1e18 + 1e21)  # a code of which all are as large
    assert len(check(tables.from_frame(large), parse(explain_draft(large)), label=True).accepted) == ROWS
