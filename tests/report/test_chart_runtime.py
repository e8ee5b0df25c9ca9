"""Charts in pages, in a real browser: drawn by Vega under a strict policy, read by keyboard and by pointer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import Visit, visiting

from northstar_explain.report.document.blocks import Chapter, Figure
from northstar_explain.report.document.charts import Chart, svg
from northstar_explain.report.document.document import Document

ROWS: list[dict[str, Any]] = [
    {"segment": name, "share": share} for name, share in (("loyal <b>", 0.4), ("lapsing & lost", 0.35), ("new", 0.25))
]
BARS = {
    "data": {"values": ROWS},
    "width": 420,
    "height": {"step": 22},
    # The formatted tooltip is an expression, which Vega compiles with `eval` unless it interprets.
    "transform": [{"calculate": "format(datum.share, '.1%')", "as": "percent"}],
    "mark": "bar",
    "encoding": {
        "x": {"field": "share", "type": "quantitative", "axis": {"format": ".0%"}},
        "y": {"field": "segment", "type": "nominal", "sort": None, "title": None},
        "tooltip": [{"field": "segment", "title": "Segment"}, {"field": "percent", "title": "Share"}],
    },
}
ONE = Chart(BARS, 'Bars "of" <segments>.')
TWO = Chart({"hconcat": [{**BARS, "width": 200}, {**BARS, "width": 200}]}, "Twice.")


def page(*charts: Chart) -> str:
    return Document("Charts", "memo", (Chapter("one", "One", tuple(map(Figure, charts))),)).web_page()


def written(folder: Path, text: str) -> Path:
    path = folder / "charts.html"
    path.write_text(text, encoding="utf-8")
    return path


def until(page: Any, condition: str) -> None:
    """Wait for a condition; Playwright's own way evaluates text, which the policy forbids."""
    for _ in range(100):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"not within five seconds: {condition}")


