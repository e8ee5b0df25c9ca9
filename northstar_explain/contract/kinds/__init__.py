"""Kinds of features: one class each, which knows the bounds, words, transform, rounding and labels of its values.

`registry` lists them. Nothing here knows of features, tables or reports: a kind is asked with a unit and a currency.
"""

from northstar_explain.contract.kinds.kind import Kind, Phrasing
from northstar_explain.contract.kinds.number_words import either, plain
from northstar_explain.contract.kinds.registry import draft_kind, kind_named, kind_names

__all__ = ["Kind", "Phrasing", "draft_kind", "either", "kind_named", "kind_names", "plain"]
