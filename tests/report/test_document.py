"""The document system: every kind of block on paper and on the screen, and the press that typesets it."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pypdf
import pytest
from markupsafe import Markup

from northstar_explain.report.document import word
from northstar_explain.report.document.blocks import (
    BlankLines,
    Block,
    Callout,
    Cell,
    Chapter,
    Code,
    Columns,
    Contents,
    Facts,
    Figure,
    Heading,
    ItemList,
    KeyFigures,
    Legend,
    Link,
    Tags,
    Text,
    figures,
    rich,
    table,
)
from northstar_explain.report.document.charts import Chart
from northstar_explain.report.document.document import Document, links_beside
from northstar_explain.report.document.press import PdfJob, PdfWorker, start, typeset
from northstar_explain.report.document.render import unbroken

BARS = Chart(
    {
        "data": {"values": [{"name": "a</script>b", "value": 3}]},
        "mark": {"type": "bar", "clip": True},
        "encoding": {"x": {"field": "value", "type": "quantitative"}, "y": {"field": "name", "type": "nominal"}},
    },
    "a & b: 3",
)
BLOCKS: tuple[Block, ...] = (
    Text("first words", "lead"),
    Text(rich("<strong>{}</strong> is strong", "<b>bold</b>")),
    Heading("A heading"),
    ItemList(("one item",)),
    table(("", "n"), [("row", Cell("12", "of 30", "first")), ("other", Link("A2", 2))], alt_text="Counts"),
    Facts((("hash", "0" * 64),)),
    Code("select 1"),
    Figure(BARS, caption="what it means"),
    KeyFigures((("42%", "of all"),)),
    Legend((("curve", "a curve"),)),
    Tags((("S1", "Regulars", "#0c3c60"),)),
    BlankLines(("signed by",)),
    Contents((Link("Second chapter", address="#two"),)),
    Callout((Text("inside the callout"),), "Callout title", accent="#0c3c60"),
    Columns(((Text("left side"),), (Text("right side"), Figure(BARS))), (2, 1)),
)


@pytest.fixture(scope="module")
def document() -> Document:
    chapters = (Chapter("one", "First chapter", BLOCKS), Chapter("two", "Second chapter", (Text("last words"),)))
    siblings = (Link("Playbook", address="playbook/playbook.html"),)
    return Document("Title <1>", "memo", chapters, "Headline", "eyebrow", (Text("front"),), "running", siblings)


WORDS = ("Headline", "eyebrow", "front", "First chapter", "first words", "<b>bold</b> is strong", "A heading", "one item",
         "of 30", "select 1", "what it means", "42%", "of all", "a curve", "Regulars", "signed by", "Callout title",
         "inside the callout", "left side", "right side", "last words")  # fmt: skip


def test_every_kind_of_block_is_in_the_pdf(document: Document) -> None:
    reader = pypdf.PdfReader(io.BytesIO(document.pdf()))
    text = " ".join(" ".join(page.extract_text() for page in reader.pages).split())
    assert [words for words in (*WORDS, "running") if words not in text] == []
    assert reader.metadata is not None
    assert reader.metadata.title == "Title <1>"
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"


def test_the_same_document_is_the_same_file(document: Document) -> None:
    assert document.pdf() == document.pdf()
    assert document.web_page() == document.web_page()


def test_a_page_for_the_browser_holds_all_that_it_shows(document: Document) -> None:
    page = document.web_page()
    plain = re.sub("<[^>]*>", "", page[page.index("<main>") : page.index("</main>")])
    for words in WORDS:
        assert words.replace("<", "&lt;").replace(">", "&gt;") in plain, words
    assert not re.search(r'(src|href)="(?!#|data:|playbook/|appendix:)', page[: page.index("</main>")])
    assert "asset:" not in page
    # The text of a chart cannot end the element that holds it.
    assert page.count("</script>") == 4
    assert 'href="playbook/playbook.html"' in page
    assert "'sha256-" in page
    assert "script-src 'none'" in replace(document, chapters=(), front=()).web_page()


def test_links_are_relative_to_the_page_and_escaped(tmp_path: Path) -> None:
    reports = {"Playbook": tmp_path / "play book" / "playbook.html", "Audit": tmp_path / "audit.html"}
    links = links_beside(tmp_path / "memo" / "memo.html", reports)
    assert [(link.text, link.href) for link in links] == [
        ("Playbook", "../play%20book/playbook.html"),
        ("Audit", "../audit.html"),
    ]


def test_figures_are_found_however_deep() -> None:
    assert len(list(figures(BLOCKS))) == 2
    assert len(list(figures((Callout((Columns(((Figure(BARS),),)),)),)))) == 1


def test_lists_of_the_word_document_begin_at_one_and_tables_repeat_their_head() -> None:
    import docx

    lists = (ItemList(("first", "second"), ordered=True), ItemList(("again first",), ordered=True))
    chapters = (
        Chapter("one", "One", (*lists, table(("Name", "n"), [("row", "12")])), "eyebrow"),
        Chapter("two", "Two", ()),
    )
    file: Any = docx.Document(io.BytesIO(word.docx(Document("Title", "memo", chapters))))
    numbers = [one._p.pPr.numPr.numId.val for one in file.paragraphs if one.style.name == "List Number"]
    assert len(numbers) == 3 and numbers[0] == numbers[1] != numbers[2]
    for number in set(numbers):
        num = file.part.numbering_part.element.num_having_numId(number)
        assert num.xpath("./w:lvlOverride[@w:ilvl='0']/w:startOverride/@w:val") == ["1"]
    (shown,) = file.tables
    assert [len(row._tr.xpath("./w:trPr/w:tblHeader")) for row in shown.rows] == [1, 0]
    assert [cell.paragraphs[0].runs[0].bold for row in shown.rows for cell in row.cells] == [True, True, None, None]
    # A chapter begins a page by its own first paragraph: an empty one could be left alone on a page.
    begins = [one.text for one in file.paragraphs if one.paragraph_format.page_break_before]
    assert begins == ["eyebrow", "Two"]


def test_workers_give_what_this_process_gives(document: Document) -> None:
    jobs = document.jobs(2)
    workers = start(jobs)
    assert [worker.result() for worker in workers] == [typeset(job) for job in jobs]


def test_a_job_arrives_as_it_was_sent() -> None:
    shape = Markup('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0h9v9z"/></svg>')
    charts: dict[str, Chart | Markup] = {"asset:2": BARS, "asset:3": shape}
    page = "<p>ü" + "".join(f'<img src="asset:{place}" alt="a">' for place in (1, 2, 3))
    job = PdfJob((page,), ("document.css",), {"asset:1": (shape.encode(), "image/svg+xml")}, ("t",), charts)
    worker = PdfWorker()
    worker.begin(job)
    assert worker.result() == typeset(job) != typeset(replace(job, charts={}))
    assert worker._process.returncode == 0


def test_a_worker_that_has_no_job_is_stopped() -> None:
    worker = PdfWorker()
    worker.stop()
    assert worker._process.returncode is not None


def test_stylesheets_say_no_size_below_eight_points() -> None:
    style = (Path(__file__).parents[2] / "templates" / "document.css").read_text(encoding="utf-8")
    base = float(re.search(r"html \{ font: ([\d.]+)pt", style)[1])  # type: ignore[index]
    sizes = [float(size) * base for size in re.findall(r"font(?:-size)?: ([\d.]+)em", style)]
    assert min(*sizes, *(float(size) for size in re.findall(r"font(?:-size)?: ([\d.]+)pt", style))) >= 8


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("an e-mail", 'an <span class="word">e-mail</span>'),
        ("ROC-AUC (95%)", '<span class="word">ROC-AUC</span> (95%)'),
        ("a < b-c", 'a &lt; <span class="word">b-c</span>'),
        ("no hyphen <b>", "no hyphen <b>"),  # left to the template, which escapes it
        ("log-recency-frequency-value", "log-recency-frequency-value"),  # too long for a narrow column
        (Markup('<a href="#a-b">c-d</a>'), '<a href="#a-b"><span class="word">c-d</span></a>'),
        ("--budget and -1", "--budget and -1"),
    ],
)
def test_short_words_with_a_hyphen_stay_whole_on_paper(text: str, shown: str) -> None:
    assert str(unbroken(text)) == shown


def test_a_table_of_a_name_and_numbers_fits_a_phone() -> None:
    assert table(("", "Treated", "Control"), ()).slim
    assert not table(("", "Segments", "Probabilities"), (), words=3).slim
    assert not table(("", "a", "b", "c"), ()).slim
