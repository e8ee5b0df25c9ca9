"""Findings for the reviewer: what the stored facts show to be broken, weak or open.

Every limit comes from `model.evaluation.limits`, so that the report, the playbook and monitoring rate a figure alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from northstar_explain.model.evaluation.limits import (
    JACCARD_STABLE,
    PSI_LOOK,
    REJECTED_SHARE,
    THIN_BIN_CUSTOMERS,
    WEAK_CALIBRATION_ERROR,
    WEAK_COMPENSATION,
    WEAK_FIDELITY,
    WEAK_SAME_REASON,
    WEAK_THIN_JUMP,
    WEAK_THIN_SHARE,
)
from northstar_explain.model.evaluation.metric_registry import BRIER, ECE
from northstar_explain.model.learned_model import Model
from northstar_explain.model.parity import Certificate
from northstar_explain.report import statements
from northstar_explain.report.audit.about import UNASSIGNED, About, unstated
from northstar_explain.report.audit.chapters.audit_finding import BROKEN, OPEN, WEAK, AuditFinding
from northstar_explain.report.audit.chapters.finding_groups import group_findings
from northstar_explain.report.audit.chapters.frameworks import DRIFT
from northstar_explain.report.audit.chapters.performance import interval_words
from northstar_explain.report.audit.shapes.bin_labels import percent, shortened
from northstar_explain.report.audit.shapes.compensation import strongest_compensation
from northstar_explain.report.audit.shapes.feature_shapes import FeatureShape
from northstar_explain.report.audit.shapes.pair_shapes import PairShape
from northstar_explain.report.audit.shapes.shape_words import keeps_direction, thin_share
from northstar_explain.report.document.numbers import signed

FIRST = "first"
_SAME_TIME = "Not evaluated out of time: the holdout is from the same period as the training rows."


def findings(
    model: Model,
    about: About,
    shapes: Sequence[FeatureShape],
    certificate: Certificate,
    pairs: Sequence[PairShape] = (),
) -> tuple[AuditFinding, ...]:
    """All findings, the broken ones first."""
    unsorted = [
        *_about_parity(certificate),
        *_about_shapes(shapes),
        *_about_pairs(model, pairs),
        *_about_purchase(model),
        *group_findings(model),
        *_about_segments(model),
        *_about_people(about, model),
    ]
    # A stable sort: within a level, findings about one subject stay together. What no figure can tell yet comes before
    # every weak one: figures of the same time say little about the next.
    order = (BROKEN, FIRST, WEAK, OPEN)
    return tuple(sorted(unsorted, key=lambda one: order.index(FIRST if one.text == _SAME_TIME else one.level)))


def _about_parity(certificate: Certificate) -> Iterator[AuditFinding]:
    for check in certificate.checks:
        if check.wrong:
            yield AuditFinding(
                BROKEN, f"{check.program} gives {check.wrong:,} golden rows a different result.", "Parity certificate"
            )
        if check.not_checked:
            yield AuditFinding(OPEN, f"{check.program} was not checked: {check.not_checked}.", "Parity certificate")


def _thin_jumps(shape: FeatureShape) -> Iterator[tuple[float, str, str]]:
    """Changes of points from a bin to the next of which one is thin: size, term, and the thin bin."""
    if shape.axis is None:
        return
    for before, after in pairwise(shape.bins):
        if before.thin or after.thin:
            thin = before if before.thin else after
            yield abs(after.points - before.points), shape.term, shortened(thin.label, 40)


def _about_shapes(shapes: Sequence[FeatureShape]) -> Iterator[AuditFinding]:
    page_of = {shape.term: f"A{shape.rank}" for shape in shapes}
    for shape in shapes:
        if keeps_direction(shape) is False:
            yield AuditFinding(
                BROKEN,
                f"{shape.term} does not keep the direction that the contract requires.",
                f"Appendix A{shape.rank}",
            )
    if jump := max((one for shape in shapes for one in _thin_jumps(shape)), default=None):
        size, term, label = jump
        if size > WEAK_THIN_JUMP:
            text = f"{term}: the points jump at the thin bin “{label}”, the largest of such jumps."
            yield AuditFinding(WEAK, text, f"Appendix {page_of[term]}", f"{size:.2f} points")
    # Unseen is not counted: no training customer can be in it.
    thin = [s for s in shapes if thin_share((*s.bins, s.missing)) > WEAK_THIN_SHARE]
    if thin:
        pages = ", ".join(f"A{s.rank}" for s in thin)
        share = f"In {len(thin)} of {len(shapes)} features, more than {WEAK_THIN_SHARE:.0%} of the rows"
        yield AuditFinding(WEAK, f"{share} are in bins of fewer than {THIN_BIN_CUSTOMERS}: pages {pages}.", "Appendix")


def _about_pairs(model: Model, pairs: Sequence[PairShape]) -> Iterator[AuditFinding]:
    one = strongest_compensation(model, pairs)
    if one is None or one.taken_back < WEAK_COMPENSATION:
        return
    sides = " and ".join(
        f"{side.feature.words} {shortened(label, 30)}"
        for side, label in ((one.pair.first, one.first), (one.pair.second, one.second))
    )
    text = (
        f"A pair takes back what its features give: where {sides}, the cell has {signed(one.points)} points, the two "
        f"features {signed(one.apart)} by themselves ({one.train_n:,} customers), the largest of such cells. Read the "
        "three together."
    )
    yield AuditFinding(WEAK, text, f"Appendix A{one.pair.rank}", f"{one.taken_back:.2f} points")


def _about_purchase(model: Model) -> Iterator[AuditFinding]:
    purchase, origin = model.evaluation.purchase, model.manifest["data"]
    holdout = purchase.holdout
    rejected = origin["rejected"] / max(1, origin["rows"])
    if rejected > REJECTED_SHARE:
        yield AuditFinding(WEAK, f"{percent(rejected)} of the rows were rejected.", "Data lineage")
    # The Brier score is compared, not ROC-AUC: a model can rank well with useless probabilities.
    if holdout.figures[BRIER] >= holdout.brier_base_rate:
        yield AuditFinding(BROKEN, "The Brier score is no better than that of the base rate.", "Performance")
    if holdout.figures[ECE] > WEAK_CALIBRATION_ERROR:
        yield AuditFinding(
            WEAK, "The calibration error is large.", "Performance", f"{holdout.figures[ECE]:.4f}",
            interval_words(holdout.figures.interval(ECE)),
        )  # fmt: skip
    # Not weak but open: it says nothing against the model, only that nobody knows yet.
    if not purchase.out_of_time:
        yield AuditFinding(OPEN, _SAME_TIME, "Performance")
    bags = model.evaluation.robustness.bags
    if bags.same_top_reason < WEAK_SAME_REASON:
        yield AuditFinding(
            WEAK,
            f"A single bag gives {percent(1 - bags.same_top_reason)} of the {model.contract.noun} another strongest "
            "reason.",
            "Robustness",
        )
    facts = model.evaluation.drift
    shifted = [one.name for one in facts.holdout if one.psi >= PSI_LOOK]
    if shifted:
        yield AuditFinding(WEAK, f"The holdout differs from the training rows in {', '.join(shifted)}.", DRIFT[1])
    shared = model.evaluation.data.correlated
    if shared:
        yield AuditFinding(
            WEAK,
            f"{len(shared)} pairs of correlated features share credit; read their ranks together.",
            "Term importance",
        )
    allowed = [f.name for f in model.contract.sensitive_features if f.may_serve("model") or f.may_serve("segments")]
    if allowed:
        yield AuditFinding(
            WEAK, f"Sensitive features are used, as the contract allows: {', '.join(allowed)}.", "Group checks"
        )


def _about_segments(model: Model) -> Iterator[AuditFinding]:
    facts = model.evaluation.segments
    null = facts.null_test
    if not null.natural_clusters:
        compared = statements.clearer_than_shuffled(null) or statements.as_clear_when_shuffled(null)
        yield AuditFinding(WEAK, f"{statements.natural_groups(null)}. {compared}.", "Segments")
    if number := statements.no_number_meets_all(facts) or statements.others_meet_all(facts):
        yield AuditFinding(WEAK, f"{number}.", "Segments")
    unstable = [statements.stability_of(*one) for one in facts.stability.items() if one[1] < JACCARD_STABLE]
    if unstable:
        yield AuditFinding(WEAK, f"{'; '.join(unstable)}.", "Segments")
    if facts.fidelity < WEAK_FIDELITY:
        yield AuditFinding(
            WEAK, f"Rules and KMeans agree on only {percent(facts.fidelity)} of the {model.contract.noun}.", "Segments"
        )


def _about_people(about: About, model: Model) -> Iterator[AuditFinding]:
    for role in ("owner", "approver"):
        if getattr(about, role) == UNASSIGNED:
            yield AuditFinding(OPEN, f"No {role} is named.", "Identity and purpose")
    if missing := unstated(about, model):
        yield AuditFinding(OPEN, f"Nobody has stated: {', '.join(missing)}.", "Inventory")
