"""The what-if customer of the audit page: what is refused, pasted, compared, marked and kept in the address."""

from __future__ import annotations

import contextlib
import csv
import io
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from browser import Visit, visiting
from helpers import ID, LABEL, with_cells

from northstar_explain.contract import check
from northstar_explain.model import Model
from northstar_explain.model.known_values import with_known_values
from northstar_explain.report.audit.pack.audit_page import OTHER, audit_page
from northstar_explain.report.audit.shapes.feature_shapes import feature_shapes
from northstar_explain.report.audit.shapes.pair_shapes import pair_shapes
from northstar_explain.score import Scorer


@pytest.fixture(scope="module")
def path(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("page") / "audit.html"
    file.write_text(audit_page(model, feature_shapes(model), pair_shapes(model)), encoding="utf-8")
    return file


@contextlib.contextmanager
def opened(browser: Any, path: Path, place: str = "") -> Iterator[Visit]:
    with visiting(browser, path, place=place) as visit:
        visit.page.wait_for_selector("html[data-ready]")
        yield visit


@pytest.fixture(scope="module")
def shop(browser: Any, path: Path) -> Iterator[Visit]:
    with opened(browser, path) as visit:
        yield visit


@pytest.fixture
def page(shop: Visit) -> Iterator[Any]:
    """The view of the customer, as it is in the beginning."""
    shop.page.evaluate("location.hash = 'customer'")
    shop.page.wait_for_selector("#customer:not([hidden])")
    shop.page.select_option("#compare", "")
    shop.page.select_option("#start", index=0)
    shop.page.evaluate("for (const one of document.querySelectorAll('main details')) one.open = false")
    yield shop.page
    assert shop.errors == []


def field(page: Any, name: str) -> str:
    """The selector of a feature's field."""
    at = page.evaluate("(name) => Object.keys(audit.golden[0]).indexOf(name)", name)
    return f"#f-{at}"


def chance(model: Model, row: pa.Table) -> str:
    probability = Scorer(model)(check(row, model.contract).accepted)["probability"][0].as_py()
    return f"{100 * probability:.2f}%"


def in_page(row: dict[str, Any], model: Model) -> dict[str, Any]:
    """A customer as the page holds one."""
    known = with_known_values(model)
    return {
        one.name: OTHER if isinstance(row[one.name], str) and row[one.name] not in (one.known or one.order) else row[one.name]
        for one in known.features
        if one.name in model.scorecard.features or not one.sensitive
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "typed", "says"),
    [
        ("sessions_30d", "", "needs a value"),
        ("sessions_30d", "-", "is no number"),
        ("sessions_30d", "99999", "is above 5000"),
        ("sessions_30d", "1.5", "is no whole number"),
        ("pages_per_visit", "0.5", "is below 1"),
    ],
)
def test_a_field_that_is_blank_or_wrong_is_marked_and_there_is_no_result(
    name: str, typed: str, says: str, page: Any
) -> None:
    box = page.locator(field(page, name))
    before = page.locator("#probability").inner_text()
    box.fill("")
    box.press_sequentially(typed)
    assert box.get_attribute("aria-invalid") == "true"
    assert says in page.locator(f"#{box.get_attribute('aria-describedby')}").inner_text()
    assert page.locator("#probability").inner_text() == "–"
    assert "would reject" in page.locator("#outside").inner_text()
    assert not page.locator("#why").is_visible()
    page.select_option("#start", index=0)
    assert box.get_attribute("aria-invalid") is None
    assert page.locator("#probability").inner_text() == before


def test_what_may_be_missing_may_be_blank(page: Any) -> None:
    box = page.locator(field(page, "account_age_days"))
    box.fill("")
    assert box.get_attribute("aria-invalid") is None
    assert page.locator(f"{field(page, 'account_age_days')}-missing").is_checked()
    assert page.locator("#probability").inner_text().endswith("%")


