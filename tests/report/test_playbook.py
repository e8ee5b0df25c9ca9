"""The playbook as PDF: the figures of the model folder, page by page, and texts that cannot inject markup."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import playbooks
import pyarrow as pa
import pypdf
import pytest
from helpers import contents, explain, smallest_type
from markupsafe import escape

from northstar_explain.contract.economics import Economics
from northstar_explain.errors import OutputError
from northstar_explain.model import Model
from northstar_explain.model.campaign.money import money_facts
from northstar_explain.model.evaluation.limits import stability_figure
from northstar_explain.report.charts.differences import Difference, differences
from northstar_explain.report.document import palette
from northstar_explain.report.document.document import Document
from northstar_explain.report.document.press import PdfJob, typeset
from northstar_explain.report.playbook import WrittenPlaybook, write_playbook
from northstar_explain.report.playbook.front_pages import first_steps
from northstar_explain.report.playbook.last_pages import contacts as contacts_chapter
from northstar_explain.report.playbook.playbook_contents import whole_book
from northstar_explain.report.playbook.playbook_facts import book_of
from northstar_explain.report.playbook.segment_page import ORDINARY, distinctive

BESIDE_SEGMENTS = 7  # cover, overview; whom first, money, tree, method, words


@pytest.fixture(scope="module")
def written(model: Model, tmp_path_factory: pytest.TempPathFactory) -> WrittenPlaybook:
    return write_playbook(model, tmp_path_factory.mktemp("playbook") / "out")


@pytest.fixture(scope="module")
def reader(written: WrittenPlaybook) -> pypdf.PdfReader:
    return pypdf.PdfReader(written.pdf)


def joined(text: str) -> str:
    """Text without white space or the hyphens of line ends, which a page adds and takes as it likes."""
    return re.sub(r"[\s\u00ad\u2010-]", "", text)


def test_the_first_to_contact_are_where_most_are_expected_to_act_and_not_where_most_have_acted(model: Model) -> None:
    """A segment of many with low rates may hold more of those who act, and fewer of them in its best deciles."""
    audiences, facts = model.evaluation.audiences, model.evaluation.segments
    first, second = (one.id for one in model.segmentation.segments[:2])
    contacts = dict.fromkeys(audiences.segments, (0, 0.0)) | {first: (300, 0.45), second: (290, 0.6)}
    segments = {
        id: replace(one, bands={**one.bands, "first": replace(one.bands["first"], customers=n, holdout_n=n, purchase_rate=rate)})
        for id, one in audiences.segments.items()
        for n, rate in [contacts[id]]
    }  # fmt: skip
    outcomes = {
        id: replace(one, share_of_buyers=0.9 if id == first else 0.01) for id, one in facts.holdout_outcomes.items()
    }
    evaluation = replace(
        model.evaluation,
        audiences=replace(audiences, segments=segments),
        segments=replace(facts, holdout_outcomes=outcomes),
    )
    (step,) = (one for one in first_steps(book_of(replace(model, evaluation=evaluation))) if "own channels" in one)
    assert step.startswith(f"On your own channels: contact first the 290 in deciles 9 and 10 of {second} ")


def test_nobody_is_to_be_measured_where_no_contact_pays(model: Model) -> None:
    facts = model.evaluation
    money = money_facts(facts.audiences, facts.purchase, Economics(24.0, 20.0))
    first, *_ = first_steps(book_of(replace(model, evaluation=replace(facts, money=money))))
    assert first.startswith("Do not pay for contacts at these amounts: in no segment and decile does a contact pay")
    assert "at random" not in first


def test_no_budget_is_spoken_of_where_no_contact_pays(model: Model) -> None:
    facts, id = model.evaluation, model.segmentation.segments[0].id
    audience = facts.audiences.segments[id]
    # Nobody in the highest deciles: those in the next ones are contacted first.
    bands = {
        key: replace(one, customers=n, holdout_n=n)
        for (key, one), n in zip(audience.bands.items(), (0, 290, 0), strict=True)
    }
    audiences = replace(facts.audiences, segments={**facts.audiences.segments, id: replace(audience, bands=bands)})

    def said(economics: Economics) -> tuple[str, str]:
        money = money_facts(facts.audiences, facts.purchase, economics)
        book = book_of(replace(model, evaluation=replace(facts, money=money, audiences=audiences)))
        return book.plays[id].contact.line.text, Document(
            "Book", "playbook", (contacts_chapter(book),), styles=("playbook.css",)
        ).page()

    line, page = said(Economics(24.0, 0.1))
    assert line.endswith("in deciles 6 to 8 as far as the budget goes")
    assert "Contact as far as the budget goes" in page
    line, page = said(Economics(24.0, 20.0))
    assert line.endswith("in deciles 6 to 8 on your own channels only")
    assert "no contact pays" in page and "as far as the budget goes" not in page


def fonts(reader: pypdf.PdfReader) -> dict[str, bool]:
    """Each font of a PDF, and whether its file is inside."""
    found = {}
    for page in reader.pages:
        for font in page["/Resources"]["/Font"].values():  # type: ignore[index]
            (inner,) = font.get_object().get("/DescendantFonts", [font])
            descriptor = inner.get_object()["/FontDescriptor"].get_object()
            found[str(descriptor["/FontName"])] = bool({"/FontFile2", "/FontFile3"} & set(descriptor))
    return found


def test_every_page_shows_the_figures_of_the_model_folder(model: Model, reader: pypdf.PdfReader) -> None:
    folder = {name: json.loads(model.files[name]) for name in ("segments.json", "evaluation.json")}
    segments, facts = folder["segments.json"]["segments"], folder["evaluation.json"]["segments"]
    outcomes, audiences = facts["holdout_outcomes"], folder["evaluation.json"]["audiences"]["segments"]
    assert len(reader.pages) == BESIDE_SEGMENTS + len(segments)
    cover, overview = (joined(page.extract_text()) for page in reader.pages[:2])
    assert joined("Model made on 1 March 2026") in cover and joined(model.id) in cover
    assert joined("nobody yet, to confirm") in cover
    contacts = joined(reader.pages[2 + len(segments)].extract_text())
    for segment, shown in zip(segments, reader.pages[2:], strict=False):
        id, text = segment["id"], joined(shown.extract_text())
        assert joined(segment["name"]) in cover
        for said in (segment["name"], segment["definition"], f"{segment['customers']:,}", f"{segment['share']:.1%}",
                     f"{outcomes[id]['purchase_rate']:.1%}", f"{facts['spend']['segments'][id]['share']:.1%}"):  # fmt: skip
            assert joined(said) in text, said
            assert joined(said) in overview, said
        assert stability_figure(facts["stability"][id]) in overview
        for band in audiences[id]["bands"].values():
            assert f"{band['customers']:,}" in text and f"{band['customers']:,}" in contacts
        assert all(f"{n:,}" in contacts for n in audiences[id]["deciles"])


def test_what_sets_a_segment_apart_is_no_ordinary_index_and_one_feature_for_each_theme(model: Model) -> None:
    book = book_of(model)
    themes = {name: theme.name for theme in model.evaluation.segments.themes for name in theme.features}
    for segment in book.segments:
        rows = distinctive(segment, book)
        assert rows
        assert all(row.index is not None and not ORDINARY[0] <= row.index <= ORDINARY[1] for row in rows)
        indices = [row.index or 0.0 for row in rows]
        assert indices == sorted(indices, reverse=True)
        found = [themes[row.feature] for row in rows if row.feature in themes]
        assert len(found) == len(set(found))


def test_a_page_gives_each_figure_once_and_no_line_without_one(model: Model) -> None:
    """Beside every line stand the figures that it rests on, unless they stand above, or that it is general."""
    whole, plays = whole_book(book_of(model)), book_of(model).plays
    for chapter in whole.chapters:
        if chapter.id not in plays:
            continue
        page = replace(whole, heading="", front=(), chapters=(chapter,)).page()
        page = re.sub(r'<span class="word">([^<]*)</span>', r"\1", page)  # around words with a hyphen
        assert "as above" not in page
        given = ""
        for line in sorted(plays[chapter.id].lines, key=lambda one: page.index(str(escape(one.text)))):
            after = page.split(str(escape(line.text)), 1)[1]
            if beside := re.match(r" <small>\(([^<]+)\)</small>", after):
                figures = beside[1].split("; ")
                assert not set(figures) & set(given.split("; ")), line.text
                given += "; " + beside[1]
            else:
                assert line.fact and given, line.text


def test_every_segment_has_a_file_that_stands_alone(
    model: Model, written: WrittenPlaybook, reader: pypdf.PdfReader
) -> None:
    """Its page, numbered for itself, and the words that it needs."""
    assert written.long == ()
    for segment, path in zip(model.segmentation.segments, written.segments, strict=True):
        alone = [joined(page.extract_text()) for page in pypdf.PdfReader(path).pages]
        assert len(alone) == 2
        assert joined(segment.name) in alone[0] and "1of2" in alone[0]
        assert "Controlgroup" in alone[1] and "2of2" in alone[1]
        metadata = pypdf.PdfReader(path).metadata
        assert metadata is not None and metadata.title == f"{segment.name}: {model.contract.title}"


def test_the_summary_is_one_page_and_an_email(model: Model, written: WrittenPlaybook) -> None:
    (page,) = pypdf.PdfReader(written.summary).pages
    text, mail = joined(page.extract_text()), written.summary_html.read_text(encoding="utf-8")
    for segment in model.segmentation.segments:
        assert joined(segment.name) in text
        assert str(escape(segment.name)) in mail
    # Mail programs drop style sheets and scripts, and some of them what is not a table.
    assert not re.search(r"<style|<script|<svg|<img|class=|flex|grid|url\(", mail)


def test_an_index_stands_on_one_line(reader: pypdf.PdfReader) -> None:
    lines = reader.pages[1].extract_text().splitlines()
    assert [line for line in lines if re.search(r"\bindex [\d,]+", line)]
    assert not [line for line in lines if re.search(r"\bindex$|\bhighly$", line.strip())]


def test_the_document_to_edit_holds_the_same(model: Model, written: WrittenPlaybook) -> None:
    import docx

    file = docx.Document(str(written.word))
    cells = [cell.text for table in file.tables for row in table.rows for cell in row.cells]
    text = "\n".join([*(paragraph.text for paragraph in file.paragraphs), *cells])
    for segment in model.segmentation.segments:
        assert segment.name in text and segment.definition in text and f"{segment.customers:,}" in text
    for play in book_of(model).plays.values():
        assert all(line.text in text for line in play.lines)
    pictures = re.findall(r'descr="([^"]{20,})"', file.element.xml)
    assert len(pictures) == 4 + 2 * len(model.segmentation.segments) - 1
    assert "<small>" not in text and "<strong>" not in text


def test_no_type_is_smaller_than_nine_points(written: WrittenPlaybook) -> None:
    for path in (written.pdf, written.summary, *written.segments):
        assert smallest_type(path.read_bytes()) >= 9, path.name


def test_inter_is_embedded_and_no_font_is_left_to_the_reader(reader: pypdf.PdfReader) -> None:
    found = fonts(reader)
    assert found and all(found.values())
    assert all("Inter" in name for name in found)


def elements(node: Any) -> list[Any]:
    """Every element of a PDF's structure tree, in reading order."""
    kids = node.get("/K", [])
    kids = list(kids) if isinstance(kids, pikepdf.Array) else [kids]
    inside = [kid for kid in kids if isinstance(kid, pikepdf.Dictionary) and "/S" in kid]
    return [one for kid in inside for one in [kid, *elements(kid)]]


