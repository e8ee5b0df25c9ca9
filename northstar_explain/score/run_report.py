"""The run report: what was read, scored and rejected, and whether the customers are still like those of training."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from northstar_explain.score.counts import Tally
from northstar_explain.score.feature_drift import drift
from northstar_explain.score.score_columns import Scorer
from northstar_explain.version import VERSION


def maker(scorer: Scorer) -> dict[str, Any]:
    """What makes the scores: the same of the same customers gives the same bytes."""
    model = scorer.model
    return {
        "model_id": model.id,
        # The same customers and model give the same bytes only with the same versions.
        "versions": {
            "northstar-explain": VERSION,
            "python": platform.python_version(),
            "numpy": np.__version__,
            "pyarrow": pa.__version__,
        },
        "segment_names": {segment.id: segment.name for segment in model.segmentation.segments},
        "control_group": {"share": scorer.control.share, "salt": scorer.control.salt},
    }


def report(scorer: Scorer, tally: Tally) -> dict[str, Any]:
    """The report of a run, from its counts.

    Parameters
    ----------
    scorer : Scorer
    tally : Tally
        Of the whole run.

    Returns
    -------
    dict
        Plain data; docs/run-report.md explains each key.
    """
    model = scorer.model
    order = {segment.id: place for place, segment in enumerate(model.segmentation.segments)}
    return {
        **maker(scorer),
        "rows": tally.rows,
        "scored": tally.scored,
        "rejected": tally.rejected,
        "rejected_share": tally.rejected / tally.rows,
        "reasons": [
            {"column": column, "expected": expected, "rows": rows, "example": _example(tally, column, expected)}
            # The most frequent first; equal counts by name, so that the report is the same each time.
            for (column, expected), rows in sorted(tally.broken.items(), key=lambda item: (-item[1], item[0]))
        ],
        "segments": _shares(tally.segments, tally.scored, order.__getitem__),
        "deciles": _shares(tally.deciles, tally.scored, int),
        "borderline": tally.borderline,
        **{name: getattr(tally, name) for name in model.purchase.flags},
        "likely_buyers": tally.flag_f1,  # its name before format 11
        "unseen_categories": {
            feature: {"rows": tally.unseen_rows[feature], "values": most_first(values)}
            for feature, values in tally.unseen.items()
        },
        "out_of_range": {
            feature: {"below": tally.below[feature], "above": tally.above[feature], "lowest": low, "highest": high}
            for feature, (low, high) in model.purchase.ranges.items()
            if tally.below[feature] or tally.above[feature]
        },
        "drift": {
            feature: {
                # Rounded: further digits say nothing about drift, and may differ between processors.
                "psi": round(one.psi, 6),
                "n": one.n,
                "bins": one.bins,
                "threshold": round(one.threshold, 6),
                "shifted": one.shifted,
            }
            for feature, one in (drift(model.scorecard, scorer.lookup, tally.bins) if tally.scored else {}).items()
        },
    }


def reason_words(reason: Mapping[str, Any]) -> str:
    """One of the ``reasons`` of a report in a line, with the row and value that it was first seen in."""
    example = reason["example"]
    row = f"row {example['row']:,}: " if "row" in example else ""
    where = f"{example['file']}, " if "file" in example else ""
    rows = f"{reason['rows']:,} rows, such as {where}{row}{example['got']}"
    return f"{reason['column']}: expected {reason['expected']}: {rows}"


def _example(tally: Tally, column: str, expected: str) -> dict[str, Any]:
    file, row, got = tally.examples[column, expected]
    return {**({"file": file} if file else {}), **({"row": row} if row else {}), "got": got}


def _shares(counts: Counter[str], total: int, order: Any) -> dict[str, dict[str, Any]]:
    return {name: {"customers": counts[name], "share": counts[name] / total} for name in sorted(counts, key=order)}


def most_first(counts: Mapping[str, int]) -> dict[str, int]:
    """Counts, the largest first; equal ones by name, so that the report is the same each time."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
