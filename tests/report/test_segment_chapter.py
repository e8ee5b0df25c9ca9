"""The audit report's chapter on segments stays within its pages."""

from __future__ import annotations

from dataclasses import replace

from northstar_explain.model import Model
from northstar_explain.model.evaluation.frontier_facts import FAULTS
from northstar_explain.report.audit.chapters.segment_chapter import segments
from northstar_explain.report.document.document import Document
from northstar_explain.report.document.press import Press


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