def test_the_pdf_can_be_read_aloud(written: WrittenPlaybook, model: Model) -> None:
    """What PDF/UA-1 asks of structure, as far as a program can see it."""
    for path in (written.pdf, written.segments[0]):
        with pikepdf.open(path) as file:
            root = file.Root
            assert bool(root.MarkInfo.Marked) and str(root.Lang) == "en"
            assert bool(root.ViewerPreferences.DisplayDocTitle)
            with file.open_metadata() as metadata:
                assert metadata["pdfuaid:part"] == "1"
                assert model.contract.title in metadata["dc:title"]
            found = elements(root.StructTreeRoot)
            kinds = [str(one.S) for one in found]
            assert (kinds.count("/H1"), kinds.count("/H2")) == (1, len(file.pages) - 1)  # one message a page
            figures = [one for one in found if str(one.S) == "/Figure"]
            assert figures
            assert all(len(str(one.get("/Alt", ""))) > 20 for one in figures)
            assert {"/TH", "/TD", "/L", "/LI"} <= set(kinds)
            assert all(page.get("/Tabs") == "/S" or "/StructParents" in page for page in file.pages)


@pytest.fixture(scope="module")
def again(model: Model, tmp_path_factory: pytest.TempPathFactory) -> WrittenPlaybook:
    """The same playbook, over one of last month that had another segment."""
    folder = tmp_path_factory.mktemp("again")
    folder.joinpath("playbook-S99.pdf").write_text("of last month")
    with pytest.raises(OutputError, match=r"playbook-S99\.pdf"):
        write_playbook(model, folder)
    return write_playbook(model, folder, overwrite=True)


