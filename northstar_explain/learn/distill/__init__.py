"""Explaining a clustering by a small tree: RuleDistiller for numbers, and the engine under it for any bins."""

from .bin_tree import BinTest, BinTree, Distilled, FeatureBins, Limits, assign
from .engine import Effort, distill, distill_several
from .estimator import RuleDistiller

__all__ = [
    "BinTest",
    "BinTree",
    "Distilled",
    "Effort",
    "FeatureBins",
    "Limits",
    "RuleDistiller",
    "assign",
    "distill",
    "distill_several",
]
