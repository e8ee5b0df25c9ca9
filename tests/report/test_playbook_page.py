"""The playbook as one HTML page, in a real browser: nothing is fetched, nothing overflows, every link leads somewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import playbooks
import pyarrow as pa
import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import visiting

from northstar_explain.model import Model
from northstar_explain.report.playbook import write_playbook

# Elements of the page that reach beyond it, but for those that can be scrolled or are cut on purpose.
OVERFLOWING = """() => [...document.querySelectorAll('body *')].filter(one => {
  const box = one.getBoundingClientRect();
  return box.width > 0 && (box.right > document.documentElement.clientWidth + 1 || box.left < -1)
    && !one.closest('svg, .scroll, .chart') && getComputedStyle(one).position !== 'absolute';
}).map(one => one.outerHTML.slice(0, 120))"""
CUT = """() => [...document.querySelectorAll('main *')].filter(one => one.children.length === 0
  && one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0
  && getComputedStyle(one).overflowX !== 'visible').map(one => one.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module")
def shop(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_playbook(model, tmp_path_factory.mktemp("page") / "out").html


@pytest.fixture(scope="module")
def crowd(model: Model, customers: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_playbook(playbooks.crowded(model, customers), tmp_path_factory.mktemp("crowd") / "out").html


@pytest.fixture(scope="module")
def spoilt(hostile: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_playbook(hostile, tmp_path_factory.mktemp("hostile-page") / "out").html


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("which", ["shop", "crowd", "spoilt"])
def test_nothing_overflows_and_nothing_is_fetched(
    which: str, width: int, browser: Any, request: pytest.FixtureRequest
) -> None:
    with visiting(browser, request.getfixturevalue(which), width) as visit:
        page = visit.page
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(OVERFLOWING) == []
        assert page.evaluate(CUT) == []
        assert page.evaluate("document.fonts.check('16px Inter')")
        assert visit.errors == []
        assert [url for url in visit.requests if not url.startswith("data:")] == []


@pytest.mark.parametrize("width", [390, 1280])
def test_both_pages_can_be_read_by_everybody(shop: Path, browser: Any, width: int) -> None:
    with visiting(browser, shop, width) as visit:
        page = visit.page
        for path in (shop, shop.with_name("summary.html")):
            page.goto(path.as_uri())
            found = Axe().run(page).response["violations"]
            assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == [], path.name
        page.goto(shop.as_uri())
        links = page.locator("nav a")
        assert links.first.is_visible() == (width > 640)
        if width <= 640:
            assert page.locator("h1").bounding_box()["y"] < 300
            page.click("nav summary")
            assert links.last.is_visible()


def test_links_lead_to_their_pages(model: Model, shop: Path, browser: Any) -> None:
    with visiting(browser, shop) as visit:
        page = visit.page
        targets = page.eval_on_selector_all("a", "links => links.map(link => link.getAttribute('href'))")
        assert targets and all(target.startswith("#") for target in targets)
        assert page.evaluate("links => links.every(link => document.querySelector(link))", targets)
        for segment in model.segmentation.segments:
            page.click(f"nav a[href='#{segment.id}']")
            assert page.evaluate("location.hash") == f"#{segment.id}"
            top = page.evaluate("id => document.getElementById(id).getBoundingClientRect().top", segment.id)
            assert abs(top) < 120
            heading = page.inner_text(f"section#{segment.id} h2")
            assert _plain(heading) == segment.name


def _plain(text: str) -> str:
    """With ordinary blanks where the layout ties words together."""
    return " ".join(text.split())


def test_the_page_shows_the_figures_of_the_model_folder(model: Model, shop: Path, browser: Any) -> None:
    outcomes = model.evaluation.segments.holdout_outcomes
    with visiting(browser, shop) as visit:
        for segment in model.segmentation.segments:
            text = _plain(visit.page.inner_text(f"section#{segment.id}"))
            figures = (f"{segment.customers:,}", f"{segment.share:.1%}", f"{outcomes[segment.id].purchase_rate:.1%}")
            for words in (segment.definition, *figures):
                assert words in text, words


def test_each_page_begins_a_sheet_when_printed(model: Model, shop: Path, browser: Any, tmp_path: Path) -> None:
    import pypdf

    with visiting(browser, shop) as visit:
        visit.page.pdf(path=str(tmp_path / "printed.pdf"), prefer_css_page_size=True, print_background=True)
    sheets = ["".join(page.extract_text().split()) for page in pypdf.PdfReader(tmp_path / "printed.pdf").pages]
    heads = [f"segment{number}of" for number, _ in enumerate(model.segmentation.segments, 1)]
    # No sheet holds two of them, and each stands on one.
    assert [sum(head in sheet for sheet in sheets) for head in heads] == [1] * len(heads)
    assert all(sum(head in sheet for head in heads) <= 1 for sheet in sheets)
