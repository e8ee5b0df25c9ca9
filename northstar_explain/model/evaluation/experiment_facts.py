"""The experiments of `explain compare`, on a sample of the training rows, with smaller EBMs of the same options."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ShuffledLabel:
    """Segments and a classifier, with the original label and with shuffled ones.

    Attributes
    ----------
    segments_sha256 : tuple of str
        Of the segments learned with the original label in the table, and with a shuffled one.
    segments_identical : bool
        Whether these are the same.
    roc_auc : float
        Of the classifier fitted to the original label.
    roc_auc_shuffled : float
        Mean over the shuffles.
    roc_aucs_shuffled : tuple of float
        One per shuffle.
    """

    segments_sha256: tuple[str, str]
    segments_identical: bool
    roc_auc: float
    roc_auc_shuffled: float
    roc_aucs_shuffled: tuple[float, ...]


@dataclass(frozen=True)
class LabelAsFeature:
    """KMeans with the label as an additional column.

    Attributes
    ----------
    k : int
        Segments.
    rules : int
        Rules of all segments.
    rules_using_label : int
        Of them, those with a condition on the label.
    definitions : tuple of str
        Of the segments, in words.
    purchase_rates : tuple of float
        Of the segments, in the sample.
    roc_auc_in_sample : float
        Of the segment's rate as a score; high because the label is an input.
    undecided : float
        Share of customers whose segment depends on the label, and so is unknown on the day of scoring.
    """

    k: int
    rules: int
    rules_using_label: int
    definitions: tuple[str, ...]
    purchase_rates: tuple[float, ...]
    roc_auc_in_sample: float
    undecided: float


@dataclass(frozen=True)
class Variant:
    """A way to use the segment as a score, on the holdout.

    Attributes
    ----------
    name : str
        ``segment_rate``, ``model``, ``model_with_segment`` or ``model_per_segment``.
    roc_auc : float
        As in `Figures`.
    average_precision : float
        As in `Figures`.
    lift_10 : float
        As in `Figures`.
    capture_20 : float
        As in `Figures`.
    """

    name: str
    roc_auc: float
    average_precision: float
    lift_10: float
    capture_20: float


@dataclass(frozen=True)
class Separation:
    """How well separated clusters are, in the space of KMeans.

    Attributes
    ----------
    silhouette : float
        Rousseeuw 1987, on a sample; higher is better.
    davies_bouldin : float
        1979; lower is better.
    calinski_harabasz : float
        1974; higher is better.
    """

    silhouette: float
    davies_bouldin: float
    calinski_harabasz: float


@dataclass(frozen=True)
class Clusters:
    """KMeans' clusters and the rules' segments.

    Attributes
    ----------
    kmeans : Separation
        Of KMeans' own clusters.
    rules : Separation
        Of the segments.
    """

    kmeans: Separation
    rules: Separation


@dataclass(frozen=True)
class Effect:
    """How much a feature differs between segments.

    Attributes
    ----------
    feature : str
        Its column.
    eta_squared : float
        Share of its variance that lies between segments (Fisher 1925).
    """

    feature: str
    eta_squared: float


@dataclass(frozen=True)
class ExperimentFacts:
    """Which of segments and purchase model needs the label, and what each can tell.

    Attributes
    ----------
    rows : int
        Rows of the sample.
    holdout_n : int
        Customers that the experiments are evaluated on.
    shuffled_label : ShuffledLabel
        With labels that carry no information.
    label_as_feature : LabelAsFeature
        With the label as a feature of KMeans.
    variants : tuple of Variant
        The segment as a score, as a feature, and as one model each.
    clusters : Clusters
        How well separated they are.
    effects : tuple of Effect
        The features that differ most between segments, the largest first.
    """

    rows: int
    holdout_n: int
    shuffled_label: ShuffledLabel
    label_as_feature: LabelAsFeature
    variants: tuple[Variant, ...]
    clusters: Clusters
    effects: tuple[Effect, ...]
