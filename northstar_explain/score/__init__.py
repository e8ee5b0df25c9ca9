"""How a model is applied: one batch in, one batch out. Needs NumPy and PyArrow, and nothing that learns."""

from northstar_explain.options import Control, ScoringOptions
from northstar_explain.score.batch import Scorer
from northstar_explain.score.per_batch import ScoredBatch, batches
from northstar_explain.score.runner import ScoringRun, run

__all__ = ["Control", "ScoredBatch", "Scorer", "ScoringOptions", "ScoringRun", "batches", "run"]
