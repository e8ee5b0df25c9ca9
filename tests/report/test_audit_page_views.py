"""The views of the audit page: addresses, focus, scales, paper, the system's colours, and what is copied."""

from __future__ import annotations

import base64
import contextlib
import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import Visit, visiting

from northstar_explain.model import Model
from northstar_explain.report.audit.pack.audit_page import audit_page
from northstar_explain.report.audit.pack.page_charts import page_charts
from northstar_explain.report.audit.shapes.feature_shapes import feature_shapes
from northstar_explain.report.audit.shapes.pair_shapes import pair_shapes

DRAWN = "#plot .drawn[aria-busy=false] svg"


@pytest.fixture(scope="module")
def path(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("page") / "audit.html"
    file.write_text(audit_page(model, feature_shapes(model), pair_shapes(model)), encoding="utf-8")
    return file


@contextlib.contextmanager
def opened(browser: Any, path: Path, width: int = 1280, hash: str = "") -> Iterator[Visit]:
    with visiting(browser, path, width, 844, hash) as visit:
        visit.page.wait_for_selector("html[data-ready]")
        yield visit
        assert visit.errors == []


@pytest.fixture(scope="module")
def page(browser: Any, path: Path) -> Iterator[Any]:
    with opened(browser, path) as visit:
        yield visit.page


def switch(page: Any, view: str) -> None:
    page.click(f'nav a[href="#{view}"]')
    page.wait_for_selector(f"#{view}:not([hidden])")


def top_of(page: Any, selector: str) -> float:
    """How far an element begins below the top of the window, in pixels."""
    return float(page.evaluate(f"document.querySelector('{selector}').getBoundingClientRect().top"))


def test_each_term_has_a_scale_of_its_own_and_one_for_all(model: Model, page: Any) -> None:
    shapes, pairs = feature_shapes(model), pair_shapes(model)
    charts = page_charts(model, shapes, pairs)
    assert set(charts) == {term.name for term in model.scorecard.terms}
    assert all({"data", "config"}.isdisjoint(chart["common"]) for chart in charts.values() if "vconcat" in chart["own"])

    def ends(term: str, scale: str) -> list[float]:
        spec = {**charts[term]["own"], **(charts[term]["common"] if scale == "common" else {})}
        first = spec["layer" if "layer" in spec else "vconcat" if "vconcat" in spec else "hconcat"][0]
        key = "color" if term in {pair.term for pair in pairs} else "y" if "vconcat" in spec else "x"
        found = [one["encoding"][key] for one in first["layer"] if key in one["encoding"]]
        return next([*one["scale"]["domain"]] for one in found if one and "scale" in one)

    for group in ([s.term for s in shapes if s.axis], [s.term for s in shapes if not s.axis], [p.term for p in pairs]):
        assert len({tuple(ends(term, "common")) for term in group}) == 1
        assert len({tuple(ends(term, "own")) for term in group}) == len(group)
    weakest = model.evaluation.purchase.terms[-1].term
    switch(page, "shapes")
    page.fill("#search", weakest)
    page.locator("#terms button").first.click()
    page.wait_for_selector(DRAWN)
    own = page.locator("#plot svg").inner_html()
    page.select_option("#scale", "common")
    page.wait_for_function("(own) => document.querySelector('#plot svg').innerHTML !== own", arg=own)
    assert "scale=common" in page.url
    page.select_option("#scale", "own")
    page.wait_for_function("(own) => document.querySelector('#plot svg').innerHTML.length === own.length", arg=own)
    assert "scale" not in page.url
    page.fill("#search", "")


def test_on_a_phone_a_tapped_term_scrolls_to_its_plot(browser: Any, path: Path) -> None:
    with opened(browser, path, 390) as visit:
        for place in (0, 3):
            visit.page.evaluate("scrollTo(0, 0)")
            visit.page.locator("#terms button").nth(place).click()
            assert 0 <= top_of(visit.page, "#term-name") < 60


@pytest.mark.parametrize(
    ("width", "hash", "view", "lands"),
    [
        (390, "#customer", "customer", "header"),
        (390, "#groups", "checks", "#groups"),
        (1280, "#drift", "checks", "#drift"),
        (1280, "#nowhere", "shapes", "header"),
        (390, "#shapes?term=loyalty_tier&scale=common", "shapes", "#term-name"),
        (1280, "#shapes?term=loyalty_tier&scale=common", "shapes", "header"),
    ],
)
def test_a_link_from_outside_lands_where_it_leads(
    width: int, hash: str, view: str, lands: str, browser: Any, path: Path
) -> None:
    with opened(browser, path, width, hash) as visit:
        page = visit.page
        assert page.evaluate("[...document.querySelectorAll('main > section:not([hidden])')].map((one) => one.id)") == [
            view
        ]
        page.wait_for_timeout(100)
        at_end = page.evaluate("innerHeight + scrollY >= document.documentElement.scrollHeight - 2")
        assert 0 <= top_of(page, lands) < 60 or (at_end and lands == "#drift")
        if "term=" in hash:
            assert page.locator("#term-code").inner_text().startswith("loyalty_tier ")
            assert page.input_value("#scale") == "common"


def test_back_and_forward_show_the_views_again(browser: Any, path: Path) -> None:
    with opened(browser, path) as visit:
        page = visit.page
        page.locator("#terms button").nth(2).click()
        words = page.locator("#term-name").inner_text()
        switch(page, "customer")
        switch(page, "golden")
        page.go_back()
        page.wait_for_selector("#customer:not([hidden])")
        page.go_back()
        page.wait_for_selector("#shapes:not([hidden])")
        assert page.locator("#term-name").inner_text() == words


def test_focus_is_kept_and_the_content_can_be_skipped_to(browser: Any, path: Path) -> None:
    with opened(browser, path) as visit:
        page = visit.page
        page.keyboard.press("Tab")
        skip = page.locator(".skip")
        assert skip.evaluate("(one) => one === document.activeElement && one.getBoundingClientRect().top >= 0")
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        for view in ("customer", "checks", "golden", "shapes"):
            page.focus(f'nav a[href="#{view}"]')
            page.keyboard.press("Enter")
            page.wait_for_selector(f"#{view}:not([hidden])")
            assert page.evaluate("document.activeElement.hash") == f"#{view}"
        # What had the focus is hidden: it goes to the heading of what is shown.
        page.focus("#search")
        page.evaluate("location.hash = 'golden'")
        page.wait_for_selector("#golden:not([hidden])")
        assert page.evaluate("document.activeElement.localName") == "h2"


def luminance(color: str) -> float:
    parts = [int(part) / 255 for part in color[color.index("(") + 1 : -1].split(",")[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_focus_ring_stands_out(page: Any) -> None:
    """WCAG 2.2, 1.4.11: 3 to 1 against what is around it."""
    switch(page, "shapes")
    page.wait_for_selector(DRAWN)
    for selector in ("#search", '#terms [aria-pressed="true"]', "#plot .drawn"):
        page.focus(selector)
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Tab")
        ring = page.evaluate("getComputedStyle(document.activeElement).outlineColor")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        for around in ("rgb(255, 255, 255)", "rgb(227, 238, 246)"):
            assert (luminance(around) + 0.05) / (luminance(ring) + 0.05) >= 3


def test_paper_has_every_view_with_the_legend_beside_its_chart(page: Any) -> None:
    switch(page, "customer")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    hidden = "[...document.querySelectorAll('main > section')].filter((one) => !one.getBoundingClientRect().height)"
    assert page.evaluate(f"{hidden}.map((one) => one.id)") == []
    assert page.evaluate("document.querySelectorAll('main details:not([open])').length") == 0
    assert page.locator("#plot svg").first.is_visible()
    assert page.locator("#checks figure svg").first.is_visible()
    inside = "getComputedStyle(document.querySelector('#plot').closest('.figure')).breakInside"
    assert page.evaluate(f"{inside}") == "avoid"
    assert page.evaluate("document.querySelector('.figure').contains(document.querySelector('.key'))")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    assert page.evaluate(f"{hidden}.length") == 3
    assert page.evaluate("document.querySelectorAll('main details[open]').length") == 0


def test_what_is_drawn_by_colour_stays_in_the_systems_colours(page: Any) -> None:
    switch(page, "shapes")
    page.emulate_media(forced_colors="active")
    style = "(selector, name) => getComputedStyle(document.querySelector(selector))[name]"
    fill, letters = (page.evaluate(f"({style})({of})") for of in ("'.fill', 'backgroundColor'", "'.words', 'color'"))
    assert fill == letters  # as visible as letters are
    assert page.evaluate(f"({style})('#plot', 'backgroundColor')") == "rgb(255, 255, 255)"
    assert page.evaluate(f"({style})('#terms [aria-pressed=true]', 'outlineStyle')") == "solid"
    page.emulate_media(forced_colors="none")


def test_bins_and_chart_are_copied(page: Any, model: Model) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    switch(page, "shapes")
    page.fill("#search", "country")
    page.locator("#terms button").first.click()
    page.fill("#search", "")
    name = page.locator("#term-code").inner_text().split(" · ")[0]
    term = next(term for term in model.scorecard.terms if term.name == name)
    page.click("#copy-bins")
    page.locator("#copied", has_text="All bins").wait_for()
    rows = list(csv.reader(io.StringIO(page.evaluate("navigator.clipboard.readText()"))))
    # A number is never unseen, so that no cell of its last bin is shown.
    shown = tuple(slice(0, -1) if model.contract[name].kind.numeric else slice(None) for name in term.features)
    assert sorted(float(row[1]) for row in rows[1:]) == sorted(term.points[shown].ravel().tolist())
    page.wait_for_selector(DRAWN)
    page.click("#copy-chart")
    page.locator("#copied", has_text="The chart").wait_for()
    text = page.evaluate(
        """async () => {
          const [item] = await navigator.clipboard.read();
          const bytes = new Uint8Array(await (await item.getType("image/png")).arrayBuffer());
          return btoa(String.fromCharCode(...bytes.slice(0, 24)));
        }"""
    )
    head = base64.b64decode(text)
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(head[16:20], "big") == 2 * page.evaluate(
        "document.querySelector('#plot svg').width.baseVal.value"
    )


def test_without_a_clipboard_a_file_is_saved(page: Any) -> None:
    switch(page, "shapes")
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined, configurable: true })")
    with page.expect_download() as saved:
        page.click("#copy-bins")
    assert saved.value.suggested_filename.endswith(".csv")
