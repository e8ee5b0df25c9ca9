"""Where to look for what two frameworks ask for: a finding aid, and no claim of compliance."""

from __future__ import annotations

from northstar_explain.report.document.blocks import Chapter, ChapterBuilder, Link, TableCell, table

# Headings, and the chapters (their ids and titles) that have something to say on each; none where this pack has none.
_IDENTITY, _INVENTORY = ("identity", "Identity and purpose"), ("inventory", "Inventory")
_DATA, _METHOD = ("data", "Data lineage"), ("method", "Method and every parameter")
_PERFORMANCE, _GROUPS = ("performance", "Performance"), ("groups", "Group checks")
_TERMS, _ROBUSTNESS = ("terms", "Term importance"), ("robustness", "Robustness")
DRIFT, _LIMITS = ("drift", "Drift baseline and triggers for review"), ("limits", "Known limits")
_CHECKING, _PARITY = ("checking", "How to verify and reproduce"), ("parity", "Parity certificate")
_SIGN_OFF, _FIRST = ("sign-off", "Sign-off"), ("first-look", "Where to look first")
_CONTRACT = ("contract", "Contract and feature dictionary")
Named = tuple[str, str]
_AI_ACT: tuple[tuple[str, tuple[Named, ...]], ...] = (
    ("1. General description of the system", (_IDENTITY,)),
    ("2. Elements of the system and its development", (_METHOD, _DATA, _CONTRACT, _TERMS)),
    ("3. Monitoring, functioning and control", (_PERFORMANCE, _GROUPS, _LIMITS, DRIFT)),
    ("4. Appropriateness of the performance metrics", (_PERFORMANCE,)),
    ("5. Risk management system", ()),
    ("6. Changes through the lifecycle", (_INVENTORY,)),
    ("7. Harmonised standards applied", ()),
    ("8. EU declaration of conformity", ()),
    ("9. Evaluation of performance after placing on the market", (DRIFT,)),
)
_SR_11_7: tuple[tuple[str, tuple[Named, ...]], ...] = (
    ("IV. Development and implementation", (_METHOD, _DATA, _PARITY)),
    ("IV. Use", (_IDENTITY, _LIMITS)),
    ("V. Validation: conceptual soundness", (_TERMS, _ROBUSTNESS, _FIRST)),
    ("V. Validation: ongoing monitoring", (DRIFT,)),
    ("V. Validation: outcomes analysis", (_PERFORMANCE, _GROUPS)),
    ("VI. Governance: roles and responsibilities", (_IDENTITY, _SIGN_OFF)),
    ("VI. Governance: policies, internal audit, external resources", ()),
    ("VI. Governance: model inventory", (_INVENTORY,)),
    ("VI. Governance: documentation", (_CHECKING,)),
)


def frameworks() -> Chapter:
    """The chapters by the headings of Annex IV of the EU AI Act and of SR 11-7."""
    page = ChapterBuilder()
    page.paragraphs(
        "A finding aid for reviewers who work by one of these lists. Whether either applies to this model, and whether "
        "what stands there suffices, this pack does not say; it claims no compliance. A dash: this pack has nothing on "
        "it.",
        style="lead",
    )
    for title, headings in (
        ("Regulation (EU) 2024/1689 (AI Act), Annex IV, technical documentation", _AI_ACT),
        ("SR 11-7 (2011), guidance on model risk management", _SR_11_7),
    ):
        rows = [row for heading, chapters in headings for row in _rows(heading, chapters)]
        page.section(title, table(("Heading", "Chapter"), rows, words=2, style="paged", alt_text=title))
    return page.chapter("frameworks", "Chapters by the headings of two frameworks", flows=True)


def _rows(heading: str, chapters: tuple[Named, ...]) -> list[tuple[TableCell, ...]]:
    if not chapters:
        return [(heading, "–")]
    # The heading once: what stands below it belongs to it.
    return [("" if place else heading, Link(title, address=f"#{id}")) for place, (id, title) in enumerate(chapters)]
