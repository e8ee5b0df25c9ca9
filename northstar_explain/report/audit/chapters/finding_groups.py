"""Groups of customers that a reviewer looks at first: badly calibrated, seldom flagged, seldom found."""

from __future__ import annotations

from collections.abc import Iterator

from northstar_explain.model.evaluation.limits import FOUR_FIFTHS, WEAK_GROUP_Z, WEAK_PROXY_AUC
from northstar_explain.model.evaluation.proxy_facts import Proxy
from northstar_explain.model.evaluation.rate_facts import Subgroup
from northstar_explain.model.learned_model import Model
from northstar_explain.model.wording import capital
from northstar_explain.report.audit.chapters.audit_finding import WEAK, AuditFinding
from northstar_explain.report.audit.shapes.bin_labels import percent, shortened
from northstar_explain.report.document.numbers import signed

_CHAPTER = "Group checks"


def group_findings(model: Model) -> Iterator[AuditFinding]:
    """What stands out among the groups, each with its figure and interval."""
    groups = model.evaluation.purchase.subgroups
    yield from (_off(one, model) for one in groups if abs(one.calibration_z or 0.0) >= WEAK_GROUP_Z)
    sensitive = {feature.name for feature in model.contract.sensitive_features}
    seldom = [one for one in groups if one.by in sensitive and (one.flag_ratio or 1.0) < FOUR_FIFTHS]
    yield from (_seldom_flagged(one, model) for one in seldom)
    # That a value is missing is no group of people, and often follows from others that are missing with it.
    known = [one for one in model.evaluation.purchase.proxies if one.name != "unknown"]
    yield from (_told(one, model) for one in known if one.together.roc_auc_interval.low > WEAK_PROXY_AUC)
    new, others = (next((g for g in groups if g.by == "tenure" and g.name.startswith(w)), None)
                   for w in ("new", "long-standing"))  # fmt: skip
    if new and others and new.recall_interval and others.recall_interval and _apart(new, others):
        text = (
            f"Of those with the outcome, fewer are flagged among newer {model.contract.noun} than among "
            f"long-standing ones ({percent(others.recall)})."
        )
        ends = f"{percent(new.recall_interval.low)} to {percent(new.recall_interval.high)}"
        yield AuditFinding(WEAK, text, _CHAPTER, percent(new.recall), ends)


def _apart(new: Subgroup, others: Subgroup) -> bool:
    """Whether the recall of the new is below that of the others by more than their intervals."""
    assert new.recall_interval and others.recall_interval
    return new.recall_interval.high < others.recall_interval.low


def _told(proxy: Proxy, model: Model) -> AuditFinding:
    words = {feature.name: feature.words for feature in model.contract.features}
    text = (
        f"{_named(proxy, model)}: the features of the model tell these from all others; the strongest is "
        f"{shortened(words[proxy.alone.feature or ''], 60)} ({proxy.alone.roc_auc:.3f} alone)."
    )
    low, high = proxy.together.roc_auc_interval
    return AuditFinding(WEAK, text, _CHAPTER, f"ROC-AUC {proxy.together.roc_auc:.3f}", f"{low:.3f} to {high:.3f}")


def _named(group: Subgroup | Proxy, model: Model) -> str:
    names = {feature.name: feature.words for feature in model.contract.features}
    return f"{capital(names.get(group.by, group.by))}, {shortened(group.name, 60)}"


def _off(group: Subgroup, model: Model) -> AuditFinding:
    assert group.rate_by_chance is not None and group.calibration_z is not None
    text = (
        f"{_named(group, model)}: predicted {percent(group.predicted_rate)}, actual {percent(group.base_rate)}, beyond "
        f"what chance would give {group.n:,} {model.contract.noun}."
    )
    ends = f"{percent(group.rate_by_chance.low)} to {percent(group.rate_by_chance.high)} by chance"
    return AuditFinding(WEAK, text, _CHAPTER, f"z {signed(group.calibration_z, 1)}", ends)


def _seldom_flagged(group: Subgroup, model: Model) -> AuditFinding:
    text = (
        f"{_named(group, model)}: flagged less often than four fifths of the group that is flagged most "
        f"({percent(group.flag_rate)} of its {model.contract.noun})."
    )
    ends = group.flag_ratio_interval
    return AuditFinding(
        WEAK, text, _CHAPTER, f"{group.flag_ratio:.2f}", f"{ends.low:.2f} to {ends.high:.2f}" if ends else "–"
    )
