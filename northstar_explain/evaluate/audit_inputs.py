"""The facts of the audit pack beyond the metrics: data quality, shape counts, robustness, and the drift baseline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pyarrow as pa

from northstar_explain.contract.features import Contract
from northstar_explain.evaluate import data_quality, drift_baseline, robustness
from northstar_explain.evaluate.customers import Customers
from northstar_explain.evaluate.retraining import Refits
from northstar_explain.evaluate.shape_counts import shape_table
from northstar_explain.learn.compile_scorecard import Bags
from northstar_explain.model.evaluation.data_facts import DataFacts, DriftFacts
from northstar_explain.model.evaluation.robustness_facts import RobustnessFacts
from northstar_explain.model.learned_model import Purchase
from northstar_explain.model.rules import Node, assign
from northstar_explain.model.scorecard import Scorecard


class Audited(NamedTuple):
    """What `audit_facts` measures.

    Attributes
    ----------
    data : DataFacts
    robustness : RobustnessFacts
    drift : DriftFacts
    shapes, baseline : pyarrow.Table
        Two files of the model folder: `shapes.parquet`, and `drift_baseline.parquet`.
    """

    data: DataFacts
    robustness: RobustnessFacts
    drift: DriftFacts
    shapes: pa.Table
    baseline: pa.Table


def audit_facts(
    scorecard: Scorecard,
    bags: Bags,
    tree: Node,
    purchase: Purchase,
    splits: Mapping[str, Customers],
    contract: Contract,
    seed: int,
    refitted: Refits | None = None,
) -> Audited:
    """Measure data quality, robustness, drift and the counts behind each shape.

    Parameters
    ----------
    scorecard : Scorecard
    bags : Bags
        The bagged EBMs that the scorecard averages.
    tree : Node
        Of the segments.
    purchase : Purchase
    splits : mapping
        The customers in ``train``, ``validation`` and ``holdout``.
    contract : Contract
    seed : int
        Samples customers where a sample is enough.
    refitted : Refits, optional
        The model fitted again.

    Returns
    -------
    Audited
    """
    train, holdout = splits["train"], splits["holdout"]
    features = contract.model_features
    snapshots = [
        drift_baseline.Snapshot(one.columns, scorecard.probability(one.columns), assign(tree, one.columns))
        for one in (train, holdout)
    ]
    baseline = drift_baseline.drift_table(snapshots[0], snapshots[1], contract.features)
    return Audited(
        data=DataFacts(
            splits=data_quality.split_facts({name: rows.label for name, rows in splits.items()}),
            missing=data_quality.missing_facts(train.columns, holdout.columns, contract.features),
            correlated=data_quality.correlation_facts(train.columns, features, seed),
        ),
        robustness=RobustnessFacts(
            bags=robustness.bag_facts(scorecard, bags, holdout.columns, purchase.threshold, purchase.percentiles, seed),
            out_of_range=robustness.range_facts(scorecard, train.columns, holdout.columns, features, seed),
            retraining=refitted and refitted.facts,
        ),
        drift=drift_baseline.drift_facts(baseline),
        shapes=shape_table(scorecard, train.labelled, holdout.labelled, refitted),
        baseline=baseline,
    )
