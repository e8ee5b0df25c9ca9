"""Training refuses as scoring does: before it learns, in one message, with numbers and an example of each reason."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from helpers import TINY, explain, learn, read, refused, with_cells, with_column
from shop import CONTRACT, shop

from northstar_explain import api, tables
from northstar_explain.cli.outcome_words import outcome_words
from northstar_explain.contract import check, parse
from northstar_explain.errors import NorthstarError, TableError
from northstar_explain.learn import fit_segments
from northstar_explain.training import Source, TrainingOptions, train

SHOP = parse(CONTRACT)


@pytest.fixture
def nothing_is_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is refused is refused before the long work."""
    monkeypatch.setattr(fit_segments, "learn", None)


@pytest.mark.usefixtures("nothing_is_learned")
def test_too_many_rejected_rows_stop_before_anything_is_learned(tmp_path: Path) -> None:
    table = with_cells(shop(), "orders", dict.fromkeys(range(400), -1))
    table = with_cells(table, "share", {501: float("nan")})
    with pytest.raises(TableError) as refusal:
        learn(table, SHOP, TINY)
    assert str(refusal.value).splitlines() == [
        "customers: 3 faults",
        "  rejected rows: expected at most 1.00% of the rows (--max-rejected); got 401 of 1,500 (26.73%). "
        "Correct the table or the contract; or raise --max-rejected, and learn from the rest.",
        "  column orders: expected at least 0; got 400 rows with others, such as row 1: -1",
        "  column share: expected a value (the contract says it is never missing); got 1 rows with others, such as "
        "row 502: nan",
    ]
    tables.write(table, tmp_path / "c.csv")
    (tmp_path / "contract.toml").write_text(CONTRACT)
    call = ("train", tmp_path / "c.csv", "--contract", tmp_path / "contract.toml", "--model", tmp_path / "m", "--quiet")
    assert "got 401 of 1,500 (26.73%)" in refused(tmp_path, *call)


@pytest.mark.usefixtures("nothing_is_learned")
def test_the_later_table_is_refused_as_the_table_is() -> None:
    later = with_cells(shop(seed=5), "orders", dict.fromkeys(range(100), -1))
    with pytest.raises(TableError, match=r"later: 2 faults\n  rejected rows: expected .*; got 100 of 1,500 \(6\.67%\)"):
        learn(shop(), SHOP, TINY, later)


@pytest.mark.usefixtures("nothing_is_learned")
def test_the_training_table_is_no_holdout(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="later: --holdout: expected other rows than customers; got the same ones"):
        learn(shop(), SHOP, TINY, shop())
    # Nor is a copy of it in another format.
    tables.write(shop(), tmp_path / "a.csv")
    tables.write(shop(), tmp_path / "b.parquet")
    (tmp_path / "contract.toml").write_text(CONTRACT)
    message = refused(tmp_path, "train", tmp_path / "a.csv", "--holdout", tmp_path / "b.parquet", "--contract",
                      tmp_path / "contract.toml", "--model", tmp_path / "m", "--quiet")  # fmt: skip
    assert f"b.parquet: --holdout: expected other rows than {tmp_path / 'a.csv'}; got the same ones." in message


def labelled(ones: int) -> pa.Table:
    return with_column(shop(), "bought", np.arange(1_500) < ones)


