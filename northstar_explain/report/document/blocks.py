"""The blocks of a report: paragraphs, lists, tables, figures and their arrangement, as plain data.

`templates/blocks.html.j2` renders each kind, for paper and for the screen. A text may be `Markup` where a few of its
words are to be strong; `rich` makes it, and escapes what is put in.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

from markupsafe import Markup

from northstar_explain.report.document.charts import Chart, svg
from northstar_explain.report.document.runtime import figure as in_page

_SHORT = 14  # rows of a table that fit on a page with what stands around it; a longer one may break across pages
_SLIM = 3  # columns of a table that fit on a phone


@dataclass(frozen=True)
class Text:
    """A paragraph; `style` is a class of the stylesheet, such as ``lead`` or ``fine``."""

    text: str
    style: str = ""
    kind: ClassVar[str] = "text"


@dataclass(frozen=True)
class Heading:
    """A heading inside a chapter."""

    text: str
    kind: ClassVar[str] = "heading"


@dataclass(frozen=True)
class ItemList:
    """A bulleted list; numbered where `ordered`."""

    items: tuple[str, ...]
    ordered: bool = False
    kind: ClassVar[str] = "list"


@dataclass(frozen=True)
class Link:
    """A link to a page of the appendix, pages count from 1, or to an address."""

    text: str
    page: int = 0
    address: str = ""

    @property
    def href(self) -> str:
        """Where it leads."""
        return self.address or f"appendix:{self.page}"


@dataclass(frozen=True)
class Cell:
    """A table cell with a quiet line below its text, or with a class of the stylesheet."""

    text: str
    note: str = ""
    style: str = ""


TableCell = str | Link | Cell


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes
    ----------
    head : tuple of str
    rows : tuple of tuple
        As many cells as the head; the first of each is the row's heading.
    words : int
        How many of the first columns hold text, aligned to the left; the others are numbers.
    last_words : int
        How many of the last columns hold text again.
    widths : tuple of int
        Width of each column in percent; empty to let the content decide.
    style : str
        A class of the stylesheet.
    alt_text : str
        What the table holds, for readers who do not see it; by default its head.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[TableCell, ...], ...]
    words: int = 1
    last_words: int = 0
    widths: tuple[int, ...] = ()
    style: str = ""
    alt_text: str = ""
    kind: ClassVar[str] = "table"

    def is_number(self, column: int) -> bool:
        """Whether a column, from 0, holds numbers."""
        return self.words <= column < len(self.head) - self.last_words

    @property
    def slim(self) -> bool:
        """Whether the table fits on a phone: a name and one or two numbers."""
        return len(self.head) <= _SLIM and self.words == 1 and not self.last_words

    @property
    def short(self) -> bool:
        """Whether the table is kept on one page."""
        return len(self.rows) <= _SHORT


@dataclass(frozen=True)
class Facts:
    """Names with their values, one pair per line."""

    rows: tuple[tuple[str, str], ...]
    kind: ClassVar[str] = "facts"

    def is_hash(self, value: str) -> bool:
        """Whether a value is a SHA-256, which the template renders small so that it fits on one line."""
        return re.fullmatch("[0-9a-f]{64}", value) is not None


@dataclass(frozen=True)
class Code:
    """Code, rendered verbatim."""

    text: str
    style: str = ""
    kind: ClassVar[str] = "code"


@dataclass(frozen=True)
class Figure:
    """A chart, or a picture in SVG with its alternative text; `caption` stands below it."""

    chart: Chart | Markup
    text: str = ""
    caption: str = ""
    kind: ClassVar[str] = "figure"

    @cached_property
    def picture(self) -> Markup:
        """The SVG."""
        return svg(self.chart) if isinstance(self.chart, Chart) else self.chart

    @property
    def alt_text(self) -> str:
        """What it shows, for readers who do not see it."""
        return self.chart.alt_text if isinstance(self.chart, Chart) else self.text

    @property
    def in_page(self) -> Markup:
        """The figure of a page in a browser, where a script draws it again."""
        plain = Markup("<figure>{}</figure>")
        return in_page(self.chart) if isinstance(self.chart, Chart) else plain.format(self.picture)

    @property
    def address(self) -> str:
        """The URL under which the page asks for the picture."""
        # Named by content, so that the same picture twice in a report is one asset and the PDF stays reproducible; by
        # what is to be drawn, as another process may draw it.
        content = json.dumps(self.chart.themed) if isinstance(self.chart, Chart) else str(self.chart)
        return f"asset:{hashlib.sha256(content.encode()).hexdigest()[:16]}"


@dataclass(frozen=True)
class KeyFigures:
    """Figures in large type beside one another: each a value, and what it is."""

    figures: tuple[tuple[str, str], ...]
    kind: ClassVar[str] = "key_figures"


@dataclass(frozen=True)
class Legend:
    """The legend of a figure: pairs of a class of the stylesheet and its meaning."""

    signs: tuple[tuple[str, str], ...]
    kind: ClassVar[str] = "legend"


@dataclass(frozen=True)
class BlankLines:
    """Lines to fill in by hand."""

    labels: tuple[str, ...]
    kind: ClassVar[str] = "blank_lines"


@dataclass(frozen=True)
class Tags:
    """The key of the segments: id, name and colour of each."""

    tags: tuple[tuple[str, str, str], ...]
    kind: ClassVar[str] = "tags"


@dataclass(frozen=True)
class Contents:
    """A list of links with the pages to which they lead."""

    links: tuple[Link, ...]
    kind: ClassVar[str] = "contents"


@dataclass(frozen=True)
class Callout:
    """Blocks set apart from the text around them, by a bar in the accent, where one is given."""

    blocks: tuple[Block, ...]
    title: str = ""
    style: str = ""
    accent: str = ""
    kind: ClassVar[str] = "callout"


@dataclass(frozen=True)
class Columns:
    """Blocks beside one another, below one another on a narrow screen; `widths` are shares, equal by default."""

    columns: tuple[tuple[Block, ...], ...]
    widths: tuple[float, ...] = ()
    style: str = ""
    kind: ClassVar[str] = "columns"

    @property
    def grid(self) -> str:
        """The widths, as CSS has them."""
        return " ".join(f"minmax(0, {width:g}fr)" for width in self.widths or (1,) * len(self.columns))


Block = (
    Text | Heading | ItemList | Table | Facts | Code | Figure | KeyFigures | Legend | Tags | BlankLines | Contents
    | Callout | Columns
)  # fmt: skip


def figures(blocks: Sequence[Block]) -> Iterator[Figure]:
    """Every figure among blocks, however deep."""
    for block in blocks:
        if isinstance(block, Figure):
            yield block
        elif isinstance(block, Callout):
            yield from figures(block.blocks)
        elif isinstance(block, Columns):
            for column in block.columns:
                yield from figures(column)


def rich(text: str, *values: object) -> Markup:
    """A text with markup of our own, such as ``<strong>``, and values in its braces, which are escaped."""
    return Markup(text).format(*values)


@dataclass(frozen=True)
class Chapter:
    """A chapter of the report; it begins on a new page unless it `flows`.

    Attributes
    ----------
    id : str
        The anchor that links point to.
    title : str
    blocks : tuple of Block
    eyebrow : str
        A line above the title.
    flows : bool
        Whether it may begin on the page on which the previous chapter ends.
    """

    id: str
    title: str
    blocks: tuple[Block, ...]
    eyebrow: str = ""
    flows: bool = False


@dataclass
class ChapterBuilder:
    """Collects the blocks of a chapter in order."""

    blocks: list[Block] = field(default_factory=list)

    def paragraphs(self, *texts: str, style: str = "") -> None:
        """Add paragraphs; empty texts are left out."""
        self.blocks += [Text(text, style) for text in texts if text]

    def add(self, *blocks: Block) -> None:
        """Add blocks of any kind."""
        self.blocks += blocks

    def section(self, heading: str, *blocks: Block) -> None:
        """Add a heading and the blocks below it."""
        self.blocks += [Heading(heading), *blocks]

    def chapter(self, id: str, title: str, eyebrow: str = "", flows: bool = False) -> Chapter:
        """The finished chapter."""
        return Chapter(id, title, tuple(self.blocks), eyebrow, flows)


def table(head: Sequence[str], rows: Sequence[Sequence[TableCell]], **options: object) -> Table:
    """A `Table` from any sequences; `options` are its other fields."""
    return Table(tuple(head), tuple(tuple(row) for row in rows), **options)  # type: ignore[arg-type]
