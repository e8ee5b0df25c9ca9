"""Templates to HTML: any block by the same macros, any document by the same template."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Any

import jinja2
from markupsafe import Markup, escape

# Characters that the last words of a text should have together.
TIED = 8
# A word with a hyphen inside that is short enough to stand on a line of its own anywhere, outside of tags.
_HYPHENATED = re.compile(r"<[^>]*>|(?<![\w&-])[\w]+(?:-\w+)+(?![\w-])")
_LONGEST_WORD = 18
# Characters that could reorder the text around them, or are invisible: shown by their code point.
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def html(template: str, **facts: Any) -> str:
    """Fill a template.

    Parameters
    ----------
    template : str
        Its name in the templates folder.
    **facts
        Its variables; all text is escaped, control characters are shown by their code point, and an undefined variable
        is an error.

    Returns
    -------
    str
    """
    return _environment().get_template(template).render(**facts)


def stylesheet(name: str) -> str:
    """The text of one of our stylesheets or scripts."""
    return resources.files("northstar_explain.templates").joinpath(name).read_text(encoding="utf-8")


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("northstar_explain.templates", ""),
        autoescape=True,
        # A fact that is missing must not print as nothing.
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=visible,
    )
    environment.filters["tied"] = tied
    environment.filters["unbroken"] = unbroken
    return environment


def tied(text: str) -> str:
    """Join the last words by no-break spaces, so that no short word stands alone on the last line.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        With no-break spaces between as many last words as make up `TIED` characters, where they are short enough.
    """
    head, blank, tail = text.rpartition(" ")
    while blank and len(tail) < TIED:
        head, blank, word = head.rpartition(" ")
        if len(word) > TIED:
            return f"{head}{blank}{word} {tail}"
        tail = f"{word}\N{NO-BREAK SPACE}{tail}"
    return f"{head}{blank}{tail}"


def unbroken(text: Any) -> Any:
    """Keep every word that has a hyphen on one line.

    Parameters
    ----------
    text : str or Markup
        A text without markup is escaped.

    Returns
    -------
    str or Markup
        As it was where no such word is in it.
    """
    if "-" not in text:
        return text
    return Markup(_HYPHENATED.sub(_unbroken_word, str(escape(visible(text)))))


def _unbroken_word(match: re.Match[str]) -> str:
    word = match[0]
    return word if word.startswith("<") or len(word) > _LONGEST_WORD else f'<span class="word">{word}</span>'


def visible(value: Any) -> Any:
    """A text with its hidden characters shown by their code points; anything else as it is."""
    if isinstance(value, Markup):  # our own SVG and CSS; charts escape their texts
        return Markup(_HIDDEN.sub(_code_point, str(value)))
    return _HIDDEN.sub(_code_point, value) if isinstance(value, str) else value


def _code_point(match: re.Match[str]) -> str:
    return f"[U+{ord(match[0]):04X}]"
