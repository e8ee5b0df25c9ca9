"""The playbook's page on money: its table, and the sliders of the page, which compute what Python does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import visiting

from northstar_explain.contract.economics import Economics
from northstar_explain.model import Model
from northstar_explain.model.campaign.fill_budget import Offer, fill_budget
from northstar_explain.model.campaign.money import money_facts
from northstar_explain.model.campaign.money_words import TO_FILL_IN, amount, in_points
from northstar_explain.report.document.blocks import Table, Text
from northstar_explain.report.playbook.money_page import money_pages, same_break_even, to_fill_in
from northstar_explain.report.playbook.playbook_contents import whole_book
from northstar_explain.report.playbook.playbook_facts import book_of

SETTINGS = 100
# Sets every field of the page and returns, per setting, the cells and the earnings that it shows.
TRY = """(settings) => settings.map((one) => {
    for (const [id, value] of Object.entries(one)) {
        const number = document.querySelector(`#${id} + input`);
        number.value = value;
        number.dispatchEvent(new Event("input"));
    }
    const cells = [...document.querySelectorAll(".budget-cells td[data-value]")].map((cell) => +cell.dataset.value);
    const earned = [...document.querySelectorAll(".budget-sums td[data-value]")].map((cell) => +cell.dataset.value);
    return { cells, earned };
})"""


@pytest.fixture(scope="module")
def page(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("money") / "playbook.html"
    path.write_text(whole_book(book_of(model)).web_page(), encoding="utf-8")
    return path


def test_the_table_shows_the_facts(model: Model) -> None:
    money = model.evaluation.money
    assert money is not None
    (chapter,) = money_pages(book_of(model))
    (table,) = (block for block in chapter.blocks if isinstance(block, Table))
    assert len(table.rows) == len(model.segmentation.segments) + 1
    for row, one in zip(table.rows, (*money.segments, money.everybody), strict=True):
        assert row[1] == f"{one.customers:,}"
        assert row[-3:] == tuple(amount(each.earned, "$") for each in one.outlooks)
    # Without a voucher a contact pays from the same uplift everywhere: it is said once, and is no column.
    same = same_break_even(money)
    assert same == in_points(money.everybody.break_even_uplift)
    assert "Break even" not in table.head
    assert [block.text for block in chapter.blocks if isinstance(block, Text)][-1].endswith(
        f"everywhere: {same} points."
    )
    voucher = money_facts(model.evaluation.audiences, model.evaluation.purchase, Economics(24.0, 0.5, 5.0))
    richer = book_of(replace(model, evaluation=replace(model.evaluation, money=voucher)))
    tables = [block for block in money_pages(richer)[0].blocks if isinstance(block, Table)]
    assert same_break_even(voucher) is None
    evens = [row[tables[0].head.index("Break even")] for row in tables[0].rows]
    assert evens == [in_points(one.break_even_uplift) for one in (*voucher.segments, voucher.everybody)]
    shown = [cell for row in tables[1].rows for cell in row[1:] if cell != "–"]
    assert len(shown) == len(voucher.cells)


def test_a_table_without_economics_gets_one_sentence(model: Model) -> None:
    book = book_of(replace(model, evaluation=replace(model.evaluation, money=None)))
    assert money_pages(book) == ()
    assert to_fill_in(book) == (Text(TO_FILL_IN, "fine"),)
    whole = whole_book(book)
    said = [block.text for one in whole.chapters for block in one.blocks if isinstance(block, Text)]
    assert sum("margin" in text for text in said) == 1
    assert "money" not in [one.id for one in whole.chapters]
    assert not whole.tools


def settings_of(model: Model, rng: np.random.Generator) -> dict[str, float]:
    """Amounts and uplifts, rounded as a person types them; every fourth has no voucher, so that cells tie."""
    money = {
        "budget-margin": round(rng.uniform(1, 90), 2),
        "budget-contactCost": round(rng.choice([0.0, 0.01, 0.5, 2.25]), 2),
        "budget-voucher": round(rng.uniform(0, 12), 1) if rng.random() < 0.75 else 0.0,
        "budget-budget": round(float(10 ** rng.uniform(0, 4)), 2),
    }
    same = round(rng.uniform(-2, 12), 1)
    uplifts = {
        f"budget-uplift-{one.id}": same if rng.random() < 0.3 else round(rng.uniform(-2, 12), 1)
        for one in model.segmentation.segments
    }
    return {**money, **uplifts}


def test_the_page_computes_what_python_does(model: Model, page: Path, browser: Any) -> None:
    money = model.evaluation.money
    assert money is not None
    rng = np.random.default_rng(11)
    settings = [settings_of(model, rng) for _ in range(SETTINGS)]
    with visiting(browser, page) as visit:
        shown = visit.page.evaluate(TRY, settings)
        assert visit.errors == visit.requests == []
    filled = 0
    for one, found in zip(settings, shown, strict=True):
        economics = Economics(*(one[f"budget-{key}"] for key in ("margin", "contactCost", "voucher", "budget")))
        offers = [
            Offer(cell.decile or 0, cell.contactable, cell.probability, one[f"budget-uplift-{cell.segment}"] / 100)
            for cell in money.cells
        ]
        by_place = {(cell.segment, cell.decile): n
                    for cell, n in zip(money.cells, fill_budget(offers, economics), strict=True)}  # fmt: skip
        order = [(segment.id, decile) for segment in model.segmentation.segments for decile in range(10, 0, -1)]
        assert found["cells"] == [by_place[place] for place in order if place in by_place]
        filled += any(found["cells"])
        earned = [n * (offer.limited * (economics.margin - economics.voucher) - economics.voucher * offer.probability
                       - economics.contact_cost)
                  for n, offer in zip(by_place.values(), offers, strict=True)]  # fmt: skip
        assert found["earned"][-1] == pytest.approx(sum(earned), abs=1e-6)
        assert sum(found["earned"][:-1]) == pytest.approx(sum(earned), abs=1e-6)
    assert filled > SETTINGS / 2  # most settings contact somebody


@pytest.mark.parametrize("width", [390, 1280])
def test_the_sliders_are_usable(page: Path, browser: Any, width: int) -> None:
    with visiting(browser, page, width) as visit:
        tab = visit.page
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        before = tab.locator("#budget-total").inner_text()
        # By keyboard alone: from the margin, the next tab stop is the same amount as a number.
        tab.locator("#budget-margin").focus()
        for _ in range(10):
            tab.keyboard.press("ArrowRight")
        assert tab.locator("#budget-total").inner_text() != before
        assert tab.locator("#budget-margin + input").input_value() == "29"
        tab.keyboard.press("Tab")
        assert tab.evaluate("document.activeElement.getAttribute('aria-label')") == "Margin, $, exactly"
        tab.locator("#budget-contactCost + input").fill("1000")
        assert tab.locator("#budget-total").inner_text().startswith("Contact nobody")
        found = Axe().run(tab, context="#money").response["violations"]
        assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
        assert visit.errors == []


def test_without_scripts_the_table_stays(page: Path, browser: Any) -> None:
    context = browser.new_context(java_script_enabled=False)
    try:
        tab = context.new_page()
        tab.goto(page.as_uri())
        assert tab.locator("#money table").count() == 1
        assert tab.locator("#money input").count() == 0
        assert "Earned at +4" in tab.locator("#money").inner_text()
    finally:
        context.close()
