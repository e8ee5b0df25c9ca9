"""What a page of the report is made of: texts, lists, tables, figures; plain data that a template shows."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from markupsafe import Markup

_SHORT = 14


@dataclass(frozen=True)
class Text:
    """A paragraph; `style` is a class of the style sheet, such as ``lead`` or ``fine``."""

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
    """A list, with numbers where `ordered`."""

    items: tuple[str, ...]
    ordered: bool = False
    kind: ClassVar[str] = "list"


@dataclass(frozen=True)
class Link:
    """A cell that leads to a page of the appendix; the first is 1."""

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
        How many of the first columns are words, aligned to the left; the others are numbers.
    widths : tuple of int
        Percent of the width of each column; empty for what the content asks for.
    style : str
        A class of the style sheet.
    alt_text : str
        What the table holds, for those who hear it.
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
        """Whether it is kept on one page."""
        return len(self.rows) <= _SHORT


@dataclass(frozen=True)
class Facts:
    """Names with their values, one below the other."""

    rows: tuple[tuple[str, str], ...]
    kind: ClassVar[str] = "facts"

    def is_hash(self, value: str) -> bool:
        """Whether a value is a SHA-256, which is set small so that it stays on one line."""
        return re.fullmatch("[0-9a-f]{64}", value) is not None


@dataclass(frozen=True)
class Code:
    """Lines to be typed or read as they are."""

    text: str
    style: str = ""
    kind: ClassVar[str] = "code"


@dataclass(frozen=True)
class Figure:
    """A picture in SVG, and what it shows, for those who do not see it."""

    picture: Markup
    alt_text: str
    kind: ClassVar[str] = "figure"

    @property
    def address(self) -> str:
        """Where the page finds it."""
        return f"asset:{hashlib.sha256(str(self.picture).encode()).hexdigest()[:16]}"


@dataclass(frozen=True)
class Legend:
    """What the signs of a picture mean: pairs of a class of the style sheet and words."""

    signs: tuple[tuple[str, str], ...]
    kind: ClassVar[str] = "legend"


@dataclass(frozen=True)
class BlankLines:
    """Lines to be filled in by hand."""

    labels: tuple[str, ...]
    kind: ClassVar[str] = "blank_lines"


Block = Text | Heading | ItemList | Table | Facts | Code | Figure | Legend | BlankLines


@dataclass(frozen=True)
class Chapter:
    """A part of the report that begins on a page of its own.

    Attributes
    ----------
    id : str
        What links lead to.
    title : str
    blocks : tuple of Block
    eyebrow : str
        A line above the title.
    flows : bool
        Whether it may begin on the page on which the one before ends.
    """

    id: str
    title: str
    blocks: tuple[Block, ...]
    eyebrow: str = ""
    flows: bool = False


@dataclass
class ChapterBuilder:
    """Collects the blocks of a chapter."""

    blocks: list[Block] = field(default_factory=list)

    def paragraphs(self, *texts: str, style: str = "") -> None:
        """Paragraphs."""
        self.blocks += [Text(text, style) for text in texts if text]

    def add(self, *blocks: Block) -> None:
        """Anything else."""
        self.blocks += blocks

    def section(self, heading: str, *blocks: Block) -> None:
        """A heading and what belongs to it."""
        self.blocks += [Heading(heading), *blocks]

    def chapter(self, id: str, title: str, eyebrow: str = "", flows: bool = False) -> Chapter:
        """All of it."""
        return Chapter(id, title, tuple(self.blocks), eyebrow, flows)


def table(head: Sequence[str], rows: Sequence[Sequence[TableCell]], **options: object) -> Table:
    """A table from any sequences."""
    return Table(tuple(head), tuple(tuple(row) for row in rows), **options)  # type: ignore[arg-type]
