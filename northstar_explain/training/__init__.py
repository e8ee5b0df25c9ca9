"""The whole of training: check, split, fit, evaluate, and hand back a model ready to be saved."""

import warnings
from typing import Any

from northstar_explain.evaluate.migration import Earlier
from northstar_explain.training.previous_model import scored_segments
from northstar_explain.training.saving import rejects_of, require_places, save
from northstar_explain.training.steps import Trained, train
from northstar_explain.training.training_options import Source, TrainingOptions

__all__ = [
    "Earlier",
    "Source",
    "Trained",
    "TrainingOptions",
    "rejects_of",
    "require_places",
    "save",
    "scored_segments",
    "train",
]


def __getattr__(name: str) -> Any:
    # The old name of TrainingOptions, kept for one minor version (docs/backcompat.md).
    if name != "Options":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    message = "northstar_explain.training.Options is now TrainingOptions; the old name goes with the next minor version"
    warnings.warn(message, FutureWarning, stacklevel=2)
    return TrainingOptions