def test_a_broken_relation_marks_both_fields_and_blanks_the_result(page: Any) -> None:
    first, second = (page.locator(field(page, name)) for name in ("sessions_30d", "sessions_90d"))
    first.fill("50")
    second.fill("2")
    assert [one.get_attribute("aria-invalid") for one in (first, second)] == ["true", "true"]
    assert page.locator("#probability").inner_text() == "–"
    for text in ("sessions_30d <= sessions_90d", "(50)", "(2)"):
        assert text in page.locator("#outside").inner_text()
    second.fill("90")
    assert first.get_attribute("aria-invalid") is None
    assert page.locator("#probability").inner_text().endswith("%")


def test_the_page_rejects_what_scoring_rejects(page: Any, model: Model, some: pa.Table) -> None:
    rows = with_cells(some, "sessions_30d", {3: 50, 5: -1, 9: None})
    rows = with_cells(rows, "sessions_90d", {3: 2})
    rows = with_cells(rows, "orders_90d", {11: rows["orders_365d"][11].as_py() + 1})
    rows = with_cells(rows, "days_since_last_order", {20: 1, 21: 1, 22: 1})
    rows = with_cells(rows, "days_since_last_visit", {20: 9, 21: 9, 22: 9})
    rows = with_cells(rows, "loyalty_tier", {30: "platinum"})
    rejected = set(check(rows, model.contract).rejected["row"].to_pylist())
    assert {4, 6, 10, 12, 31} <= rejected
    given = [in_page(row, model) for row in rows.to_pylist()]
    faults = page.evaluate("(rows) => rows.map((row) => audit.faults(row).length)", given)
    assert {place for place, found in enumerate(faults, 1) if found} == rejected


def pasted(rows: list[dict[str, Any]], columns: list[str], mark: str, header: bool) -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=mark, lineterminator="\n")
    writer.writerows([*([columns] if header else []), *([row[name] for name in columns] for row in rows)])
    return text.getvalue()


@pytest.mark.parametrize(
    ("mark", "header", "order"),
    [(",", True, "table"), ("\t", True, "reversed"), (";", False, "contract"), (",", False, "plain")],
)
def test_a_pasted_row_is_scored_as_python_does(
    mark: str, header: bool, order: str, page: Any, model: Model, some: pa.Table
) -> None:
    names = [feature.name for feature in model.contract.features]
    columns = {
        "table": some.column_names, "reversed": some.column_names[::-1], "contract": [ID, *names, LABEL], "plain": names,
    }[order]  # fmt: skip
    page.locator("#paste summary").click()
    for row in (0, 7, 40):
        one = some.slice(row, 1)
        page.fill("#paste-text", pasted(one.to_pylist(), columns, mark, header))
        page.click("#paste-read")
        assert page.locator("#probability").inner_text() == chance(model, one)
        assert "Read " in page.locator("#paste-said").inner_text()


def test_two_pasted_rows_are_compared_and_what_cannot_be_read_is_said(page: Any, model: Model, some: pa.Table) -> None:
    rows = some.slice(0, 3)
    page.locator("#paste summary").click()
    page.fill("#paste-text", pasted(rows.to_pylist(), rows.column_names, "\t", True))
    page.click("#paste-read")
    said = page.locator("#paste-said").inner_text()
    assert rows[ID][0].as_py() in said and rows[ID][1].as_py() in said and "1 more rows were left out" in said
    assert page.locator("#probability").inner_text() == chance(model, rows.slice(0, 1))
    assert chance(model, rows.slice(1, 1)) in page.locator("#versus").inner_text()
    before = page.locator("#probability").inner_text()
    page.fill("#paste-text", "1,2,3")
    page.click("#paste-read")
    assert "paste the header line" in page.locator("#paste-said").inner_text()
    assert page.locator("#probability").inner_text() == before
    page.fill("#paste-text", "sessions_30d,sessions_90d\n3,5")
    page.click("#paste-read")
    assert "Not there, and blank: active_days_90d" in page.locator("#paste-said").inner_text()
    assert page.locator("#probability").inner_text() == "–"


def number(text: str) -> float:
    return float(text.replace("−", "-").replace("+", ""))


