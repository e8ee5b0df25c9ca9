"""The playbook: what stands in the model folder, page by page, and nothing that a name could smuggle in."""

from __future__ import annotations

import html as markup
import json
import re
import time
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import jinja2
import pypdf
import pytest
from helpers import contents, explain

from northstar_explain.errors import OutputError
from northstar_explain.model import Model, Profile
from northstar_explain.report.charts import index_bar
from northstar_explain.report.facts import Playbook, playbook_facts
from northstar_explain.report.playbook import write_playbook
from northstar_explain.report.plays import recommended
from northstar_explain.report.render import html, pdf

HOSTILE = [
    "<b>bold</b> & <i>more</i>",
    "<script>alert(1)</script>",
    '<img src="file:///etc/hostname">',
    '"><a href="file:///etc/hostname">here</a>',
    "</section></body></html>",
    "{{ 7 * 7 }} {% raw %}",
    "&lt;already&gt; &amp;",
    "url(file:///etc/hostname)",
    "emoji 🛒🔥 and ☃",
    "\u202eright to left שלום مرحبا",
    "zero\u200bwidth and\u00a0no-break",
    "a-very-long-name-without-a-break-" * 8,
]


@pytest.fixture(scope="module")
def book(model: Model) -> Playbook:
    return playbook_facts(model)


@pytest.fixture(scope="module")
def page(book: Playbook) -> str:
    return html("playbook.html.j2", book=book, index_bar=index_bar)


@pytest.fixture(scope="module")
def reader(model: Model, tmp_path_factory: pytest.TempPathFactory) -> pypdf.PdfReader:
    return pypdf.PdfReader(write_playbook(model, tmp_path_factory.mktemp("playbook")))


def joined(text: str) -> str:
    """Text without white space or the hyphens of line ends, which a page adds and takes as it likes."""
    return re.sub(r"[\s\u00ad\u2010-]", "", text)


def fonts(reader: pypdf.PdfReader) -> dict[str, bool]:
    """Each font of a PDF, and whether its file is inside."""
    found = {}
    for page in reader.pages:
        for font in page["/Resources"]["/Font"].values():
            (inner,) = font.get_object().get("/DescendantFonts", [font])
            descriptor = inner.get_object()["/FontDescriptor"].get_object()
            found[str(descriptor["/FontName"])] = bool({"/FontFile2", "/FontFile3"} & set(descriptor))
    return found


def test_every_page_says_what_the_model_folder_holds(model: Model, reader: pypdf.PdfReader) -> None:
    folder = {name: json.loads(model.files[name]) for name in ("segments.json", "evaluation.json")}
    segments = folder["segments.json"]["segments"]
    outcomes = folder["evaluation.json"]["segments"]["holdout_outcomes"]
    assert len(reader.pages) == 1 + len(segments)
    overview = joined(reader.pages[0].extract_text())
    assert joined(model.id) in overview
    assert joined("2026-03-01") in overview
    for segment, shown in zip(segments, reader.pages[1:], strict=True):
        text = joined(shown.extract_text())
        rate = f"{outcomes[segment['id']]['purchase_rate']:.1%}"
        figures = [f"{segment['customers']:,}", f"{segment['share']:.1%}", rate]
        for words in (segment["name"], segment["definition"], *figures):
            assert joined(words) in text, words
            assert joined(words) in overview, words


def test_every_condition_of_a_rule_stands_on_its_segments_page(
    model: Model, book: Playbook, reader: pypdf.PdfReader
) -> None:
    for segment, page, shown in zip(model.segmentation.segments, book.pages, reader.pages[1:], strict=True):
        assert len(page.rules) == len(segment.rules)
        text = joined(shown.extract_text())
        assert page.actions
        for words in (
            *(step for rule in page.rules for step in rule),
            *page.actions,
            *(bar.words for bar in page.bars),
        ):
            assert joined(words) in text, words


def test_inter_is_embedded_and_no_font_is_left_to_the_reader(reader: pypdf.PdfReader) -> None:
    found = fonts(reader)
    assert found
    assert all(found.values())
    assert all("Inter" in name for name in found)


def test_the_pdf_can_be_read_aloud(reader: pypdf.PdfReader, model: Model) -> None:
    catalog = reader.trailer["/Root"]
    assert catalog["/MarkInfo"]["/Marked"]
    assert catalog["/Lang"] == "en"
    assert reader.metadata is not None
    assert reader.metadata.title == f"Segment playbook: {model.contract.title}"


