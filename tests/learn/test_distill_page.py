"""The page of RuleDistiller: its code runs, prints what it shows, and draws its pictures."""

from __future__ import annotations

import io
import re
from contextlib import redirect_stdout
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "reference" / "distiller.md"


def test_the_code_of_the_page_prints_and_draws_what_the_page_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```(python|text)\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    known: dict[str, object] = {}
    printed, compared = "", 0
    for language, block in blocks:
        if language == "text":
            assert printed == block
            compared += 1
            continue
        with redirect_stdout(io.StringIO()) as out:
            exec(compile(block, str(PAGE), "exec"), known)
        printed = out.getvalue()
    assert compared == 3
    drawn = sorted(tmp_path.glob("*.svg"))
    assert [one.name for one in drawn] == ["distiller-iris.svg", "distiller-penguins.svg"]
    for one in drawn:
        assert one.read_text(encoding="utf-8") == (DOCS / "pictures" / one.name).read_text(encoding="utf-8")
