"""The audit report's chapter on segments stays within its pages."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from northstar_explain.model import Model
from northstar_explain.model.evaluation.frontier_facts import FAULTS
from northstar_explain.report.audit.chapters.segment_chapter import segments
from northstar_explain.report.document.document import Document

_MARGIN = 40.0  # points; the page's own is 16 mm


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="reads where words stand with pdftotext")
def test_why_a_number_of_segments_is_not_eligible_stays_on_the_page(model: Model, tmp_path: Path) -> None:
    facts = model.evaluation.segments
    points = [replace(facts.frontier[0], eligible=False, faults=(fault,), min_jaccard=None) for fault in FAULTS]
    points.append(replace(points[0], faults=tuple(FAULTS)))
    changed = replace(model, evaluation=replace(model.evaluation, segments=replace(facts, frontier=tuple(points))))
    path = tmp_path / "segments.pdf"
    path.write_bytes(Document("Segments", "audit", (segments(changed, ""),), styles=("audit.css",)).pdf())
    command = ["pdftotext", "-bbox", str(path), "-"]
    boxes = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    width = float(re.search(r'<page width="([\d.]+)"', boxes)[1])  # type: ignore[index]
    ends = [(float(end), word) for end, word in re.findall(r'xMax="([\d.]+)"[^>]*>([^<]*)</word>', boxes)]
    assert any(word == "Eligible" for _, word in ends)
    assert [word for end, word in ends if end > width - _MARGIN] == []
