"""The facts of the last pages: whom to contact first, the tree of all segments, changes since the earlier model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from northstar_explain.contract.features import Contract
from northstar_explain.model.evaluation.together_facts import DecileCell
from northstar_explain.model.learned_model import Model
from northstar_explain.model.rules import Leaf, Node
from northstar_explain.model.wording import capital, phrases
from northstar_explain.report.document import numbers as words
from northstar_explain.report.document.palette import tint
from northstar_explain.report.playbook.segment_page import SegmentPage
from northstar_explain.report.treatments import TREATMENTS

Matrix = Mapping[str, Sequence[DecileCell]]


@dataclass(frozen=True)
class HeatCell:
    """A segment in a decile: customers of the holdout, and how many of them are expected to act."""

    decile: int
    customers: str
    expected: str
    ground: str
    band: str


@dataclass(frozen=True)
class SegmentLine:
    """A segment across the deciles."""

    id: str
    name: str
    accent: str
    cells: tuple[HeatCell, ...]


@dataclass(frozen=True)
class Band:
    """Deciles with the same treatment."""

    key: str
    deciles: tuple[int, ...]
    words: str
    customers: str
    expected: str
    actual: str
    rate: str


@dataclass(frozen=True)
class Contacts:
    """Whom to contact first."""

    lines: tuple[SegmentLine, ...]
    bands: tuple[Band, ...]
    first: str
    captured: str


@dataclass(frozen=True)
class Branch:
    """A question of the tree with the branch of each answer, or, without a question, a segment."""

    question: str = ""
    yes: Branch | None = None
    no: Branch | None = None
    id: str = ""
    name: str = ""
    accent: str = ""

    @property
    def questions(self) -> int:
        """The largest number of questions from here on."""
        return 1 + max(self.yes.questions, self.no.questions) if self.yes and self.no else 0

    @property
    def leaves(self) -> int:
        """The number of leaves from here on."""
        return self.yes.leaves + self.no.leaves if self.yes and self.no else 1


@dataclass(frozen=True)
class Change:
    """A segment's change since the earlier model."""

    id: str
    name: str
    words: str
    before: str
    now: str
    common: str


@dataclass(frozen=True)
class Changes:
    """Changes since the earlier model."""

    since: str
    model: str
    rows: tuple[Change, ...]
    notes: tuple[str, ...]


def contacts(model: Model, segments: tuple[SegmentPage, ...]) -> Contacts:
    """Segments by deciles of the probability, in bands of one treatment each."""
    matrix = model.evaluation.together.matrix
    bands = tuple(_band(steps, key, todo, matrix) for steps, key, todo in TREATMENTS)
    keys = {step: key for steps, key, _ in TREATMENTS for step in steps}
    # One scale for all cells, so that their colours can be compared across segments.
    highest = max((cell.n for cells in matrix.values() for cell in cells), default=1) or 1
    lines = tuple(
        SegmentLine(one.id, one.name, one.accent,
             tuple(_cell(cell, one.accent, highest, keys) for cell in reversed(matrix[one.id])))
        for one in segments
    )  # fmt: skip
    # Shares of the holdout, whose outcomes the model has not seen.
    everybody, buyers, first = _customers(matrix, range(1, 11)), _buyers(matrix, range(1, 11)), TREATMENTS[0][0]
    return Contacts(
        lines,
        bands,
        first=f"{_customers(matrix, first) / (everybody or 1):.0%}",
        captured=f"{_buyers(matrix, first) / (buyers or 1):.0%}",
    )


def branch(node: Node, contract: Contract, segments: dict[str, SegmentPage]) -> Branch:
    """The tree as questions in words, without questions whose answers lead to the same segment."""
    if isinstance(node, Leaf):
        one = segments[node.segment]
        return Branch(id=one.id, name=one.name, accent=one.accent)
    yes, no = branch(node.yes, contract, segments), branch(node.no, contract, segments)
    # Pruning and rounding may leave a test whose branches lead to the same segment: nobody need ask it.
    if yes == no:
        return yes
    return Branch(capital(" and ".join(phrases(node.test, contract))) + "?", yes, no)


def changes(model: Model, names: dict[str, str]) -> Changes | None:
    """Changes since the earlier model; None for a first model."""
    facts = model.evaluation.segments.update
    if facts is None:
        return None
    noun = model.contract.noun
    rows = [
        Change(one.id, names[one.id], "kept", words.count(one.customers_before), words.count(one.customers_now),
               f"{one.jaccard:.0%}")
        for one in facts.matched
    ] + [
        Change(one.id, names[one.id], f"new{_mostly(one.came_from, 'from')}", "–",
               words.count(sum(one.came_from.values())), "–")
        for one in facts.added
    ] + [
        Change(one.id, one.name, f"gone{_mostly(one.went_to, 'to')}",
               words.count(sum(one.went_to.values())), "–", "–")
        for one in facts.retired
    ]  # fmt: skip
    moved = facts.moved_by_model
    share = words.percent(moved / facts.customers)
    notes = [
        f"{words.count(moved)} of {words.count(facts.customers)} {noun} ({share}) are in another "
        "segment than by the rules of the earlier model, on the same values."
    ]
    if since := facts.since_scores:
        notes.append(
            f"Of {words.count(since.customers)} {noun} scored before, {words.count(since.moved_by_customer)} "
            f"would have moved by the old rules, too: they themselves changed. {words.count(since.new)} are new, "
            f"{words.count(since.gone)} are no longer there."
        )
    return Changes(words.day(facts.previous_date), facts.previous_model_id, tuple(rows), tuple(notes))


def _mostly(moves: Mapping[str, int], way: str) -> str:
    if not moves:
        return ""
    # Ties are broken by id, so that the same facts give the same page.
    most = max(moves, key=lambda id: (moves[id], id))
    return f"; mostly {way} {most}"


def _cell(cell: DecileCell, accent: str, highest: int, keys: dict[int, str]) -> HeatCell:
    return HeatCell(
        decile=cell.decile,
        customers=words.count(cell.n),
        expected=words.count(cell.expected_buyers),
        # Light enough for dark text on any accent.
        ground=tint(accent, 0.28 * cell.n / highest),
        band=keys[cell.decile],
    )


def _band(steps: tuple[int, ...], key: str, todo: str, matrix: Matrix) -> Band:
    n, actual = _customers(matrix, steps), _buyers(matrix, steps)
    return Band(
        key=key,
        deciles=steps,
        words=todo,
        customers=words.count(n),
        expected=words.count(sum(cell.expected_buyers for cell in _cells(matrix, steps))),
        actual=words.count(actual),
        rate=words.percent(actual / n) if n else "–",
    )


def _cells(matrix: Matrix, steps: Iterable[int]) -> Iterator[DecileCell]:
    steps = tuple(steps)
    return (cells[step - 1] for cells in matrix.values() for step in steps)


def _customers(matrix: Matrix, steps: Iterable[int]) -> int:
    return sum(cell.n for cell in _cells(matrix, steps))


def _buyers(matrix: Matrix, steps: Iterable[int]) -> int:
    return sum(cell.actual_buyers for cell in _cells(matrix, steps))