@pytest.fixture(scope="module")
def shown(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    with visiting(browser, written(tmp_path_factory.mktemp("charts"), page(ONE, TWO))) as visit:
        until(visit.page, "document.querySelectorAll('.drawn svg').length === 2")
        yield visit


def test_the_policy_allows_our_scripts_and_no_evaluation_of_text(shown: Visit) -> None:
    policy = shown.page.get_attribute('meta[http-equiv="Content-Security-Policy"]', "content")
    assert "unsafe" not in policy.split("script-src")[1]
    # Later, as the call itself may evaluate text: the driver is let through.
    refused = """() => new Promise((done) => setTimeout(() => {
      try { new Function('return 1')(); done(false); } catch { done(true); }
    }))"""
    assert shown.page.evaluate(refused)
    added = "document.body.append(Object.assign(document.createElement('script'), {text: 'globalThis.added = 1'}))"
    shown.page.evaluate(added)
    assert shown.page.evaluate("globalThis.added") is None
    shown.errors[:] = [one for one in shown.errors if "violates the following Content Security Policy" not in one]


def test_charts_are_drawn_without_an_error_or_a_request(browser: Any, tmp_path: Path) -> None:
    for width in (390, 1280):
        with visiting(browser, written(tmp_path, page(ONE, TWO)), width) as visit:
            until(visit.page, "document.querySelectorAll('.drawn svg').length === 2")
            visit.page.wait_for_timeout(100)
            # Each is as wide as the page leaves room for, to the rounding of its plots.
            boxes = visit.page.evaluate(
                "[...document.querySelectorAll('.drawn svg')].map((one) => one.getBoundingClientRect().width)"
            )
            room = visit.page.evaluate("document.querySelector('figure').clientWidth")
            assert all(room - 6 <= box <= room + 1 for box in boxes), (boxes, room)
            assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
            assert visit.errors == []
            assert visit.requests == []


def test_arrow_keys_move_over_the_values_and_say_them(shown: Visit) -> None:
    page = shown.page
    page.focus("figure .drawn")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith(ONE.alt_text)
    said = page.locator("figure .said").first
    heard = []
    for key in ("ArrowRight", "ArrowRight", "End", "ArrowRight", "Home"):
        page.keyboard.press(key)
        heard.append(said.inner_text())
    first, second, last = (f"Segment: {one['segment']}; Share: {100 * one['share']:.1f}%" for one in ROWS)
    assert heard == [first, second, last, last, first]
    assert said.get_attribute("aria-live") == "polite"
    assert page.locator("figure .ring").first.is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("figure .ring").first.is_visible()


def test_up_and_down_move_to_the_mark_above_and_below(browser: Any, tmp_path: Path) -> None:
    cells = [{"row": row, "column": column} for row in "AB" for column in "abc"]
    encoding = {name: {"field": field, "type": "nominal"} for name, field in (("y", "row"), ("x", "column"))}
    tooltip = [{"field": "row"}, {"field": "column"}]
    spec = {"data": {"values": cells}, "width": 90, "mark": "rect", "encoding": {**encoding, "tooltip": tooltip}}
    with visiting(browser, written(tmp_path, page(Chart(spec, "Cells.")))) as visit:
        visit.page.wait_for_selector(".drawn svg")
        visit.page.focus("figure .drawn")
        heard = []
        for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp"):
            visit.page.keyboard.press(key)
            heard.append(visit.page.locator("figure .said").inner_text())
        assert heard == [f"row: {row}; column: {column}" for row, column in ("Aa", "Ab", "Bb", "Ba", "Aa")]


def test_a_page_of_charts_is_accessible(shown: Visit) -> None:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(shown.page).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []


def test_the_pointer_shows_the_value_it_is_on(shown: Visit) -> None:
    heard = (
        "document.querySelector('figure').addEventListener('value', (event) => { globalThis.value = event.detail; })"
    )
    shown.page.evaluate(heard)
    box = shown.page.locator("figure .drawn svg").first.locator(".mark-rect.role-mark path").nth(1).bounding_box()
    shown.page.mouse.move(box["x"] + 4, box["y"] + 4)
    tip = shown.page.locator("figure .tip").first
    tip.wait_for(state="visible")
    assert "lapsing & lost" in tip.inner_text()
    assert shown.page.evaluate("globalThis.value.segment") == "lapsing & lost"
    shown.page.mouse.move(0, 0)
    tip.wait_for(state="hidden")
    assert shown.page.evaluate("globalThis.value") is None


def test_charts_fit_again_when_the_window_changes(browser: Any, tmp_path: Path) -> None:
    with visiting(browser, written(tmp_path, page(TWO)), 1280) as visit:
        visit.page.wait_for_selector(".drawn svg")
        wide = visit.page.locator(".drawn svg").bounding_box()
        visit.page.set_viewport_size({"width": 390, "height": 800})
        until(visit.page, "document.querySelector('.drawn svg').getBoundingClientRect().width < 390")
        narrow = visit.page.locator(".drawn svg").bounding_box()
        assert narrow["height"] > 1.8 * wide["height"]  # one below the other
        assert visit.errors == []


def test_a_chart_far_below_waits_until_it_comes_near(browser: Any, tmp_path: Path) -> None:
    far = (
        page(ONE, TWO)
        .replace("<figure", '<p style="height: 5000px"></p><figure')
        .replace("<p style", "<p data-style", 1)
    )
    with visiting(browser, written(tmp_path, far)) as visit:
        visit.page.wait_for_selector(".drawn svg")
        visit.page.wait_for_timeout(200)
        assert visit.page.locator(".drawn svg").count() == 1
        assert visit.page.locator("figure > svg:visible").count() == 1  # its picture stands meanwhile
        visit.page.evaluate("window.scrollTo(0, 6000)")
        until(visit.page, "document.querySelectorAll('.drawn svg').length === 2")
        assert visit.page.locator("figure > svg:visible").count() == 0


def test_without_javascript_the_pictures_stay(browser: Any, tmp_path: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    opened = context.new_page()
    opened.goto(written(tmp_path, page(ONE, TWO)).as_uri())
    assert opened.locator("figure > svg").count() == 2
    assert opened.locator("figure > svg").first.bounding_box()["height"] > 60
    context.close()


def test_pictures_of_one_page_share_no_id_and_the_same_chart_gives_the_same_picture() -> None:
    axes = {name: {"field": "share", "type": "quantitative"} for name in "xy"}
    clipped = {"data": BARS["data"], "width": 200, "mark": {"type": "line", "clip": True}, "encoding": axes}
    first, second = svg(Chart(clipped, "A")), svg(Chart({**clipped, "width": 300}, "A"))
    ids = [set(re.findall(r'\bid="([^"]*)"', one)) for one in (first, second)]
    assert ids[0]
    assert not ids[0] & ids[1]
    assert set(re.findall(r"url\(#([^)]*)\)", first)) <= ids[0]
    assert first == svg(Chart(clipped, "A"))


def test_no_text_of_a_specification_can_end_its_script() -> None:
    text = "</script><script>alert(1)</script>"
    html = page(Chart({**BARS, "title": text}, text))
    assert html.count("<script") == html.count("</script>") == 3
    assert "<script>alert" not in html
