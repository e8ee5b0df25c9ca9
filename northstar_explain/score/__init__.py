"""How a model is applied: one batch in, one batch out. Needs NumPy and PyArrow, and nothing that learns."""

import warnings
from typing import Any

from northstar_explain.options import Control, ScoringOptions
from northstar_explain.score.per_batch import ScoredBatch, batches
from northstar_explain.score.runner import ScoringRun, run
from northstar_explain.score.score_columns import Scorer

__all__ = ["Control", "ScoredBatch", "Scorer", "ScoringOptions", "ScoringRun", "batches", "run"]

_RENAMED = {"Options": "ScoringOptions", "Run": "ScoringRun"}


def __getattr__(name: str) -> Any:
    # Old names are kept for one minor version (docs/backcompat.md).
    if name not in _RENAMED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    message = f"northstar_explain.score.{name} is now {_RENAMED[name]}; the old name goes with the next minor version"
    warnings.warn(message, FutureWarning, stacklevel=2)
    return globals()[_RENAMED[name]]
