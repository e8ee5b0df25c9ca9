"""How well the model's features tell who is in a group of a sensitive feature."""

from __future__ import annotations

from dataclasses import dataclass

from northstar_explain.model.evaluation.figure_facts import Interval


@dataclass(frozen=True)
class ProxyScore:
    """A score of being in a group, as counts of customers by level, from which its ROC-AUC follows.

    Attributes
    ----------
    feature : str or None
        The one feature that it is made from; null where it is made from all of the model's.
    roc_auc : float
        How often a customer of the group is ranked above another one; 0.5 is chance.
    roc_auc_interval : Interval
        95% by DeLong et al. (1988).
    inside : tuple of int
        Customers of the holdout in the group, by level, the lowest first.
    outside : tuple of int
        The others, by the same levels.
    """

    feature: str | None
    roc_auc: float
    roc_auc_interval: Interval
    inside: tuple[int, ...]
    outside: tuple[int, ...]


@dataclass(frozen=True)
class Proxy:
    """How well the model's features, without the sensitive one itself, tell who is in a group of it.

    Attributes
    ----------
    by : str
        The sensitive feature.
    name : str
        The group, as in `Subgroup`.
    together : ProxyScore
        By all features of the model, with gradient boosting.
    alone : ProxyScore
        By the feature that tells it best by itself on the training rows.
    """

    by: str
    name: str
    together: ProxyScore
    alone: ProxyScore