def test_the_same_model_gives_the_same_bytes(written: WrittenPlaybook, again: WrittenPlaybook) -> None:
    assert [path.read_bytes() for path in again.files] == [path.read_bytes() for path in written.files]


@pytest.mark.slow
@pytest.mark.parametrize("segments", [4, 8])
def test_full_pages_fit(segments: int, model: Model, customers: pa.Table, tmp_path: Path) -> None:
    """Two rules of four conditions a segment, all that sets it apart, and names of 60 characters."""
    crowd = playbooks.crowded(model, customers, segments)
    done = write_playbook(crowd, tmp_path)
    assert done.long == ()
    assert sum(path.stat().st_size for path in done.files) < 3_000_000
    reader = pypdf.PdfReader(done.pdf)
    assert len(reader.pages) == BESIDE_SEGMENTS + segments
    for segment, page in zip(crowd.segmentation.segments, reader.pages[2:], strict=False):
        text = joined(page.extract_text())
        for shown in (segment.name, segment.definition, f"{segment.customers:,}"):
            assert joined(shown) in text
    for page in reader.pages:
        require_inside(page)


def require_inside(page: Any) -> None:
    """Every text begins inside the page."""
    width, height = float(page.mediabox.width), float(page.mediabox.height)
    outside = []

    def look(text: str, cm: list[float], tm: list[float], font: Any, size: float) -> None:
        x, y = cm[0] * tm[4] + cm[2] * tm[5] + cm[4], cm[1] * tm[4] + cm[3] * tm[5] + cm[5]
        if text.strip() and not (0 <= x <= width and 0 <= y <= height):
            outside.append((text, x, y))

    page.extract_text(visitor_text=look)
    assert outside == []


