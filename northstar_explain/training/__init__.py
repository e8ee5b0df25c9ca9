"""The whole of training: check, split, learn, evaluate, and hand back a model ready to be saved."""

from northstar_explain.evaluate.update import Earlier
from northstar_explain.training.earlier import scored_segments
from northstar_explain.training.given import Options, Source
from northstar_explain.training.recipe import Trained, train

__all__ = ["Earlier", "Options", "Source", "Trained", "scored_segments", "train"]
