"""Every reported figure, as typed facts: measured once when the model is made, stored, and shown by every report."""

from __future__ import annotations

from dataclasses import dataclass

from northstar_explain.model.evaluation.audience_facts import AudienceFacts
from northstar_explain.model.evaluation.data_facts import DataFacts, DriftFacts
from northstar_explain.model.evaluation.experiment_facts import ExperimentFacts
from northstar_explain.model.evaluation.facts_codec import FactError, from_json, to_json
from northstar_explain.model.evaluation.figure_facts import Figures, Interval
from northstar_explain.model.evaluation.money_facts import MoneyFacts
from northstar_explain.model.evaluation.purchase_facts import PurchaseFacts
from northstar_explain.model.evaluation.robustness_facts import RobustnessFacts
from northstar_explain.model.evaluation.segment_facts import SegmentFacts
from northstar_explain.model.evaluation.together_facts import TogetherFacts
from northstar_explain.model.evaluation.trait_facts import TraitFacts


@dataclass(frozen=True)
class Evaluation:
    """All of `evaluation.json`.

    Attributes
    ----------
    purchase : PurchaseFacts
        The purchase model, on customers it has not seen.
    segments : SegmentFacts
        The segments, against the KMeans they explain.
    together : TogetherFacts
        Segments and probabilities side by side.
    experiments : ExperimentFacts or None
        Null with ``--no-experiments``.
    data : DataFacts
        The rows themselves.
    robustness : RobustnessFacts
        What other bags, and values beyond those seen, would change.
    drift : DriftFacts
        How far the holdout is from the training rows.
    traits : TraitFacts or None
        Null where the contract has no traits.
    audiences : AudienceFacts
        Customers to contact, among all rows of training.
    money : MoneyFacts or None
        What contacts are worth; null where neither contract nor options give margin and contact cost.
    """

    purchase: PurchaseFacts
    segments: SegmentFacts
    together: TogetherFacts
    experiments: ExperimentFacts | None
    data: DataFacts
    robustness: RobustnessFacts
    drift: DriftFacts
    traits: TraitFacts | None
    audiences: AudienceFacts
    money: MoneyFacts | None


__all__ = ["Evaluation", "FactError", "Figures", "Interval", "PurchaseFacts", "from_json", "to_json"]
