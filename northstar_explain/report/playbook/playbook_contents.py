"""The playbook as documents: the whole book, a page for each segment alone, and the summary."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from markupsafe import Markup

from northstar_explain.model.names import with_id
from northstar_explain.model.segments import Segment
from northstar_explain.report.charts.segment_sizes import segment_sizes
from northstar_explain.report.document import numbers as words
from northstar_explain.report.document.blocks import Block, Chapter, Facts, Figure, Heading, ItemList, Link, Table, Text
from northstar_explain.report.document.document import Document
from northstar_explain.report.playbook.front_pages import cover, everybody, first_steps, overview, size_rows
from northstar_explain.report.playbook.last_pages import (
    contacts,
    first_fifth,
    glossary_page,
    method_page,
    sql_table,
    tree,
)
from northstar_explain.report.playbook.method import glossary
from northstar_explain.report.playbook.money_page import budget_tools, money_pages
from northstar_explain.report.playbook.page_layout import VARIANT
from northstar_explain.report.playbook.playbook_facts import Book
from northstar_explain.report.playbook.segment_page import segment_page

LOGO = "asset:logo"
STYLES = ("playbook.css",)
# A page of the book is a function of it that returns a chapter; these stand before and after those of the segments.
FRONT: tuple[Callable[[Book], Chapter], ...] = (overview,)
BACK: tuple[Callable[[Book], Chapter], ...] = (tree, method_page, glossary_page)


def whole_book(book: Book, siblings: Sequence[Link] = ()) -> Document:
    """The book as one document: its cover is the front, each page a chapter."""
    pages = (
        *(page(book) for page in FRONT),
        *(segment_page(one, book) for one in book.segments),
        contacts(book),
        *money_pages(book),
        *(page(book) for page in BACK),
    )
    logo = (Text(Markup(f'<img src="{LOGO}" alt="Logo">'), "logo"),) if book.plan.logo else ()
    return Document(
        book.title,
        VARIANT,
        pages,
        book.title,
        "Segment playbook",
        (*logo, *cover(book)),
        book.imprint,
        tuple(siblings),
        STYLES,
        tools=budget_tools(book),
    )


def sheets(whole: Document) -> list[Document]:
    """The cover and each page as a document of its own, numbered: each is laid out in the size that fits it."""
    total = 1 + len(whole.chapters)
    parts = [
        replace(whole, chapters=()),
        *(replace(whole, heading="", front=(), chapters=(one,)) for one in whole.chapters),
    ]
    return [
        replace(part, running=f"{whole.running} · page {number} of {total}") for number, part in enumerate(parts, 1)
    ]


def alone(segment: Segment, whole: Document, book: Book) -> Document:
    """The page of a segment to hand out, and behind it the words that it needs."""
    page = next(one for one in whole.chapters if one.id == segment.id)
    blocks: list[Block] = [Figure(segment_sizes([*size_rows(book), everybody(book)], book.contract))]
    if book.sql:
        blocks += [Heading("Its rule in SQL"), sql_table(book, (segment,))]
    blocks += [Heading("What the words mean"), Facts(tuple((note.title, note.text) for note in glossary(book.model)))]
    behind = Chapter("words", f"{segment.id} among the {len(book.segments)} segments", tuple(blocks))
    return replace(
        whole,
        title=f"{segment.name}: {book.title}",
        variant=f"{VARIANT} single",
        heading=page.title,
        eyebrow=page.eyebrow,
        front=page.blocks,
        chapters=(behind,),
        siblings=(),
    )


def summary(book: Book) -> Document:
    """One page for those who read no more than that."""
    noun = book.contract.noun
    rows = tuple(
        (
            with_id(one.id, one.name),
            book.plays[one.id].message.text,
            words.count(one.customers),
            words.percent(outcome.purchase_rate)
            if (outcome := book.model.evaluation.segments.holdout_outcomes.get(one.id))
            else "–",
        )
        for one in book.segments
    )
    first = overview(book)
    front = (
        Text(first.title, "lead"),
        Figure(segment_sizes([*size_rows(book), everybody(book)], book.contract)),
        Table(("Segment", "What to say", noun.capitalize(), "Rate"), rows, words=2, widths=(30, 44, 13, 13)),
        Text(f"Rate: {book.contract.outcome}; {words.percent(book.base_rate)} of all do.", "fine"),
        Heading("Whom to contact first"),
        Text(f"{first_fifth(book)}."),
        Heading("First steps"),
        ItemList(tuple(first_steps(book)), ordered=True),
    )
    return Document(
        f"Summary: {book.title}", VARIANT, (), book.title, "Segments in one page", front, book.imprint, (), STYLES
    )