def test_two_customers_are_compared_term_by_term_and_the_address_holds_both(
    browser: Any, path: Path, page: Any, shop: Visit
) -> None:
    page.select_option("#compare", "now")
    page.fill(field(page, "sessions_90d"), "200")
    page.fill(field(page, "days_since_last_visit"), "1")
    cells = page.locator("#sum tr").all()
    rows = [[number(cell) for cell in row.locator("td:not(.bar)").all_inner_texts()] for row in cells]
    assert all(abs(mine - others - gap) < 2e-4 for mine, others, gap in rows)
    gaps = [abs(row[2]) for row in rows[1:-1]]
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[0] > 0
    assert rows[-1][2] == pytest.approx(sum(row[2] for row in rows[:-1]), abs=0.01)
    shown = [page.locator(id).inner_text() for id in ("#probability", "#versus")]
    with opened(browser, path, place=page.url[page.url.index("#") :]) as visit:
        again = [visit.page.locator(id).inner_text() for id in ("#probability", "#versus")]
    assert again[0] == shown[0]
    assert again[1].split(": ", 1)[1] == shown[1].split(": ", 1)[1]


def test_a_contribution_leads_to_its_shape_with_the_customer_marked(page: Any) -> None:
    link = page.locator("#sum a").first
    words = link.inner_text()
    bin = page.locator("#sum tr").nth(1).locator(".in").inner_text()
    link.click()
    page.wait_for_selector("#shapes:not([hidden])")
    assert page.locator("#term-name").inner_text() == words
    assert page.evaluate("document.activeElement.id") == "term-name"
    assert page.locator("#marked-words").inner_text().startswith(f"{bin}, ")
    page.wait_for_selector("#plot .drawn[aria-busy=false] .mark")
    assert page.locator("#plot .mark").count() == 1
    page.locator("#shapes details summary").click()
    assert page.locator("#bins tr[aria-current] th").all_inner_texts() == [bin]
    page.locator("#marked a").click()
    page.wait_for_selector("#customer:not([hidden])")


def test_what_would_reach_the_threshold_does_and_nothing_nearer(page: Any, model: Model) -> None:
    page.locator("#reach summary").click()
    for start in range(40):  # the first who is not flagged and whom one value takes there
        page.select_option("#start", index=start)
        count = page.locator("#reach-list button").count()
        if count and "not flagged" in page.locator("#rank").inner_text():
            break
    else:
        pytest.fail("no golden row is within reach of the threshold")
    for place in range(count):
        page.select_option("#start", index=start + 1)  # choosing the same again is no change
        page.select_option("#start", index=start)
        said = page.locator("#reach-list li", has=page.locator("button")).nth(place).inner_text()
        page.locator("#reach-list button").nth(place).click()
        assert "flagged as likely" in page.locator("#rank").inner_text()
        assert page.locator("#probability").inner_text() in said
        assert page.locator("#probability").inner_text() != "–"
        # And back: whoever is flagged is told what would end it.
        assert "flagged no more" in page.locator("#reach-goal").inner_text()


def test_sliders_announce_their_value(page: Any) -> None:
    slider = page.locator(f"{field(page, 'search_rate')}-slider")
    exact = page.locator(field(page, "search_rate"))
    assert slider.get_attribute("aria-valuetext") == f"{float(f'{100 * float(exact.input_value()):.6g}'):g}%"
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert math.isclose(float(slider.get_attribute("aria-valuetext")[:-1]), 100 * float(exact.input_value()))
    exact.fill("0.25")
    assert slider.get_attribute("aria-valuetext") == "25%"
    unknown = page.locator(f"{field(page, 'account_age_days')}-missing")
    unknown.check()
    assert page.locator(f"{field(page, 'account_age_days')}-slider").get_attribute("aria-valuetext") == "missing"


def test_contributions_are_copied_as_csv(page: Any) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.click("#copy-sum")
    page.locator("#copied", has_text="copied").wait_for()
    rows = list(csv.reader(io.StringIO(page.evaluate("navigator.clipboard.readText()"))))
    assert rows[0] == ["term", "bin", "points"]
    values = {row[0]: float(row[2]) for row in rows[1:]}
    assert sum(values[row[0]] for row in rows[1:-2]) == pytest.approx(values["sum: log-odds"], abs=1e-9)
    assert 1 / (1 + np.exp(-values["sum: log-odds"])) == pytest.approx(values["probability"], abs=1e-12)