def test_the_change_log_shows_each_segment_and_its_change(model: Model) -> None:
    text = joined(whole_book(book_of(playbooks.updated(model))).page())
    for shown in ("Summer guests", "117 of 6,000", "m-0123456789ab"):
        assert joined(shown) in text


# ---- texts of others ----


@pytest.fixture(scope="module")
def spoilt(hostile: Model, tmp_path_factory: pytest.TempPathFactory) -> WrittenPlaybook:
    return write_playbook(hostile, tmp_path_factory.mktemp("hostile") / "out")


def test_hostile_texts_are_text(hostile: Model, spoilt: WrittenPlaybook) -> None:
    reader = pypdf.PdfReader(spoilt.pdf)
    assert all(fonts(reader).values())
    links = [a.get_object() for p in reader.pages for a in p.get("/Annots", [])]
    assert links
    assert not any({"/URI", "/F", "/Launch", "/JS"} & set(link.get("/A", {})) for link in links)
    assert not reader.attachments
    assert not any(page.images for page in reader.pages)
    assert joined(hostile.contract.title) in joined(reader.pages[0].extract_text())
    page = spoilt.html.read_text(encoding="utf-8")
    assert not re.search(r"<(img|i|u|em|iframe|object)\b", page.split("<script>")[0])
    assert "\u202e" not in page.split("<script>")[0]


