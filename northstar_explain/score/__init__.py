"""How a model is applied: one batch in, one batch out. Needs NumPy and PyArrow, and nothing that learns."""

from northstar_explain.score.batch import Scorer
from northstar_explain.score.control import Control
from northstar_explain.score.per_batch import ScoredBatch, batches
from northstar_explain.score.runner import Options, Run, run

__all__ = ["Control", "Options", "Run", "ScoredBatch", "Scorer", "batches", "run"]
