"""The whole of training: check, split, learn, evaluate, and hand back a model ready to be saved."""

from northstar_explain.evaluate.update import Earlier
from northstar_explain.training.earlier import scored_segments
from northstar_explain.training.given import Options, Source
from northstar_explain.training.recipe import Trained, train
from northstar_explain.training.saving import rejects_of, require_places, save

__all__ = [
    "Earlier",
    "Options",
    "Source",
    "Trained",
    "rejects_of",
    "require_places",
    "save",
    "scored_segments",
    "train",
]
