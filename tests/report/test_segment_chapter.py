"""The audit report's chapter on segments stays within its pages."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from northstar_explain.cli.segment_tables import segment_lines
from northstar_explain.model import Model
from northstar_explain.model.evaluation.certificate_facts import NOT_RUN, RulesCertificate, certificate_words
from northstar_explain.model.evaluation.frontier_facts import FAULTS
from northstar_explain.report.audit.chapters import identity
from northstar_explain.report.audit.chapters.appendix import appendix
from northstar_explain.report.audit.chapters.group_checks import groups
from northstar_explain.report.audit.chapters.performance import performance
from northstar_explain.report.audit.chapters.reliance import drift, overview, robustness
from northstar_explain.report.audit.chapters.segment_chapter import segments
from northstar_explain.report.audit.shapes.feature_shapes import feature_shapes
from northstar_explain.report.audit.shapes.pair_shapes import pair_shapes
from northstar_explain.report.document.blocks import Code, Text
from northstar_explain.report.document.document import Document
from northstar_explain.report.document.press import Press


def test_the_audit_names_rows_or_what_the_contract_calls_its_customers(model: Model) -> None:
    renamed = replace(model, contract=replace(model.contract, noun="clients"))
    shapes, pairs = feature_shapes(renamed), pair_shapes(renamed)
    chapters = (
        segments(renamed, ""), groups(renamed), performance(renamed), overview(renamed, shapes, pairs),
        robustness(renamed), drift(renamed), *appendix(renamed, shapes, pairs),
    )  # fmt: skip
    page = re.sub("</?span[^>]*>", "", Document("Audit", "audit", chapters, styles=("audit.css",)).page())
    # Names and groups were made with the contract's words, and are the model's own.
    own = [one.name for one in model.segmentation.segments] + [one.name for one in model.evaluation.purchase.subgroups]
    for text in (*own, *(feature.words for feature in model.contract.features), model.evaluation.segments.choice):
        page = page.replace(text, "")
    assert ">Clients</th>" in page and ">Rows</th>" in page
    found = [page[max(0, one.start() - 60) : one.end() + 20] for one in re.finditer("customer", page, re.IGNORECASE)]
    assert [one for one in found if "customer_" not in one] == []


def test_report_and_terminal_say_what_is_proven_of_the_rules(model: Model) -> None:
    certificate = RulesCertificate(0.0009, True, "proven", 2_000, 322, 3)
    facts = replace(model.evaluation.segments, certificate=certificate)
    proven = replace(model, evaluation=replace(model.evaluation, segments=facts))
    for one, words in ((model, NOT_RUN), (proven, certificate_words(certificate, model.contract.noun))):
        page = re.sub("<[^>]*>", "", Document("Segments", "audit", (segments(one, ""),), styles=("audit.css",)).page())
        assert words in " ".join(page.split())
        assert f"certificate {words}" in " ".join(" ".join(segment_lines(one)).split())


def test_why_a_number_of_segments_is_not_eligible_stays_on_the_page(model: Model) -> None:
    facts = model.evaluation.segments
    points = [replace(facts.frontier[0], eligible=False, faults=(fault,), min_jaccard=None) for fault in FAULTS]
    points.append(replace(points[0], faults=tuple(FAULTS)))
    changed = replace(model, evaluation=replace(model.evaluation, segments=replace(facts, frontier=tuple(points))))
    document = Document("Segments", "audit", (segments(changed, ""),), styles=("audit.css",))
    job = document.job()
    pages = [one._page_box for one in Press(job.styles, job.assets).lay_out(document.page()).pages]
    lines = [(page, box) for page in pages for box in page.descendants() if getattr(box, "text", "")]
    assert any("Eligible" in box.text for _, box in lines)
    over = [
        box.text
        for page, box in lines
        if box.position_x + box.width > page.margin_width() - page.margin_right + 1 and box.text.strip()
    ]
    assert over == []


@pytest.mark.parametrize(("lines", "printed"), [(120, 120), (122, 122), (140, 140), (141, 120)])
def test_a_statement_is_cut_only_where_more_than_a_few_lines_are_left_over(
    lines: int, printed: int, model: Model
) -> None:
    chapter = segments(model, "-- a comment\n" + "\n".join(f"select {n}" for n in range(lines)))
    (code,) = [block for block in chapter.blocks if isinstance(block, Code)]
    assert len(code.text.split("\n")) == printed
    said = [str(block.text) for block in chapter.blocks if isinstance(block, Text)]
    assert any(f"of {lines} lines" in text for text in said) == (printed < lines)


def test_the_report_calls_the_model_after_the_outcome_and_prints_a_true_minus(model: Model) -> None:
    bank = replace(model, contract=replace(model.contract, outcome="opens a savings account"))
    chapters = (identity.data(bank), identity.method(bank), performance(bank), groups(bank), robustness(bank))
    page = re.sub("<[^>]*>", "", Document("Audit", "audit", chapters, styles=("audit.css",)).page())
    assert "fit the outcome model" in page and "Outcome model. An Explainable" in page
    # Parameters keep the names that they have in the manifest: purchase.interactions.
    assert not re.findall(r".{20}\bpurchase model\b.{20}", page)
    assert not re.findall(r"(?<![\w-])-\d+\.\d", page)