@pytest.mark.usefixtures("nothing_is_learned")
@pytest.mark.parametrize(
    ("table", "message"),
    [
        (shop(300), "rows: expected at least 1,000 valid customers to learn from; got 300"),
        (labelled(0), "column bought: expected both 0 and 1; got only 0 in all 1,500 valid rows"),
        (labelled(1), "column bought: expected at least 10 customers with 1; got 1 of 1,500"),
        (labelled(9), "column bought: expected at least 10 customers with 1; got 9 of 1,500"),
        (labelled(1_495), "column bought: expected at least 10 customers with 0; got 5 of 1,500"),
        (
            with_column(shop(), "orders", [3] * 1_500),
            "column orders: expected at least two different values; got only 3",
        ),
    ],
)
def test_too_little_to_learn_from_is_one_line_with_numbers(table: pa.Table, message: str) -> None:
    with pytest.raises(TableError) as refusal:
        learn(table, SHOP, TINY)
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    "words",
    [(True, False), ("TRUE", "FALSE"), ("yes", "no"), ("Y", "N"), ("1.0", "0.0"), (1.0, 0.0), (" true", "False ")],
)
def test_a_label_is_yes_and_no_in_any_spelling(words: tuple[object, object]) -> None:
    known = shop(50)
    texts = [words[0] if value else words[1] for value in known["bought"].to_pylist()]
    checked = check(with_column(known, "bought", texts), SHOP, label=True)
    assert checked.accepted["bought"].to_pylist() == known["bought"].to_pylist()


def test_a_label_that_is_none_is_named_once() -> None:
    wrong = with_column(shop(50), "bought", ["bought", "no"] * 25)
    with pytest.raises(TableError, match=r"only 0 and 1 \(or true and false, or yes and no\); got 'bought'\. Recode"):
        check(wrong, SHOP, label=True)


def test_rejected_rows_are_told_with_an_example(tmp_path: Path) -> None:
    done = train(Source(with_cells(shop(), "orders", {7: -5}), "c"), SHOP, TINY)
    assert [str(reason) for reason in done.reasons] == [
        "orders: expected at least 0; 1 rows with others, such as row 8: -5"
    ]
    model = api.Model(done.model, done)
    tables.write(with_cells(shop(200, seed=9), "orders", {3: -5, 5: -6}), tmp_path / "c.csv")
    model.save(tmp_path / "m")
    out = tmp_path / "s.csv"
    result = explain("score", tmp_path / "c.csv", "--model", tmp_path / "m", "--out", out, "--quiet")
    assert "orders: expected at least 0: 2 rows, such as row 4: '-5'" in result.stderr
    assert read(tmp_path / "s.csv.rejected.csv")["row"].to_pylist() == ["4", "6"]


def test_an_update_goes_beside_unless_it_is_told_where(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    places: list[Path] = []

    def noted(customers: Path, model: Path, *more: object) -> int:
        places.append(model)
        return 0

    monkeypatch.setattr("northstar_explain.cli.training_run.train", noted)
    explain("train", "c.csv", "--update", tmp_path / "m")
    explain("train", "c.csv", "--update", tmp_path / "m", "--model", tmp_path / "m")
    assert places == [tmp_path / "m.updated", tmp_path / "m"]


CALLS: dict[str, Callable[[Path], object]] = {
    "contract": lambda path: api.train(shop(), path),
    "customers": lambda path: api.train(path.with_suffix(".csv")),
    "model": lambda path: api.load(path),
    "update": lambda path: api.train(shop(), SHOP, update=path),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_missing_file_shows_no_number_of_the_system(call: str, tmp_path: Path) -> None:
    with pytest.raises(NorthstarError) as refusal:
        CALLS[call](tmp_path / "none")
    assert "got no such file" in str(refusal.value)
    assert "Errno" not in str(refusal.value)


def test_the_limit_is_an_option_from_python() -> None:
    assert TrainingOptions().max_rejected == 0.01


@pytest.mark.parametrize(
    ("outcome", "head", "those"),
    [("buys in the next 7 days", "buy", "buyers"), ("orders again", "buy", "buyers"),
     ("churns", "rate", "everyone who churns"), ("busy at work", "rate", "everyone who busy at work")],
)  # fmt: skip
def test_words_of_buying_only_where_the_outcome_is_buying(outcome: str, head: str, those: str) -> None:
    words = outcome_words(replace(SHOP, outcome=outcome))
    assert (words.head, words.those) == (head, those)
    bought = re.search("buy|bought|purchas|order", " ".join(words).replace(outcome, ""), re.IGNORECASE)
    assert (bought is not None) == (head == "buy")