@pytest.mark.parametrize(
    "tag",
    [
        '<link rel="stylesheet" href="{url}">',
        '<style>@import url("{url}");</style>',
        '<link rel="attachment" href="{url}">',
        '<img src="{url}" alt="picture">',
        '<object data="{url}">other</object>',
        '<style>p {{ background: url("{url}") }}</style>',
        '<svg><image href="{url}"/><use href="{url}#a"/></svg>',
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
        reader = pypdf.PdfReader(BytesIO(typeset(PdfJob((head,), ("playbook.css",)))[0]))
        assert "STOLEN" not in reader.pages[0].extract_text()
        assert not reader.attachments
        assert not reader.pages[0].images
    assert asked == []


def test_templates_do_no_arithmetic() -> None:
    from importlib import resources

    for file in resources.files("northstar_explain.templates").iterdir():
        if file.name.endswith(".j2"):
            for inside in re.findall(r"\{[{%](.*?)[}%]\}", file.read_text(encoding="utf-8")):
                outside_quotes = re.sub(r"'[^']*'|\"[^\"]*\"", "", inside)
                assert not re.search(r"[\w)]\s*[*/+]\s*[\w(]|\s-\s|\bround\b|\bsum\b", outside_quotes), inside


# ---- colours, bars, plays ----


def test_text_can_be_read_on_every_accent() -> None:
    for accent in palette.ACCENTS:
        assert palette.contrast(accent, palette.PAPER) >= palette.READABLE
        assert palette.contrast(accent, palette.tint(accent, 0.06)) >= palette.READABLE
        assert palette.contrast(palette.INK, palette.tint(accent, 0.25)) >= palette.READABLE
    for ink in (palette.INK, palette.QUIET):
        assert palette.contrast(ink, palette.PAPER) >= palette.READABLE
    assert palette.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert palette.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)  # WCAG's own example


def test_text_colours_of_the_stylesheet_have_contrast() -> None:
    from importlib import resources

    style = resources.files("northstar_explain.templates").joinpath("playbook.css").read_text(encoding="utf-8")
    inks = set(re.findall(r"(?<![-\w])color:\s*(#[0-9a-f]{6})", style)) - {"#ffffff"}
    assert inks
    assert all(palette.contrast(ink, palette.PAPER) >= palette.READABLE for ink in inks)


def test_colour_is_never_the_only_sign(model: Model, reader: pypdf.PdfReader) -> None:
    """Wherever a segment's colour stands, its id does."""
    ids = [segment.id for segment in model.segmentation.segments]
    for number in (0, 1, 2 + len(ids), 3 + len(ids)):  # cover, overview, whom first, tree
        text = reader.pages[number].extract_text()
        assert all(re.search(rf"\b{id}\b", text) for id in ids), number


def test_bars_are_as_long_for_twice_as_for_half() -> None:
    rows = [Difference("a", "2", "1", 200), Difference("b", "1", "2", 50), Difference("c", "", "", 100),
            Difference("d", "", "", 5000), Difference("e", "", "", 0)]  # fmt: skip
    twice, half, same, most, least = (one["length"] for one in differences(rows, "#123456").spec["data"]["values"])
    assert twice == pytest.approx(-half) and same == 0 and most == pytest.approx(-least)


# ---- files ----


def test_an_existing_playbook_is_left_alone(model_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "pb").mkdir()
    (tmp_path / "pb" / "playbook.pdf").write_text("precious")
    before = contents(tmp_path)
    result = explain("playbook", "--model", model_dir, "--out", tmp_path / "pb", "--quiet")
    assert result.exit_code == 1
    assert "playbook.pdf: output: expected a path that is free; got one that exists." in result.stderr
    assert contents(tmp_path) == before


def test_a_page_that_cannot_be_laid_out_leaves_nothing(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> bytes:
        raise OutputError("playbook.pdf", [])

    # Not by its path: the package exports a function of the module's name, which hides the module.
    monkeypatch.setattr(sys.modules[write_playbook.__module__], "pdf_bytes", fail)
    with pytest.raises(OutputError):
        write_playbook(model, tmp_path / "pb")
    assert contents(tmp_path) == {}


def test_files_of_segments_that_no_longer_exist_are_removed(again: WrittenPlaybook) -> None:
    assert set(contents(again.pdf.parent)) == {path.name for path in again.files}


def test_a_folder_that_holds_anything_else_is_left_as_it_is(model: Model, tmp_path: Path) -> None:
    tmp_path.joinpath("playbook.pdf").write_text("of last month")
    tmp_path.joinpath("notes.txt").write_text("not ours")
    before = contents(tmp_path)
    with pytest.raises(OutputError, match=r"expected a folder of a playbook or a new folder; got notes\.txt in it"):
        write_playbook(model, tmp_path, overwrite=True)
    assert contents(tmp_path) == before
