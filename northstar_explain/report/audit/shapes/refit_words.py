"""What the lines of refits in a plot of a shape are, in words; empty where the model was not fitted again."""

from __future__ import annotations

from northstar_explain.model.learned_model import Model


def refits_key(model: Model) -> str:
    """For the lowest and the highest points of the refits."""
    facts = model.evaluation.robustness.retraining
    return f"lowest and highest points of {facts.refits} refits (other seeds and rows)" if facts else ""


def later_key(model: Model) -> str:
    """For the points of a fit to the later table."""
    return "fitted to the later table" if "later_points" in model.shapes.column_names and _has_later(model) else ""


def _has_later(model: Model) -> bool:
    return bool(model.shapes["later_points"].null_count < model.shapes.num_rows)
