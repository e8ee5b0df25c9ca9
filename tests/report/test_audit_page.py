"""The audit page in a real browser: same scores as Python, offline, by keyboard, on a phone, no foreign script."""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hostile as hostile_model
import numpy as np
import pyarrow as pa
import pytest
from browser import Visit, visiting

from northstar_explain.model import Model
from northstar_explain.report.audit.pack.audit_page import audit_page
from northstar_explain.report.audit.shapes.feature_shapes import feature_shapes
from northstar_explain.report.audit.shapes.pair_shapes import pair_shapes
from northstar_explain.report.document.runtime import packed
from northstar_explain.score import Scorer

VIEWS = ("shapes", "customer", "checks", "golden")
DATA = '<script type="application/gzip" id="data">'


@pytest.fixture(scope="module")
def files(model: Model, hostile: Model, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The pages of both models."""
    folder = tmp_path_factory.mktemp("page")
    pages = {}
    for name, one in (("shop", model), ("hostile", hostile)):
        pages[name] = folder / f"{name}.html"
        pages[name].write_text(audit_page(one, feature_shapes(one), pair_shapes(one)), encoding="utf-8")
    return pages


@contextlib.contextmanager
def opened(browser: Any, path: Path, width: int = 1280, height: int = 900) -> Iterator[Visit]:
    """A page that has unpacked its tables."""
    with visiting(browser, path, width, height) as visit:
        visit.page.wait_for_selector("html[data-ready]")
        yield visit


@pytest.fixture(scope="module")
def shop(browser: Any, files: dict[str, Path]) -> Iterator[Visit]:
    with opened(browser, files["shop"]) as visit:
        yield visit


@pytest.fixture(scope="module")
def foe(browser: Any, files: dict[str, Path]) -> Iterator[Visit]:
    with opened(browser, files["hostile"]) as visit:
        yield visit


def show(visit: Visit, view: str) -> None:
    visit.page.evaluate(f"location.hash = '{view}'")
    visit.page.wait_for_selector(f"#{view}:not([hidden])")


def data_of(page: str) -> Any:
    """The tables in a page."""
    (found,) = re.findall(f"{DATA}([^<]*)</script>", page)
    return json.loads(gzip.decompress(base64.b64decode(found)))


def scored(model: Model) -> pa.Table:
    """The golden rows as `explain score` scores them."""
    ids = pa.array([f"g{i}" for i in range(model.golden.num_rows)])
    names = [feature.name for feature in model.contract.features]
    return Scorer(model)(model.golden.select(names).add_column(0, model.contract.id, ids))


@pytest.mark.parametrize("which", ["shop", "foe"])
def test_the_page_scores_every_golden_row_as_python_does(
    which: str, shop: Visit, foe: Visit, model: Model, hostile: Model
) -> None:
    visit, one = (shop, model) if which == "shop" else (foe, hostile)
    result = visit.page.evaluate("audit.golden.map((customer) => audit.score(customer))")
    expected = scored(one)
    assert len(result) == one.golden.num_rows
    gap = np.abs(np.array([row["probability"] for row in result]) - expected["probability"].to_numpy())
    assert gap.max() <= 1e-9
    assert [row["segment"] for row in result] == expected["segment_id"].to_pylist()
    assert [row["percentile"] for row in result] == expected["percentile"].to_pylist()
    assert [row["decile"] for row in result] == expected["decile"].to_pylist()
    assert [row["likely"] for row in result] == expected["flag_f1"].to_pylist()
    pays = expected["flag_break_even"].to_pylist() if one.purchase.break_even is not None else [None] * len(result)
    assert [row["pays"] for row in result] == pays and (which == "foe" or {True, False} == set(pays))
    for place in range(3):
        reasons = [row["reasons"][place] if len(row["reasons"]) > place else None for row in result]
        assert reasons == expected[f"reason_{place + 1}"].to_pylist()
    assert visit.page.evaluate("audit.checkGolden().wrong") == []


def test_a_changed_point_is_detected(browser: Any, files: dict[str, Path], tmp_path: Path) -> None:
    """The page scores with its table: with one number changed there, its own check fails."""
    text = files["shop"].read_text(encoding="utf-8")
    data = data_of(text)
    data["model"]["intercept"] += 1e-6
    path = tmp_path / "changed.html"
    path.write_text(re.sub(f"{DATA}[^<]*", lambda found: found[0][: len(DATA)] + packed(data), text), encoding="utf-8")
    with opened(browser, path) as visit:
        result = visit.page.evaluate("audit.checkGolden()")
    assert result["largest"] > 1e-9
    assert result["wrong"]


def test_nothing_is_requested_and_no_error_occurs(shop: Visit, foe: Visit) -> None:
    for visit in (shop, foe):
        for view in VIEWS:
            show(visit, view)
        assert visit.errors == []
        assert visit.requests == []


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("which", ["shop", "hostile"])
def test_nothing_overflows(which: str, width: int, browser: Any, files: dict[str, Path]) -> None:
    with opened(browser, files[which], width, 844) as visit:
        for view in VIEWS:
            show(visit, view)
            wide = "document.documentElement.scrollWidth"
            assert visit.page.evaluate(wide) <= width, (view, wide)
            over = visit.page.evaluate(
                """[...document.querySelectorAll('main *, header *')].filter((one) => {
                  const box = one.getBoundingClientRect();
                  return box.width && box.right > innerWidth + 1 && !one.closest('.scroll') && one.offsetParent !== null;
                }).map((one) => one.outerHTML.slice(0, 120))"""
            )
            assert over == [], view
        show(visit, "shapes")
        for button in range(visit.page.locator("#terms button").count()):
            visit.page.locator("#terms button").nth(button).click()
            visit.page.wait_for_selector("#plot .drawn[aria-busy=false] svg")
            assert visit.page.evaluate(wide) <= width


def test_shapes_can_be_searched_and_sorted(shop: Visit, model: Model) -> None:
    page = shop.page
    show(shop, "shapes")
    count = len(model.scorecard.terms)
    assert page.locator("#terms li").count() == count
    ranked = [item.term for item in model.evaluation.purchase.terms]
    page.locator("#terms button").first.click()
    assert page.locator("#term-code").inner_text().startswith(ranked[0])
    page.select_option("#order", "name")
    words = page.locator("#terms .words").all_inner_texts()
    assert [w.casefold() for w in words] == sorted(w.casefold() for w in words)
    page.select_option("#order", "importance")
    # Blanks, case and the order of words do not matter.
    for query in ("loyalty_tier", " Loyalty  tier ", "tier loyalty", "loyaltytier"):
        page.fill("#search", query)
        assert page.locator("#terms li").count() == sum("loyalty_tier" in term for term in ranked), query
    page.fill("#search", "no such feature")
    assert page.locator("#terms li").count() == 0
    page.fill("#search", "")
    assert page.locator("#terms li").count() == count


def shown_chart(visit: Visit, term: str) -> None:
    """Show a term, and wait until its chart is drawn."""
    visit.page.fill("#search", term)
    visit.page.locator("#terms button").first.click()
    visit.page.wait_for_selector("#plot .drawn[aria-busy=false] svg")
    visit.page.fill("#search", "")


def test_every_bin_can_be_read_by_keyboard_and_by_pointer(shop: Visit, model: Model) -> None:
    page = shop.page
    show(shop, "shapes")
    shape = next(s for s in feature_shapes(model) if s.term == "days_since_last_visit")
    shown_chart(shop, shape.term)
    page.focus("#plot .drawn")
    said = page.locator("#plot .said")
    for bin in (shape.bins[0], shape.bins[1]):
        page.keyboard.press("ArrowRight")
        text = said.inner_text()
        assert bin.label in text
        assert f"{bin.train_n:,} rows" in text
        assert f"{abs(bin.points):.4f}" in text
        assert f"{bin.holdout_n:,} rows" in text
    page.keyboard.press("End")
    assert shape.bins[-1].label in said.inner_text()
    page.wait_for_timeout(200)  # the ring glides to its place
    box = page.locator("#plot .ring").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 60)
    assert shape.bins[-1].label in page.locator("#plot .tip").inner_text()
    page.mouse.move(0, 0)  # else the pointer chooses a cell of the next chart
    pair = pair_shapes(model)[0]
    shown_chart(shop, pair.term)
    page.focus("#plot .drawn")
    page.keyboard.press("ArrowRight")
    at = np.argwhere(pair.train_n)[0]
    label = f"{pair.first.labels[at[0]]} with {pair.second.labels[at[1]]}"
    assert f"{label}; " in said.inner_text()
    assert f"{pair.train_n[tuple(at)]:,} rows" in said.inner_text()


def test_terms_follow_one_another_faster_than_they_are_drawn(shop: Visit, model: Model) -> None:
    """The chart that stays is that of the term chosen last."""
    show(shop, "shapes")
    for button in shop.page.locator("#terms button").all()[:4]:
        button.click()
    shop.page.wait_for_selector("#plot .drawn[aria-busy=false] svg")
    last = model.evaluation.purchase.terms[3].term
    words = model.contract[last].words if " × " not in last else model.contract[last.split(" × ")[0]].words
    assert words in shop.page.locator("#plot .drawn").get_attribute("aria-label")
    assert shop.page.locator("#plot .drawn svg").count() == 1
    assert shop.errors == []


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_is_accessible(width: int, browser: Any, files: dict[str, Path]) -> None:
    from axe_playwright_python.sync_playwright import Axe

    with opened(browser, files["shop"], width) as visit:
        visit.page.wait_for_selector("#plot .drawn[aria-busy=false] svg")
        for view in VIEWS:
            show(visit, view)
            found = Axe().run(visit.page).response["violations"]
            assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == [], view


@pytest.mark.parametrize("width", [390, 1280])
def test_charts_fit_and_their_letters_can_be_read(
    width: int, browser: Any, files: dict[str, Path], model: Model
) -> None:
    with opened(browser, files["shop"], width, 844) as visit:
        for term in ("days_since_last_visit", "loyalty_tier", pair_shapes(model)[0].term):
            shown_chart(visit, term)
            sizes = visit.page.evaluate(
                """[...document.querySelectorAll('#plot svg text')].map((one) =>
                  Math.hypot(one.getCTM().a, one.getCTM().b) * parseFloat(getComputedStyle(one).fontSize))"""
            )
            assert min(sizes) >= 10.99
            drawn, room = (
                visit.page.evaluate(f"document.querySelector('{one}').getBoundingClientRect().width")
                for one in ("#plot svg", "#plot")
            )
            assert 0.85 * room <= drawn <= room + 1


def test_the_whole_page_can_be_reached_by_keyboard(browser: Any, files: dict[str, Path]) -> None:
    with opened(browser, files["shop"]) as visit:
        page, reached = visit.page, []
        for _ in range(10):
            page.keyboard.press("Tab")
            reached.append(page.evaluate("document.activeElement.id || document.activeElement.hash || ''"))
        assert reached[:8] == ["#main", "#shapes", "#customer", "#checks", "#golden", "search", "order", "scale"]
        assert page.evaluate("document.activeElement.closest('#terms') !== null")
        page.keyboard.press("Tab")
        words = page.evaluate("document.activeElement.querySelector('.words').innerText")
        page.keyboard.press("Enter")
        assert page.locator("#term-name").inner_text() == words
        assert page.evaluate("document.activeElement.querySelector('.words').innerText") == words
        page.focus('nav a[href="#customer"]')
        page.keyboard.press("Enter")
        page.wait_for_selector("#customer:not([hidden])")
        names = page.evaluate(
            """[...document.querySelectorAll('#customer input, #customer select')].map((one) =>
              one.getAttribute('aria-label') || [...(one.labels || [])].map((label) => label.innerText).join())"""
        )
        assert names
        assert all(name.strip() for name in names)


def test_a_changed_customer_is_scored_again(shop: Visit, model: Model) -> None:
    page = shop.page
    show(shop, "customer")
    page.select_option("#start", index=0)
    before = page.locator("#probability").inner_text()
    page.fill("#f-1", "300")  # visits in the last 90 days
    after = page.locator("#probability").inner_text()
    assert before != after
    start = int(page.locator("#start").input_value())
    row = {f.name: model.golden[f.name][start].as_py() for f in model.contract.features}
    row["sessions_90d"] = 300.0
    table = pa.Table.from_pylist([{model.contract.id: "x", **row}])
    expected = Scorer(model)(table)
    assert after == f"{100 * expected['probability'][0].as_py():.2f}%"
    assert page.locator("#segment").inner_text().startswith(expected["segment_id"][0].as_py())
    assert page.locator("#path li").count() >= 1
    shown = page.locator("#reasons li").all_inner_texts()
    assert shown == [expected[f"reason_{i}"][0].as_py() for i in (1, 2, 3)]
    sums = [float(t.replace("−", "-").replace("+", "")) for t in page.locator("#sum td:last-child").all_inner_texts()]
    assert sums[-1] == pytest.approx(sum(sums[:-1]), abs=0.003)


def test_sliders_menus_and_missing_values_move_the_score(shop: Visit, model: Model) -> None:
    page = shop.page
    show(shop, "customer")
    page.select_option("#start", index=0)
    page.focus("#f-0-slider")
    page.keyboard.press("End")
    assert float(page.locator("#f-0").input_value()) == max(
        item.seen_high for item in model.evaluation.robustness.out_of_range if item.feature == "sessions_30d"
    )
    page.select_option("#start", index=0)  # so many visits in 30 days contradict those in 90
    features = data_of(page.content())["features"]
    menu = next(f for f in features if not f["numeric"] and f["may_be_new"])
    options = page.locator(f"#f-{menu['place']} option:not([hidden])").all_inner_texts()
    assert "another, not seen in training" in options
    assert any(text.startswith("missing: ") for text in options)
    for label in options:
        page.select_option(f"#f-{menu['place']}", label=label)
        assert page.locator("#probability").inner_text().endswith("%")
    number = next(f for f in features if f["numeric"] and f["may_miss"])
    page.check(f"#f-{number['place']}-missing")
    assert page.locator(f"#f-{number['place']}").input_value() == ""
    page.uncheck(f"#f-{number['place']}-missing")
    assert page.locator(f"#f-{number['place']}").input_value() != ""
    page.fill("#f-0", "99999")
    assert "would reject" in page.locator("#outside").inner_text()
    page.select_option("#start", index=1)
    assert page.locator("#outside").inner_text() == ""


def test_hostile_names_are_text_in_the_page(foe: Visit, hostile: Model) -> None:
    page = foe.page
    assert page.locator("header h1").inner_text() == hostile.contract.title
    show(foe, "customer")
    menu = page.locator("select[id^=f-] option").all_inner_texts()
    for text in hostile_model.TEXTS[:6]:
        assert text in menu
    tags = page.evaluate(
        "[...new Set([...document.querySelectorAll('main *:not([type=\"application/json\"])')].map((one) => one.localName))]"
    )
    assert not {"script", "img", "b", "i", "em", "u", "iframe", "object"} & set(tags) - {"b", "i"}
    assert page.evaluate("document.querySelectorAll('script:not([type=\"application/json\"])').length") == 4
    assert page.locator("#golden-result").count() == 1
    show(foe, "shapes")
    page.locator("#terms button").nth(1).click()
    assert foe.errors == []


def test_the_page_is_one_small_file_that_can_neither_fetch_nor_run_another_script(files: dict[str, Path]) -> None:
    for path in files.values():
        text = path.read_text(encoding="utf-8")
        assert len(text.encode()) < 2e6
        markup = re.sub(r"<script[^>]*>.*?</script>", "<script>", text, flags=re.DOTALL)
        assert not re.findall(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=\"(?!data:,)[^\"]*\"", markup)
        policy = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
        assert len(policy) == 1
        assert policy[0].startswith("default-src 'none'")
        assert "unsafe" not in policy[0]
        figures = text.count('<script type="application/json">')  # of charts, as data
        assert text.count("<script") == text.count("</script>") == 4 + figures  # data, Vega, and two of ours


def test_the_data_in_the_page_are_the_models(files: dict[str, Path], model: Model) -> None:
    text = files["shop"].read_text(encoding="utf-8")
    data = data_of(text)
    for term, shown in zip(model.scorecard.terms, data["terms"], strict=True):
        assert shown["name"] == term.name
        assert shown["points"] == term.points.ravel().tolist()
        assert shown["train_n"] == term.customers.ravel().astype(int).tolist()
    assert data["percentiles"] == list(model.purchase.percentiles)


def test_the_same_model_gives_the_same_page(model: Model, files: dict[str, Path]) -> None:
    assert audit_page(model, feature_shapes(model), pair_shapes(model)) == files["shop"].read_text(encoding="utf-8")