def test_the_same_model_gives_the_same_page(model: Model, page: str) -> None:
    assert html("playbook.html.j2", book=playbook_facts(model), index_bar=index_bar) == page


def test_the_same_page_gives_the_same_bytes_at_another_time() -> None:
    page = "<html lang=en><head><title>t</title></head><body><p>hello</p></body></html>"
    first = pdf(page, "playbook.css")
    time.sleep(1.1)
    assert pdf(page, "playbook.css") == first


def hostile_book(book: Playbook, names: list[str] = HOSTILE) -> Playbook:
    pages = tuple(
        replace(book.pages[0], id=f"S{i + 1}", name=text, definition=f"Definition {text}", rules=((text,),), actions=(text,),
                bars=(replace(book.pages[0].bars[0], words=text),))
        for i, text in enumerate(names)
    )  # fmt: skip
    return replace(book, title=HOSTILE[0], horizon=HOSTILE[2], pages=pages)


def test_hostile_names_are_text_in_the_page(book: Playbook) -> None:
    page = html("playbook.html.j2", book=hostile_book(book), index_bar=index_bar)
    harmless = html("playbook.html.j2", book=replace(book, pages=book.pages[:1] * len(HOSTILE)), index_bar=index_bar)
    for text in HOSTILE:
        assert page.count(str(markup.escape(text)).replace("&#x27;", "&#39;").replace("&quot;", "&#34;")) >= 5

    def tags(page: str) -> set[str]:
        return set(re.findall(r"</?[a-z]\w*", page))

    assert tags(page) <= tags(harmless) | {"<li", "</li"}
    assert not {"<script", "<img", "<b>bold"} & tags(page)
    assert len(re.findall("<a ", page)) == len(HOSTILE)  # the overview's links to the pages below, and no other
    assert set(re.findall(r'href="([^"]*)"', page)) == {f"#S{i + 1}" for i in range(len(HOSTILE))}


def test_hostile_names_are_text_in_the_pdf(book: Playbook) -> None:
    page = html("playbook.html.j2", book=hostile_book(book), index_bar=index_bar)
    reader = pypdf.PdfReader(BytesIO(pdf(page, "playbook.css")))
    assert len(reader.pages) >= 1 + len(HOSTILE)
    assert all(fonts(reader).values())
    links = [a.get_object() for p in reader.pages for a in p.get("/Annots", [])]
    assert links
    assert not any({"/URI", "/F"} & set(link.get("/A", {})) for link in links)
    assert not reader.attachments
    assert not any(page.images for page in reader.pages)


def test_markup_in_names_can_be_read_in_the_pdf(book: Playbook) -> None:
    # Without the names whose signs may be in no font of the machine: what is drawn for them cannot be read back.
    page = html("playbook.html.j2", book=hostile_book(book, HOSTILE[:8]), index_bar=index_bar)
    text = joined("".join(p.extract_text() for p in pypdf.PdfReader(BytesIO(pdf(page, "playbook.css"))).pages))
    for name in HOSTILE[:8]:
        assert text.count(joined(name)) >= 5, name


