"""What a draft cannot know: at most five questions, each with what was seen, and the marks of those still open."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

MOST_QUESTIONS = 5
MARK = "CONFIRM"
_MARKED = re.compile(rf"^# {MARK}: (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Question:
    """Something for a person to say.

    Attributes
    ----------
    key : str
        What it is about: ``label``, ``positive``, ``id``, ``horizon``, ``group``, ``known_after``, ``sensitive``,
        ``codes`` or ``words``.
    text : str
        The question.
    evidence : str
        What the table shows.
    proposed : str
        The answer that the draft takes.
    choices : tuple of str
        The possible answers; empty where any text will do.
    """

    key: str
    text: str
    evidence: str
    proposed: str
    choices: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.text} ({self.evidence})"


Ask = Callable[[Question], str | None]


class Questions:
    """Puts questions, and keeps those that nobody answered.

    Parameters
    ----------
    ask : callable, optional
        Takes a question and gives the answer, or None where there is none.
    """

    def __init__(self, ask: Ask | None = None):
        self._ask = ask
        self.open: dict[str, Question] = {}
        self._put = 0

    def answer(self, question: Question) -> str:
        """The answer to a question, or what the draft proposes.

        Questions come in the order of what depends on them; beyond the fifth, the proposal is taken, and a comment
        shows what was seen.
        """
        if self._put >= MOST_QUESTIONS:
            return question.proposed
        self._put += 1
        given = self._ask(question) if self._ask else None
        if given is None or (question.choices and given not in question.choices):
            self.open[question.key] = question
            return question.proposed
        return given

    def mark(self, key: str) -> Sequence[str]:
        """The lines to write above what an open question is about; none where it was answered or not put."""
        question = self.open.get(key)
        return [f"# {MARK}: {_one_line(str(question))}"] if question else []


def open_questions(text: str) -> tuple[str, ...]:
    """The questions that a contract's text still marks as open.

    Parameters
    ----------
    text : str
        TOML as `draft` wrote it, perhaps edited since.

    Returns
    -------
    tuple of str
    """
    return tuple(match.strip() for match in _MARKED.findall(text))


def _one_line(text: str) -> str:
    # Names and categories are from the table: a line break in one must not end the comment.
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
