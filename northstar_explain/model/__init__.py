"""The learned model as data: rules, scorecard, wording, and the model folder on disk."""

from northstar_explain.model.folder import save
from northstar_explain.model.learned_model import Model, follow
from northstar_explain.model.load_folder import load
from northstar_explain.model.names import Names
from northstar_explain.model.rules import Rule
from northstar_explain.model.scorecard import Scorecard
from northstar_explain.model.segments import Profile, Segment, Segmentation

__all__ = [
    "Model",
    "Names",
    "Profile",
    "Rule",
    "Scorecard",
    "Segment",
    "Segmentation",
    "follow",
    "load",
    "save",
]
