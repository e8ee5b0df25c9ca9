"""A limit that a report states stands in one module; no text has the number typed into it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from northstar_explain.model.evaluation import limits

ROOT = Path(__file__).parent.parent
HOME = ROOT / "northstar_explain" / "model" / "evaluation" / "limits.py"
# What a line must not say, but in the module of the limits.
TYPED = {
    "Jaccard": r"(jaccard|stab).*\b0?\.(60?|75|85)\b|\b0?\.(60?|75|85)\b.*(jaccard|stab)",
    "words of stability": r"very stable|unsteady",
    "PSI": r"(psi\b|stability ind|\blook\b|review).*\b0?\.(10?|25)\b|\b0?\.(10?|25)\b.*(psi\b|stability ind|\blook\b|review)",
    "thin bins and small groups": r"(fewer than|under|at least|below|more than|from) (50|30)\b|\bTHIN\w* = \d",
    "monitor's triggers": r"\b0?\.03 (below|above)|\b3 points\b|moves by a third|more than 1%|above 1%",
    "correlation": r"(correlat|share credit).*\b0?\.7\b|\b0?\.7\b.*(correlat|share credit)",
    "price of another rule": r"(rule|price).*\b0\.01\b",
    "constants": r"^_?[A-Z_]*(STABLE|JACCARD|PSI|REJECTED|CALIBRATION)[A-Z_]*(, [A-Z_]+)* = \(?0?\.",
}


def lines() -> list[tuple[str, str]]:
    """Every line of code and templates with where it stands."""
    found = [
        *(ROOT / "northstar_explain").rglob("*.py"),
        *(ROOT / "cli").rglob("*.py"),
        *(ROOT / "templates").iterdir(),
    ]
    return [
        (f"{path.relative_to(ROOT)}:{number}", line)
        for path in sorted(found)
        if path != HOME and path.suffix in (".py", ".j2", ".js", ".css")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
    ]


@pytest.mark.parametrize("what", TYPED)
def test_no_limit_is_typed_elsewhere(what: str) -> None:
    pattern = re.compile(TYPED[what], re.IGNORECASE if what != "constants" else 0)
    assert [(where, line.strip()) for where, line in lines() if pattern.search(line)] == []


def test_the_patterns_find_what_they_are_for() -> None:
    for what, line in (
        ("Jaccard", "bootstrap Jaccard; from 0.75 stable"),
        ("PSI", "LOOK, REVIEW = 0.1, 0.25"),
        ("thin bins and small groups", "nothing is shown of fewer than 50"),
        ("monitor's triggers", "falls 0.03 below the holdout's"),
        ("correlation", "no two features correlate by 0.7 or more"),
        ("constants", "STABLE, HIGHLY_STABLE = 0.75, 0.85"),
    ):
        assert re.search(TYPED[what], line, re.IGNORECASE if what != "constants" else 0), what


@pytest.mark.parametrize(
    ("jaccard", "words"),
    [
        (0.0, "not reliable"),
        (0.5999, "not reliable"),
        (0.60, "not stable"),
        (0.7499, "not stable"),
        (0.75, "stable"),
        (0.8499, "stable"),
        (0.85, "highly stable"),
        (1.0, "highly stable"),
    ],
)
def test_stability_in_words(jaccard: float, words: str) -> None:
    assert limits.stability_words(jaccard) == words


def test_the_scale_names_every_step() -> None:
    for limit in (limits.JACCARD_TRUSTED, limits.JACCARD_STABLE, limits.JACCARD_HIGHLY_STABLE):
        assert f"{limit:.2f}" in limits.stability_scale()


@pytest.mark.parametrize(
    ("jaccard", "figure"),
    [(0.7499, "0.74"), (0.75, "0.75"), (0.947, "0.94"), (1.0, "1.00"), (0.0, "0.00"), (0.29, "0.29")],
)
def test_a_stability_is_rounded_down(jaccard: float, figure: str) -> None:
    assert limits.stability_figure(jaccard) == figure
