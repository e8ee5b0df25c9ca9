"""The last pages: whom to contact first, the tree of all rules, how it was made, the glossary and what changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from markupsafe import Markup

from northstar_explain.contract.conditions import Condition, NumberCondition
from northstar_explain.contract.outcomes import those_with
from northstar_explain.model.evaluation.audience_facts import Band
from northstar_explain.model.evaluation.limits import AUDIENCE_MIN_CUSTOMERS, CONTACT_BANDS
from northstar_explain.model.evaluation.together_facts import DecileCell
from northstar_explain.model.names import with_id
from northstar_explain.model.segments import Segment
from northstar_explain.model.tree import Leaf, Split, Tree, depth
from northstar_explain.model.wording import capital, phrases
from northstar_explain.report import statements
from northstar_explain.report.charts.rule_tree import rule_tree
from northstar_explain.report.document import numbers as words
from northstar_explain.report.document.blocks import (
    Block,
    Cell,
    Chapter,
    Columns,
    Facts,
    Figure,
    Heading,
    Table,
    TableCell,
    Text,
)
from northstar_explain.report.playbook.method import glossary, limits, method
from northstar_explain.report.playbook.money_page import to_fill_in
from northstar_explain.report.playbook.playbook_facts import SEGMENT_PDF, Book
from northstar_explain.report.treatments import treatments

# Letters of all rules in words up to which they stand beside the rules in SQL.
ROOMY = 900
DECILES = tuple(range(10, 0, -1))


def contacts(book: Book) -> Chapter:
    """Segments by deciles of the probability, in bands of one treatment each."""
    noun, audiences = book.contract.noun, book.model.evaluation.audiences
    paid = statements.paid_contacts(book.model.evaluation.money)
    rows = tuple((one.id, *map(_short, reversed(audiences.segments[one.id].deciles))) for one in book.segments)
    sizes: tuple[tuple[TableCell, ...], ...] = tuple(
        (with_id(one.id, one.name), *(band_cell(band) for band in audiences.segments[one.id].bands.values()))
        for one in book.segments
    )
    heads = [capital(words.deciles(steps)) for steps in CONTACT_BANDS.values()]
    return Chapter(
        "contacts",
        first_fifth(book),
        (
            Text(
                "The segment decides what to say; the probability, whom to contact first. Write one message per "
                f"segment. On your own channels, begin with decile 10. {paid}.",
                "lead",
            ),
            Table(("Segment", *map(str, DECILES)), rows, style="deciles", widths=(10, *(9,) * 10)),
            Text(
                f"{noun.capitalize()} of the whole table by segment and decile of probability; 10 is the most likely.",
                "fine",
            ),
            Columns(
                tuple(
                    (Heading(head), Text(f"{todo}."))
                    for head, (_, _, todo) in zip(heads, treatments(book.model), strict=True)
                ),
                style="thirds",
            ),
            Table(("Segment", *heads), sizes, style="bands", widths=(40, 20, 20, 20)),
            Text(
                f"{noun.capitalize()} of the whole table, and the rate measured on those of them in the holdout "
                f"(from {AUDIENCE_MIN_CUSTOMERS} on).",
                "fine",
            ),
            Heading("Likely is not persuadable"),
            Text(
                f"{statements.not_persuadable(book.contract)}. Choose it at random, and leave it out of every campaign."
            ),
            *to_fill_in(book),
        ),
        "Whom to contact first",
    )


def first_fifth(book: Book) -> str:
    """How much of all action the deciles that are contacted first hold, on the holdout."""
    matrix, noun = book.model.evaluation.together.matrix, book.contract.noun
    everybody, first = _cells(matrix, DECILES), _cells(matrix, CONTACT_BANDS["first"])
    share = sum(cell.n for cell in first) / (sum(cell.n for cell in everybody) or 1)
    captured = sum(cell.actual_buyers for cell in first) / (sum(cell.actual_buyers for cell in everybody) or 1)
    # Named by their deciles: the exact fifth that the memo speaks of may hold a point more or less.
    return f"Deciles 9 and 10, {share:.0%} of all {noun}, hold {captured:.0%} of {those_with(book.contract)}"


def band_cell(band: Band) -> Cell:
    """How many there are in a band, and their rate where enough of them were measured."""
    rate = band.measured_rate
    return Cell(words.count(band.customers), "" if rate is None else f"rate {words.percent(rate)}")


def _short(number: int) -> str:
    """A number of at most six characters, so that ten of them fit beside one another."""
    return (
        words.count(number)
        if number < 100_000
        else f"{number / 1000:,.0f}k"
        if number < 10_000_000
        else f"{number / 1e6:,.0f}M"
    )


def _cells(matrix: Mapping[str, Sequence[DecileCell]], steps: Iterable[int]) -> list[DecileCell]:
    return [cells[step - 1] for step in steps for cells in matrix.values()]


def tree(book: Book) -> Chapter:
    """The rules as one tree, and as conditions for a database."""
    asked = questions(book.model.segmentation.tree, book)
    blocks: list[Block] = [
        Text(
            "Start at the top, answer and follow the line. Every path ends in one segment, here and in the database.",
            "lead",
        ),
        Figure(rule_tree(asked, book.names, book.colors)),
    ]
    if book.sql:
        blocks += [Heading("The same in SQL"), sql_table(book, book.segments)]
    most = depth(asked)
    return Chapter(
        "tree",
        f"At most {most} question{'s' if most != 1 else ''} decide the segment",
        tuple(blocks),
        "All rules as one tree",
    )


def sql_table(book: Book, segments: Sequence[Segment]) -> Table:
    """The rules of segments as conditions for a database; where there is room, in words as well."""
    roomy = sum(len(one.definition) for one in segments) < ROOMY
    rows: list[tuple[TableCell, ...]] = []
    for one in segments:
        condition = Markup(" <strong>OR</strong> ").join(book.sql[one.id])
        rows.append((one.id, Cell(one.definition, condition) if roomy else condition))
    head = "Condition on the columns of the table; explain sql prints the whole statement"
    return Table(("", head), tuple(rows), words=2, widths=(6, 94), style="sql")


def questions(node: Tree[Condition, str], book: Book) -> Tree[str, str]:
    """The tree as questions in words, without questions whose answers lead to the same segment."""
    if isinstance(node, Leaf):
        return node
    yes, no, test = questions(node.yes, book), questions(node.no, book), node.test
    # Who is asked "Did not visit?" does not know what yes means.
    feature = book.contract[test.feature]
    if isinstance(test, NumberCondition) and feature.kind.counts and (test.lower, test.upper) == (None, 1):
        test, yes, no = test.opposite(feature.missing is not None), no, yes
    # Pruning and rounding may leave a test whose branches lead to the same segment: nobody need ask it.
    return yes if yes == no else Split(capital(" and ".join(phrases(test, book.contract))) + "?", yes, no)


def method_page(book: Book) -> Chapter:
    """How it was made, and what it cannot tell."""
    notes = method(book.model)
    halves = tuple(
        tuple(block for note in notes[place::2] for block in (Heading(note.title), Text(note.text))) for place in (0, 1)
    )
    rows = tuple((note.title, note.text, note.figure) for note in limits(book.model))
    return Chapter(
        "method",
        "Two separate models: one describes behavior, the other predicts an outcome",
        (
            Columns(halves, style="halves"),
            Heading("What it cannot tell"),
            Table(("", "", "Figure"), rows, words=2, widths=(24, 62, 14), style="notes"),
        ),
        "How this was made",
    )


def glossary_page(book: Book) -> Chapter:
    """The glossary, and what changed since the earlier model."""
    return Chapter(
        "glossary",
        "What the words mean, and what changed",
        (
            Facts(tuple((note.title, note.text) for note in glossary(book.model))),
            Heading("What changed"),
            *_changes(book),
            Heading("The files beside this one"),
            Facts(files_beside(book)),
        ),
        "Glossary and changes",
    )


def files_beside(book: Book) -> tuple[tuple[str, str], ...]:
    """What stands beside the book, for those who have only found this file."""
    plan = (
        "What somebody has decided, as this book prints it."
        if book.plan.files
        else "Not there yet: explain playbook --write-plan writes the proposals out, to edit and to print with --plan."
    )
    return (
        ("playbook.docx", "The same to edit, for a word processor."),
        ("playbook.html", "The same for a browser; charts tell their figures."),
        (f"{SEGMENT_PDF.format(book.segments[0].id)} and so on",
         "A page of each segment to hand out, with the words that it needs."),
        ("summary.pdf, summary.html", "All in one page; the second is for the body of an e-mail."),
        (book.plan.files[0].name if book.plan.files else "playbook.toml", plan),
    )  # fmt: skip


def _changes(book: Book) -> tuple[Block, ...]:
    facts, noun, names = book.model.evaluation.segments.update, book.contract.noun, book.names
    if facts is None:
        return (
            Text(
                "This is the first model: there is nothing to compare it with yet. From the next update on, this page "
                "shows which segments stayed, which are new or gone, and who moved."
            ),
        )
    found = [
        *((one.id, names[one.id], "kept", one.customers_before, one.customers_now, f"{one.jaccard:.0%}")
          for one in facts.matched),
        *((one.id, names[one.id], f"new{_mostly(one.came_from, 'from')}", None, sum(one.came_from.values()), "–")
          for one in facts.added),
        *((one.id, one.name, f"gone{_mostly(one.went_to, 'to')}", sum(one.went_to.values()), None, "–")
          for one in facts.retired),
    ]  # fmt: skip
    rows = tuple(
        (with_id(id, name), what, *("–" if n is None else words.count(n) for n in (before, now)), common)
        for id, name, what, before, now, common in found
    )
    notes = [
        f"{words.count(facts.moved_by_model)} of {words.count(facts.customers)} {noun} "
        f"({words.percent(facts.moved_by_model / (facts.customers or 1))}) are in another segment than by the rules "
        "of the earlier model, on the same values."
    ]
    if since := facts.since_scores:
        notes.append(
            f"Of {words.count(since.customers)} {noun} scored before, {words.count(since.moved_by_customer)} would "
            f"have moved by the old rules, too: they themselves changed. {words.count(since.new)} are new, "
            f"{words.count(since.gone)} are no longer there."
        )
    return (
        Text(
            f"Against model {facts.previous_model_id} of {words.day(facts.previous_date)}, both on the {noun} of now."
        ),
        Table(("Segment", "What happened", "By the old rules", "By the new", "In common"), rows, words=2),
        *(Text(note) for note in notes),
    )


def _mostly(moves: Mapping[str, int], way: str) -> str:
    # Ties are broken by id, so that the same facts give the same page.
    return f"; mostly {way} {max(moves, key=lambda id: (moves[id], id))}" if moves else ""