@pytest.mark.parametrize(
    "tag",
    [
        '<link rel="stylesheet" href="{url}">',
        '<style>@import url("{url}");</style>',
        '<link rel="attachment" href="{url}">',
        '<img src="{url}" alt="picture">',
        '<object data="{url}">other</object>',
        '<style>p {{ background: url("{url}") }}</style>',
    ],
)
def test_a_report_fetches_nothing(tag: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even where markup came through, a page could not read a file or ask a server."""
    secret = tmp_path / "secret.css"
    secret.write_text('p::before { content: "STOLEN" }')
    asked: list[object] = []
    monkeypatch.setattr("socket.socket.connect", lambda self, address: asked.append(address))
    for url in (secret.as_uri(), "http://127.0.0.1:9/x.css"):
        head = f"<html lang=en><head><title>t</title>{tag.format(url=url)}</head><body><p>hello</p></body></html>"
        data = pdf(head, "playbook.css")
        reader = pypdf.PdfReader(BytesIO(data))
        assert "STOLEN" not in reader.pages[0].extract_text()
        assert not reader.attachments
        assert not reader.pages[0].images
    assert asked == []


def test_a_template_that_asks_for_what_is_not_there_fails(book: Playbook) -> None:
    with pytest.raises(jinja2.UndefinedError, match="index_bar"):
        html("playbook.html.j2", book=book)


def test_templates_hold_no_arithmetic() -> None:
    from importlib import resources

    for file in resources.files("northstar_explain.templates").iterdir():
        if file.name.endswith(".j2"):
            for inside in re.findall(r"\{[{%](.*?)[}%]\}", file.read_text(encoding="utf-8")):
                outside_quotes = re.sub(r"'[^']*'", "", inside)
                assert not re.search(r"[\w)]\s*[*/+]\s*[\w(]|\s-\s|\bround\b|\bsum\b", outside_quotes), inside


@pytest.mark.parametrize(
    ("index", "left", "width", "above"),
    [
        (100, 50, 0, True), (1000, 50, 50, True), (10, 0, 50, False), (5000, 50, 50, True), (1, 0, 50, False),
        (200, 50, 15.05, True), (50, 34.95, 15.05, False),
    ],
)  # fmt: skip
def test_bars_are_as_long_for_twice_as_for_half(index: float, left: float, width: float, above: bool) -> None:
    bar = index_bar(index)
    assert (bar.left, bar.width, bar.above) == (left, width, above)


def test_bars_show_what_differs_most_the_highest_first(model: Model, book: Playbook) -> None:
    for segment, page in zip(model.segmentation.segments, book.pages, strict=True):
        assert [bar.index for bar in page.bars] == sorted((bar.index for bar in page.bars), reverse=True)
        by_words = {model.contract[p.feature].words.casefold(): p for p in segment.profile}
        shown = [by_words[bar.words.casefold()] for bar in page.bars]
        least = min(abs(p.effect) for p in shown)
        assert least >= 0.1
        left_out = [p for p in segment.profile if p not in shown and p.index is not None]
        for sign in (1, -1):
            side = [p for p in shown if p.effect * sign > 0]
            assert len(side) <= 5
            if len(side) == 5:
                weakest = min(abs(p.effect) for p in side)
                assert all(abs(p.effect) <= weakest for p in left_out if p.effect * sign > 0)


def test_every_sort_of_segment_is_told_what_to_do(model: Model) -> None:
    """Whatever the roles' levels are, there is at least one action."""
    from itertools import product

    contract, segment = model.contract, model.segmentation.segments[0]
    roles = {f.role: f.name for f in contract.features if f.role}
    for effects in product((-1.0, 0.0, 1.0), repeat=len(roles)):
        profile = tuple(
            Profile(name, 1.0, 1.0, 100.0, effect, 1) for name, effect in zip(roles.values(), effects, strict=True)
        )
        actions = recommended(replace(segment, profile=profile), contract)
        assert 1 <= len(actions) <= 3
        assert len(set(actions)) == len(actions)


def test_a_playbook_that_is_there_is_left_alone(model_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "pb").mkdir()
    (tmp_path / "pb" / "playbook.pdf").write_text("precious")
    before = contents(tmp_path)
    result = explain("playbook", "--model", model_dir, "--out", tmp_path / "pb", "--quiet")
    assert result.exit_code == 1
    assert "playbook.pdf: output: expected a path that is free; got one that exists." in result.stderr
    assert contents(tmp_path) == before


def test_a_page_that_cannot_be_set_leaves_nothing(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(page: str, stylesheet: str) -> bytes:
        raise OutputError("playbook.pdf", [])

    monkeypatch.setattr("northstar_explain.report.playbook.pdf", fail)
    with pytest.raises(OutputError):
        write_playbook(model, tmp_path / "pb")
    assert contents(tmp_path) == {}


def test_the_command_prints_where_the_playbook_is(
    model_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("northstar_explain.report.playbook.pdf", lambda page, stylesheet: b"%PDF")
    result = explain("playbook", "--model", model_dir, "--out", tmp_path / "pb", "--quiet")
    assert (result.exit_code, result.stderr) == (0, "")
    assert Path(result.stdout.strip()) == tmp_path / "pb" / "playbook.pdf"
    assert contents(tmp_path) == {"pb": None, "pb/playbook.pdf": b"%PDF"}
