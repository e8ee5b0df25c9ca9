"""Blocks as an editable document for word processors: the texts and tables of a report, its charts as pictures."""

from __future__ import annotations

import contextlib
import datetime
import html
import io
import re
import zipfile
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from northstar_explain.model.names import with_id
from northstar_explain.report.document.blocks import (
    BlankLines,
    Block,
    Callout,
    Code,
    Columns,
    Contents,
    Facts,
    Figure,
    Heading,
    ItemList,
    KeyFigures,
    Legend,
    Table,
    TableCell,
    Tags,
    Text,
)  # fmt: skip
from northstar_explain.report.document.charts import library
from northstar_explain.report.document.document import Document
from northstar_explain.report.document.render import visible

# Long before any report: a file is to have the same bytes each time it is written.
_DAY = (1980, 1, 1, 0, 0, 0)
_FONT, _WIDE_CM, _LOGO_CM, _SCALE = "Arial", 17.0, 0.9, 2.0
# XML allows no control characters, not even escaped.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def docx(document: Document, logo: bytes = b"") -> bytes:
    """A report as a Word document.

    Parameters
    ----------
    document : Document
    logo : bytes, optional
        A PNG or JPEG that stands before the title at the head of every page.

    Returns
    -------
    bytes
        The same for the same report.
    """
    import docx as library_of_word

    file = library_of_word.Document()
    _prepare(file, document)
    _add_band(file.sections[0].header.paragraphs[0], document, logo)
    file.add_heading(_plain(document.heading), 0)
    _add_all(file, document.front)
    for chapter in document.chapters:
        eyebrow = [file.add_paragraph(_plain(chapter.eyebrow))] if chapter.eyebrow else []
        # Of the paragraph, as a break of its own leaves an empty page after one that is just full.
        [*eyebrow, file.add_heading(_plain(chapter.title), 1)][0].paragraph_format.page_break_before = True
        _add_all(file, chapter.blocks)
    out = io.BytesIO()
    file.save(out)
    return _undated(out.getvalue())


def _prepare(file: Any, document: Document) -> None:
    from docx.shared import Cm, Pt

    properties, day = file.core_properties, datetime.datetime(*_DAY[:3])
    properties.title, properties.language = _plain(document.title), document.language
    properties.author, properties.comments = "Northstar Explain", ""
    properties.created = properties.modified = day
    section = file.sections[0]
    section.page_width, section.page_height = Cm(21.0), Cm(29.7)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Cm(2.0)
    section.footer.paragraphs[0].text = _plain(document.running)
    style = file.styles["Normal"]
    style.font.name, style.font.size = _FONT, Pt(10)


def _add_band(paragraph: Any, document: Document, logo: bytes) -> None:
    """Whose report it is, at the head of every page."""
    from docx.image.exceptions import InvalidImageStreamError, UnexpectedEndOfFileError, UnrecognizedImageError
    from docx.shared import Cm

    # A picture that breaks off is left out, as it is in the PDF.
    with contextlib.suppress(InvalidImageStreamError, UnexpectedEndOfFileError, UnrecognizedImageError):
        if logo:
            shape = paragraph.add_run().add_picture(io.BytesIO(logo), height=Cm(_LOGO_CM))
            shape._inline.docPr.set("descr", "Logo")
            paragraph.add_run("   ")
    paragraph.add_run(_plain(document.title)).bold = True


def _add_all(file: Any, blocks: Sequence[Block]) -> None:
    for block in blocks:
        _add(file, block)


