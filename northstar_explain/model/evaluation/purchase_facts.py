"""What was measured of the purchase model, on customers it has not seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from northstar_explain.model.evaluation import metric_registry
from northstar_explain.model.evaluation.figure_facts import Figures, Interval
from northstar_explain.model.evaluation.metric_registry import Reference
from northstar_explain.model.evaluation.profit_facts import Profit
from northstar_explain.model.evaluation.rate_facts import CalibrationBin, Decile, GainsPoint, Subgroup


@dataclass(frozen=True)
class Holdout:
    """The model on the holdout.

    Attributes
    ----------
    n : int
        Customers.
    base_rate : float
        Share of them who bought.
    base_rate_interval : Interval
        Its 95% interval.
    threshold : float
        Probability from which a customer is flagged; highest F1 on the validation rows.
    f1_everyone : float
        F1 of flagging everyone.
    f1_everyone_interval : Interval
        Its 95% interval.
    brier_base_rate : float
        Mean squared error when everyone gets the base rate.
    lift_quality_grade : str
        The lift quality in a word.
    figures : Figures
        Every metric.
    """

    n: int
    base_rate: float
    base_rate_interval: Interval
    threshold: float
    f1_everyone: float
    f1_everyone_interval: Interval
    brier_base_rate: float
    lift_quality_grade: str
    figures: Figures

    def references(self) -> Iterator[tuple[Reference, float, Interval | None]]:
        """What the figures are read against, with its value and, where there is one, its interval."""
        for one in metric_registry.REFERENCES:
            yield one, getattr(self, one.key), getattr(self, f"{one.key}_interval", None)


@dataclass(frozen=True)
class Baseline:
    """Another way to score the same rows.

    Attributes
    ----------
    name : str
        ``base_rate``, ``recency_rule``, ``logistic_rfv``, ``segment_rate`` or ``black_box``.
    threshold : float
        From which it flags; highest F1 on the validation rows.
    figures : Figures
        Every metric, on the same bootstrap draws as the model's.
    roc_auc_behind : float
        ROC-AUC by which it is behind the model.
    roc_auc_behind_interval : Interval
        Its 95% interval.
    """

    name: str
    threshold: float
    figures: Figures
    roc_auc_behind: float
    roc_auc_behind_interval: Interval


@dataclass(frozen=True)
class SkippedBaseline:
    """A baseline that the contract does not allow.

    Attributes
    ----------
    name : str
        As in `Baseline`.
    reason : str
        What is missing for it.
    """

    name: str
    reason: str


@dataclass(frozen=True)
class Gap:
    """How far the model is behind a better score.

    Attributes
    ----------
    roc_auc : float
        Of the better score.
    behind : float
        ROC-AUC by which the model is behind it.
    behind_interval : Interval
        Its 95% interval.
    """

    roc_auc: float
    behind: float
    behind_interval: Interval


@dataclass(frozen=True)
class Gaps:
    """What better scores reach.

    Attributes
    ----------
    black_box : Gap or None
        Gradient boosting.
    true_probability : Gap or None
        The best that can be known, where a simulation tells it.
    """

    black_box: Gap | None
    true_probability: Gap | None


@dataclass(frozen=True)
class GroupSplit:
    """Rows that belong together are kept in one split: how many groups each split has.

    Attributes
    ----------
    column : str or None
        What names the group of a row; null where the groups are rows that are equal in every feature.
    train : int
        Groups in the training rows.
    validation : int
        Groups in the validation rows.
    holdout : int
        Groups in the holdout.
    train_rows_excluded : int
        Rows not used for fitting, as their groups are in a later holdout.
    holdout_rows_excluded : int
        Rows of a later table not evaluated, as their groups are in the training rows.
    """

    column: str | None
    train: int
    validation: int
    holdout: int
    train_rows_excluded: int
    holdout_rows_excluded: int


@dataclass(frozen=True)
class TermImportance:
    """How much a term weighs in the scorecard.

    Attributes
    ----------
    term : str
        A feature, or two with `` × `` between them.
    mean_absolute_points : float
        Over the training customers.
    share : float
        Of the sum over all terms.
    """

    term: str
    mean_absolute_points: float
    share: float


@dataclass(frozen=True)
class PurchaseFacts:
    """The purchase model, on customers it has not seen.

    Attributes
    ----------
    holdout : Holdout
        The model's own figures.
    bootstrap_draws : int
        Of the holdout, for the intervals.
    baselines : tuple of Baseline
        Simpler ways to score, and a black box, on the same rows.
    baselines_skipped : tuple of SkippedBaseline
        That the contract does not allow.
    subgroups : tuple of Subgroup
        Segments, new and unknown customers, sensitive features.
    reliability : tuple of CalibrationBin
        From the lowest probability up.
    gains : tuple of GainsPoint
        By share of customers.
    deciles : tuple of Decile
        From 1 to 10.
    profit : Profit or None
        Null without a margin and a contact cost.
    gaps : Gaps
        To better scores.
    out_of_time : bool
        Whether the holdout is a later table.
    group_split : GroupSplit or None
        Null where the contract names no group.
    train_n : int
        Customers that the model was fitted to.
    validation_n : int
        Customers that the threshold was chosen on.
    terms : tuple of TermImportance
        The largest first.
    """

    holdout: Holdout
    bootstrap_draws: int
    baselines: tuple[Baseline, ...]
    baselines_skipped: tuple[SkippedBaseline, ...]
    subgroups: tuple[Subgroup, ...]
    reliability: tuple[CalibrationBin, ...]
    gains: tuple[GainsPoint, ...]
    deciles: tuple[Decile, ...]
    profit: Profit | None
    gaps: Gaps
    out_of_time: bool
    group_split: GroupSplit | None
    train_n: int
    validation_n: int
    terms: tuple[TermImportance, ...]
