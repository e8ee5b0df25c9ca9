"""The questions of `explain init --ask`, put on the terminal."""

from __future__ import annotations

import click

from northstar_explain.contract.draft_questions import Question


def ask_here(question: Question) -> str | None:
    """Ask a question with what was seen; None where nobody answers.

    Parameters
    ----------
    question : Question

    Returns
    -------
    str or None
    """
    click.echo(f"{question.text}\n  seen: {question.evidence}", err=True)
    choices = click.Choice(question.choices) if question.choices else None
    try:
        answer: str = click.prompt(
            "  answer", default=question.proposed, type=choices, show_choices=len(question.choices) <= 8, err=True
        )
    except click.Abort:  # the end of the input: the mark in the contract remains
        return None
    return answer
