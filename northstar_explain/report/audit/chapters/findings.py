"""What a reviewer should look at first: what the stored facts show to be missing, weak or broken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from northstar_explain.model import Model
from northstar_explain.model.evaluation.limits import (
    JACCARD_STABLE,
    PSI_LOOK,
    REJECTED_SHARE,
    THIN_BIN_CUSTOMERS,
    WEAK_CALIBRATION_ERROR,
    WEAK_FIDELITY,
    WEAK_SAME_REASON,
    WEAK_THIN_SHARE,
)
from northstar_explain.model.evaluation.metric_registry import BRIER, ECE
from northstar_explain.model.parity import Certificate
from northstar_explain.report.audit.about import UNASSIGNED, About
from northstar_explain.report.audit.shapes.bin_labels import percent
from northstar_explain.report.audit.shapes.feature_shapes import FeatureShape
from northstar_explain.report.audit.shapes.shape_words import keeps_direction, thin_share

BROKEN, WEAK, OPEN = "broken", "weak", "open"


@dataclass(frozen=True)
class AuditFinding:
    """Something to look at.

    Attributes
    ----------
    level : str
        ``broken`` (does not hold what it should), ``weak`` (holds, but lean on it with care) or ``open`` (not known).
    text : str
    chapter : str
        Where to read on.
    """

    level: str
    text: str
    chapter: str


def findings(
    model: Model, about: About, shapes: Sequence[FeatureShape], certificate: Certificate
) -> tuple[AuditFinding, ...]:
    """Everything worth a look, the broken first."""
    found = [
        *_about_parity(certificate),
        *_about_shapes(shapes),
        *_about_purchase(model),
        *_about_segments(model),
        *_about_people(about),
    ]
    return tuple(sorted(found, key=lambda one: (BROKEN, WEAK, OPEN).index(one.level)))


def _about_parity(certificate: Certificate) -> Iterator[AuditFinding]:
    for check in certificate.checks:
        if check.wrong:
            yield AuditFinding(
                BROKEN, f"{check.program} scores {check.wrong:,} golden rows otherwise.", "Parity certificate"
            )
        if check.not_checked:
            yield AuditFinding(OPEN, f"{check.program} was not checked: {check.not_checked}.", "Parity certificate")


def _about_shapes(shapes: Sequence[FeatureShape]) -> Iterator[AuditFinding]:
    for shape in shapes:
        if keeps_direction(shape) is False:
            yield AuditFinding(
                BROKEN,
                f"{shape.term} does not keep the direction that the contract demands.",
                f"Appendix A{shape.rank}",
            )
    thin = [s for s in shapes if thin_share((*s.bins, s.missing)) > WEAK_THIN_SHARE]
    if thin:
        pages = ", ".join(f"A{s.rank}" for s in thin)
        many = f"In {len(thin)} of {len(shapes)} features, more than {WEAK_THIN_SHARE:.0%} of the customers"
        yield AuditFinding(WEAK, f"{many} are in bins of fewer than {THIN_BIN_CUSTOMERS}: pages {pages}.", "Appendix")


def _about_purchase(model: Model) -> Iterator[AuditFinding]:
    purchase, origin = model.evaluation.purchase, model.manifest["data"]
    held = purchase.holdout
    rejected = origin["rejected"] / max(1, origin["rows"])
    if rejected > REJECTED_SHARE:
        yield AuditFinding(WEAK, f"{percent(rejected)} of the rows were rejected.", "Data lineage")
    if held.figures[BRIER] >= held.brier_base_rate:
        yield AuditFinding(BROKEN, "The probabilities are no better than the base rate alone.", "Performance")
    if held.figures[ECE] > WEAK_CALIBRATION_ERROR:
        yield AuditFinding(WEAK, f"The calibration error is {held.figures[ECE]:.3f}.", "Performance")
    if not purchase.out_of_time:
        yield AuditFinding(
            OPEN, "Not judged on a later date: the holdout is of the same time as the training rows.", "Performance"
        )
    bags = model.evaluation.robustness.bags
    if bags.same_top_reason < WEAK_SAME_REASON:
        yield AuditFinding(
            WEAK,
            f"A bag alone gives another strongest reason to {percent(1 - bags.same_top_reason)} of the customers.",
            "Robustness",
        )
    facts = model.evaluation.drift
    shifted = [one.name for one in facts.holdout if one.psi >= PSI_LOOK]
    if shifted:
        yield AuditFinding(
            WEAK, f"The holdout differs from the training rows in {', '.join(shifted)}.", "Drift baseline"
        )
    shared = model.evaluation.data.correlated
    if shared:
        yield AuditFinding(
            WEAK,
            f"{len(shared)} pairs of features share credit; their ranks are to be read together.",
            "What weighs most",
        )
    allowed = [f.name for f in model.contract.sensitive_features if f.may_serve("model") or f.may_serve("segments")]
    if allowed:
        yield AuditFinding(
            WEAK, f"Sensitive features are used, as the contract allows: {', '.join(allowed)}.", "Group checks"
        )


def _about_segments(model: Model) -> Iterator[AuditFinding]:
    facts = model.evaluation.segments
    if not facts.null_test.natural_clusters:
        yield AuditFinding(
            WEAK, "The null test finds no natural groups: the segments are slices of a continuum.", "Segments"
        )
    loose = [f"{id} ({value:.2f})" for id, value in facts.stability.items() if value < JACCARD_STABLE]
    if loose:
        yield AuditFinding(WEAK, f"Segments that are not stable: {', '.join(loose)}.", "Segments")
    if facts.fidelity < WEAK_FIDELITY:
        yield AuditFinding(
            WEAK, f"Rules and groups agree for only {percent(facts.fidelity)} of the customers.", "Segments"
        )


def _about_people(about: About) -> Iterator[AuditFinding]:
    for role in ("owner", "approver"):
        if getattr(about, role) == UNASSIGNED:
            yield AuditFinding(OPEN, f"No {role} is named.", "Identity and purpose")
