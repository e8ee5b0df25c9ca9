"""Northstar Explain: segments that are rules, scores that are sums of points, and playbooks people can read.

Examples
--------
>>> import northstar_explain as ns
>>> model = ns.train(frame, "contract.toml")        # doctest: +SKIP
>>> model.score(frame)                              # doctest: +SKIP
>>> [segment.definition for segment in ns.load("model/").segments]    # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from northstar_explain.api import Model, draft_contract, load, simulate_customers, train
    from northstar_explain.learn.distill import RuleDistiller

__all__ = ["Model", "RuleDistiller", "draft_contract", "load", "simulate_customers", "train"]


def __getattr__(name: str) -> Any:
    # Names are fetched when first used: a scorer must not wait for learning libraries it never needs.
    from importlib import import_module

    homes = {"RuleDistiller": "northstar_explain.learn.distill"}
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(homes.get(name, "northstar_explain.api")), name)
