"""The words of the project are those of docs/glossary.toml: retired ones are gone from code, templates and documents."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
SUFFIXES = {".py", ".md", ".j2", ".js", ".css", ".toml", ".cfg"}
# Glossary and this test name the retired words; the changelog says what was renamed; contracts are customers' own.
LEFT_OUT = ("docs/glossary.toml", "tests/test_glossary.py", "CHANGELOG.md")


def terms() -> list[dict[str, Any]]:
    return list(tomllib.loads((ROOT / "docs/glossary.toml").read_text(encoding="utf-8"))["term"])


def texts() -> dict[str, list[str]]:
    """Path to lines of every file that people read or write here."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                            capture_output=True, text=True, check=True)  # fmt: skip
    names = [name for name in listed.stdout.splitlines() if Path(name).suffix in SUFFIXES and name not in LEFT_OUT]
    return {name: (ROOT / name).read_text(encoding="utf-8").splitlines() for name in names if (ROOT / name).is_file()}


def uses(term: dict[str, Any], files: dict[str, list[str]]) -> list[str]:
    """Where a term's retired words stand outside what is allowed, as ``file:line: text``."""
    if not term["retired"]:
        return []
    retired = re.compile("|".join(term["retired"]), re.IGNORECASE)
    allowed = [re.compile(pattern) for pattern in term.get("allowed", ())]
    return [
        f"{name}:{number}: {line.strip()}"
        for name, lines in files.items()
        if name not in term.get("files", ())
        for number, line in enumerate(lines, start=1)
        if retired.search(line) and not any(pattern.search(line) for pattern in allowed)
    ]


@pytest.mark.parametrize("term", terms(), ids=lambda term: term["word"])
def test_retired_words_are_gone(term: dict[str, Any]) -> None:
    found = uses(term, texts())
    assert not found, f"use {term['word']!r} ({term['means']}):\n" + "\n".join(found)


def test_a_retired_word_is_noticed_and_an_allowed_line_is_not() -> None:
    term = {"word": "w", "means": "m", "retired": [r"\bnought\b"], "allowed": [r"^quote:"], "files": ["old.md"]}
    files = {"a.py": ["fine", "a Nought here"], "b.md": ["quote: nought"], "old.md": ["nought"]}
    assert uses(term, files) == ["a.py:2: a Nought here"]


def test_no_word_is_said_twice() -> None:
    words = [word.strip() for term in terms() for word in term["word"].split(",")]
    assert len(words) == len(set(words))
