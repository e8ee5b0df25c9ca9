"""The blocks of a report: paragraphs, lists, tables and figures, as plain data that a template renders."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from markupsafe import Markup

_SHORT = 14  # rows of a table that fit on a page with what stands around it; a longer one may break across pages


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
    """A table cell that links to a page of the appendix; pages count from 1."""

    text: str
    page: int


TableCell = str | Link


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
    widths : tuple of int
        Width of each column in percent; empty to let the content decide.
    style : str
        A class of the stylesheet.
    alt_text : str
        What the table holds, for readers who do not see it.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[TableCell, ...], ...]
    words: int = 1
    widths: tuple[int, ...] = ()
    style: str = ""
    alt_text: str = ""
    kind: ClassVar[str] = "table"

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
    """A picture in SVG, with its alternative text."""

    picture: Markup
    alt_text: str
    kind: ClassVar[str] = "figure"

    @property
    def address(self) -> str:
        """The URL under which the page asks for the picture."""
        # Named by content, so that the same picture twice in a report is one asset and the PDF stays reproducible.
        return f"asset:{hashlib.sha256(str(self.picture).encode()).hexdigest()[:16]}"


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


Block = Text | Heading | ItemList | Table | Facts | Code | Figure | Legend | BlankLines


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
