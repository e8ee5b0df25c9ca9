"""Explaining a clustering by a small tree: RuleDistiller for numbers, and the engine under it for any bins."""

from .engine import distill
from .estimator import RuleDistiller
from .thresholds import Rule, ThresholdLeaf, ThresholdSplit
from .tree import Distilled, FeatureBins, Leaf, Limits, Split, assign

__all__ = [
    "Distilled",
    "FeatureBins",
    "Leaf",
    "Limits",
    "Rule",
    "RuleDistiller",
    "Split",
    "ThresholdLeaf",
    "ThresholdSplit",
    "assign",
    "distill",
]
