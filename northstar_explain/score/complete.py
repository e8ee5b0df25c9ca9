"""Whether a run that is to be resumed has nothing left to do, by the report beside its scores."""

from __future__ import annotations

import json
from typing import Any

from northstar_explain.score.inputs import Input
from northstar_explain.score.output_places import Outputs
from northstar_explain.score.run_report import maker
from northstar_explain.score.score_columns import Scorer
from northstar_explain.tables.places import sha256


def complete(outputs: Outputs, scorer: Scorer, source: Input) -> dict[str, Any] | None:
    """The run report, when the outputs are already what this run would write; otherwise None.

    Model, program, control group and every input must be the same, and every output unchanged since the report was
    written.
    """
    try:
        facts = json.loads(outputs.report.read_bytes())
    except (OSError, ValueError):
        return None
    # All that decides the bytes of the scores; an upgrade of NumPy is a reason to score again.
    expected = {**maker(scorer), "published": True, "inputs": source.facts()}
    if not isinstance(facts, dict) or any(facts.get(key) != value for key, value in expected.items()):
        return None
    # Hashed again: a report is no proof that nobody has changed the scores since.
    return facts if facts.get("outputs") == _existing(outputs, facts["outputs"]) else None


def _existing(outputs: Outputs, reported: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The facts of the files at the outputs, with the rows that the report gives for them."""
    files = sorted(outputs.scores.iterdir()) if outputs.folder and outputs.scores.is_dir() else [outputs.scores]
    files = [path for path in (*files, outputs.rejects) if path.is_file()]
    rows = {file["name"]: file["rows"] for file in reported}
    return [
        {"name": path.name, "rows": rows.get(path.name), "bytes": path.stat().st_size, "sha256": sha256(path)}
        for path in files
    ]
