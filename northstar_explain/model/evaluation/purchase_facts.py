"""Facts of the purchase model, on the holdout."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from northstar_explain.model.evaluation import metric_registry
from northstar_explain.model.evaluation.figure_facts import Figures, Interval
from northstar_explain.model.evaluation.metric_registry import Reference
from northstar_explain.model.evaluation.proxy_facts import Proxy
from northstar_explain.model.evaluation.rate_facts import CalibrationBin, Decile, GainsPoint, OperatingPoint, Subgroup
from northstar_explain.model.evaluation.rival_facts import BlackBoxSearch, ProposedDirection


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
        F1 of flagging every row.
    f1_everyone_interval : Interval
        Its 95% interval.
    brier_base_rate : float
        Mean squared error when everyone gets the base rate.
    lift_quality_grade : str
        The lift quality as a word.
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
        """Each reference value, with its interval where there is one."""
        for one in metric_registry.REFERENCES:
            yield one, getattr(self, one.key), getattr(self, f"{one.key}_interval", None)


@dataclass(frozen=True)
class Flag:
    """A flag of the scores, and what it finds in the holdout.

    Attributes
    ----------
    name : str
        Its column, which says what it is for: ``flag_f1`` or ``flag_break_even``.
    assumed_uplift : float or None
        What the break-even probability assumes that a contact adds on average, in proportion to the probability; null
        for a flag that assumes nothing.
    at : OperatingPoint
        Its threshold, and what it finds.
    """

    name: str
    assumed_uplift: float | None
    at: OperatingPoint


@dataclass(frozen=True)
class Baseline:
    """Another score of the same rows.

    Attributes
    ----------
    name : str
        ``base_rate``, ``recency_rule``, ``logistic_rfv``, ``segment_rate``, ``logistic_five``, ``logistic_all`` or
        ``black_box``.
    features : tuple of str
        Those it uses where they are a choice, in the order of choice; empty for none, and for all of the model's.
    threshold : float
        Probability from which it flags; highest F1 on the validation rows.
    figures : Figures
        Every metric, on the same bootstrap draws as the model's.
    roc_auc_behind : float
        ROC-AUC by which it is behind the model.
    roc_auc_behind_interval : Interval
        Its 95% interval.
    captured_behind : float
        Share of all buyers by which its best fifth holds fewer than the model's.
    captured_behind_interval : Interval
        Its 95% interval.
    """

    name: str
    features: tuple[str, ...]
    threshold: float
    figures: Figures
    roc_auc_behind: float
    roc_auc_behind_interval: Interval
    captured_behind: float
    captured_behind_interval: Interval


@dataclass(frozen=True)
class SkippedBaseline:
    """A baseline that was skipped.

    Attributes
    ----------
    name : str
        As in `Baseline`.
    reason : str
        What it needs and the contract lacks.
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
    """The distance to better scores.

    Attributes
    ----------
    black_box : Gap or None
        Gradient boosting.
    true_probability : Gap or None
        The best score there is, where a simulation provides it.
    """

    black_box: Gap | None
    true_probability: Gap | None


@dataclass(frozen=True)
class GroupSplit:
    """The groups in each split: rows of one group are kept in the same split.

    Attributes
    ----------
    column : str or None
        Column with the group of a row; null where groups are rows that are equal in every feature.
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
    """The importance of a term in the scorecard.

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
    """The purchase model on the holdout.

    Attributes
    ----------
    holdout : Holdout
        The model's own metrics.
    bootstrap_draws : int
        Of the holdout, for the intervals.
    baselines : tuple of Baseline
        Simpler scores, and a black box, on the same rows.
    baselines_skipped : tuple of SkippedBaseline
        Baselines whose features the contract does not have.
    black_box_search : BlackBoxSearch
        How the black box was tuned, on validation rows.
    directions : tuple of ProposedDirection
        Directions that the contract could give, at no more than one standard error of log loss on validation rows.
    subgroups : tuple of Subgroup
        Segments, new and unknown customers, sensitive features.
    reliability : tuple of CalibrationBin
        From the lowest probability up.
    gains : tuple of GainsPoint
        By share of customers.
    deciles : tuple of Decile
        From 1 to 10.
    operating : tuple of OperatingPoint
        The flag at a range of thresholds, the highest first.
    flags : tuple of Flag
        What the scores flag: by F1, and where the contract has economics by whether a contact pays.
    proxies : tuple of Proxy
        How well the model's features tell the groups of each sensitive feature.
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
    black_box_search: BlackBoxSearch
    directions: tuple[ProposedDirection, ...]
    subgroups: tuple[Subgroup, ...]
    reliability: tuple[CalibrationBin, ...]
    gains: tuple[GainsPoint, ...]
    deciles: tuple[Decile, ...]
    operating: tuple[OperatingPoint, ...]
    flags: tuple[Flag, ...]
    proxies: tuple[Proxy, ...]
    gaps: Gaps
    out_of_time: bool
    group_split: GroupSplit | None
    train_n: int
    validation_n: int
    terms: tuple[TermImportance, ...]