def _add(file: Any, block: Block) -> None:
    """One block; columns and callouts follow one another, as a page of text has no columns."""
    if isinstance(block, Text) and block.style == "logo":
        return  # it stands at the head of every page
    if isinstance(block, Text):
        _write(file.add_paragraph(), block.text, strong=block.style == "message")
    elif isinstance(block, Heading):
        file.add_heading(_plain(block.text), 3)
    elif isinstance(block, ItemList):
        number = _new_numbering(file) if block.ordered else None
        for item in block.items:
            paragraph = file.add_paragraph(style="List Number" if block.ordered else "List Bullet")
            if number is not None:
                paragraph._p.get_or_add_pPr().get_or_add_numPr().get_or_add_numId().val = number
            _write(paragraph, item)
    elif isinstance(block, Table):
        _add_table(file, [block.head, *block.rows], block.words, block.widths, head=True)
    elif isinstance(block, Facts):
        _add_table(file, block.rows, 2, (25, 75))
    elif isinstance(block, KeyFigures):
        _add_table(
            file, [[value for value, _ in block.figures], [words for _, words in block.figures]], len(block.figures)
        )
    elif isinstance(block, Figure):
        _add_picture(file, block)
    elif isinstance(block, Code):
        file.add_paragraph(_plain(block.text), style="macro")
    elif isinstance(block, Callout):
        if block.title:
            file.add_heading(_plain(block.title), 2)
        _add_all(file, block.blocks)
    elif isinstance(block, Columns):
        for column in block.columns:
            _add_all(file, column)
    elif isinstance(block, BlankLines):
        _add_table(file, [(label, "") for label in block.labels], 2)
    else:
        file.add_paragraph(_plain("; ".join(_names(block))))


def _names(block: Legend | Tags | Contents) -> list[str]:
    if isinstance(block, Contents):
        return [link.text for link in block.links]
    return (
        [words for _, words in block.signs]
        if isinstance(block, Legend)
        else [with_id(id, name) for id, name, _ in block.tags]
    )


def _new_numbering(file: Any) -> int:
    """The id of a numbering that begins at 1: all lists of a style would count on from one another."""
    numbering = file.part.numbering_part.element
    of_style = file.styles["List Number"].element.pPr.numPr.numId.val
    number = numbering.add_num(numbering.num_having_numId(of_style).abstractNumId.val)
    number.add_lvlOverride(0).add_startOverride(1)
    return int(number.numId)


def _add_table(
    file: Any, rows: Sequence[Sequence[TableCell]], words: int, widths: Sequence[int] = (), head: bool = False
) -> None:
    """A table; a `head` is in bold, and again on each page on which the table goes on."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml import OxmlElement
    from docx.shared import Cm

    if not rows:
        return
    table = file.add_table(len(rows), len(rows[0]), style="Table Grid")
    table.autofit = not widths
    if head:
        table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    for number, (row, values) in enumerate(zip(table.rows, rows, strict=True)):
        for place, (cell, value) in enumerate(zip(row.cells, values, strict=True)):
            paragraph = cell.paragraphs[0]
            strong = not isinstance(value, str) or (head and number == 0)
            _write(paragraph, value if isinstance(value, str) else value.text, strong)
            if note := getattr(value, "note", ""):
                _write(cell.add_paragraph(), note)
            if place >= words:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
            if widths:
                cell.width = Cm(_WIDE_CM * widths[place] / 100)
    file.add_paragraph()


def _add_picture(file: Any, figure: Figure) -> None:
    from docx.shared import Cm

    picture = library().svg_to_png(str(figure.picture), scale=_SCALE)
    wide = float(re.search(r'width="([\d.]+)', str(figure.picture))[1])  # type: ignore[index]
    shape = file.add_picture(io.BytesIO(picture), width=Cm(min(_WIDE_CM, _WIDE_CM * wide / 600)))
    shape._inline.docPr.set("descr", _plain(figure.alt_text))
    if figure.caption:
        file.add_paragraph(_plain(figure.caption))


def _write(paragraph: Any, text: str, strong: bool = False) -> None:
    """Text as runs: of our own markup, what is strong stays strong, and what is small becomes grey."""
    from docx.shared import RGBColor

    parts = re.split(r"(</?(?:strong|small)>)", str(text)) if isinstance(text, Markup) else [text]
    bold = small = False
    for part in parts:
        if re.fullmatch(r"</?(?:strong|small)>", part) and isinstance(text, Markup):
            bold, small = (part[1] != "/", small) if part.endswith("strong>") else (bold, part[1] != "/")
        elif part:
            run = paragraph.add_run(_plain(html.unescape(part) if isinstance(text, Markup) else part))
            run.bold = bold or (strong and not small) or None
            if small:
                run.font.color.rgb = RGBColor(0x56, 0x5C, 0x64)


def _plain(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", str(visible(str(text))))


def _undated(data: bytes) -> bytes:
    """The archive with one date for all of its files."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            entry = zipfile.ZipInfo(name, _DAY)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            target.writestr(entry, source.read(name))
    return out.getvalue()
