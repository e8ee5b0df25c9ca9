"""The conditions of a comparison that need attention, in words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from northstar_explain.contract.features import Contract
from northstar_explain.model.evaluation.limits import (
    MONITOR_AUC_DROP,
    MONITOR_SHARED_CUSTOMERS,
    PSI_REVIEW,
    REJECTED_SHARE,
)
from northstar_explain.model.monitoring.monitor_facts import FeatureDrift, MonitorFacts, ScoreDrift


def triggers(facts: MonitorFacts, contract: Contract, holdout_auc: float) -> tuple[str, ...]:
    """The conditions that need attention, in words; empty when there are none.

    Parameters
    ----------
    facts : MonitorFacts
    contract : Contract
    holdout_auc : float
        ROC-AUC of the model on its holdout.
    """
    outcomes = facts.outcomes.alarms if facts.outcomes else ()
    return (*_of_runs(facts, contract), *_of_drift(facts), *_of_expected(facts, holdout_auc), *outcomes)


def _of_runs(facts: MonitorFacts, contract: Contract) -> Iterator[str]:
    if facts.feature_drift is None:
        last = Path(facts.runs[-1].name).name  # a page says not where on a disk it lay
        yield f"no run report beside {last}: drift of the features and rejected rows are not known"
    if (facts.rejected_share or 0) > REJECTED_SHARE:
        yield f"{facts.rejected_share:.1%} of the rows were rejected, more than {REJECTED_SHARE:.0%}"
    smaller = min(facts.customers.old, facts.customers.new)
    # Ids of rows that belong to a group, such as the months of a household, are new in every run.
    if smaller and not contract.group and facts.customers.both < MONITOR_SHARED_CUSTOMERS * smaller:
        yield (
            f"the runs share {facts.customers.both:,} customers, fewer than {MONITOR_SHARED_CUSTOMERS:.0%} of the "
            f"smaller one's {smaller:,}: are both of the same customers?"
        )


def _of_drift(facts: MonitorFacts) -> Iterator[str]:
    if facts.score_drift.shifted:
        yield f"the score drifted: {_psi(facts.score_drift)}"
    for name, one in (facts.feature_drift or {}).items():
        if one.shifted:
            yield f"{name} drifted since training: {_psi(one)}"
    for segment in facts.segments:
        if segment.moved:
            change = f"from {segment.old_share:.1%} to {segment.new_share:.1%}"
            yield f"segment {segment.id} went {change} of customers"


def _psi(drift: ScoreDrift | FeatureDrift) -> str:
    if drift.large:
        return f"PSI {drift.psi:.3f}, {PSI_REVIEW} or more: review the model"
    return f"PSI {drift.psi:.3f} above {drift.threshold:.3f}: inspect it"


def _of_expected(facts: MonitorFacts, holdout_auc: float) -> Iterator[str]:
    expected = facts.runs[-1].expected
    if expected is None:
        return
    yield from (f"no performance can be estimated: {one}" for one in expected.void)
    auc = expected.overall.roc_auc
    if not expected.void and auc.interval.high < holdout_auc - MONITOR_AUC_DROP:
        yield f"ROC-AUC is expected to fall to {auc.value:.3f}, from {holdout_auc:.3f} on the holdout"
