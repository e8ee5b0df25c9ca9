"""The whole of training: check, split, learn, evaluate, and hand back a model ready to be saved."""

from northstar_explain.evaluate.migration import Earlier
from northstar_explain.training.options import Options, Source
from northstar_explain.training.options import Options as TrainingOptions
from northstar_explain.training.previous_model import scored_segments
from northstar_explain.training.saving import rejects_of, require_places, save
from northstar_explain.training.steps import Trained, train

__all__ = [
    "Earlier",
    "Options",
    "Source",
    "Trained",
    "TrainingOptions",
    "rejects_of",
    "require_places",
    "save",
    "scored_segments",
    "train",
]
