"""The contents of the report: cover, findings and every chapter, in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from northstar_explain.contract.outcomes import model_words
from northstar_explain.model.deciding_part import DecidingPart
from northstar_explain.model.evaluation.metric_registry import AVERAGE_PRECISION, ROC_AUC
from northstar_explain.model.evaluation.move_facts import Moves
from northstar_explain.model.learned_model import Model
from northstar_explain.model.parity import Certificate
from northstar_explain.model.wording import capital
from northstar_explain.report.audit.about import About
from northstar_explain.report.audit.chapters import (
    by_hand,
    closing,
    frameworks,
    group_checks,
    identity,
    model_changes,
    performance,
    reliance,
    segment_chapter,
)
from northstar_explain.report.audit.chapters.appendix import reading
from northstar_explain.report.audit.chapters.findings import findings
from northstar_explain.report.audit.chapters.identity import simulated
from northstar_explain.report.audit.shapes.bin_labels import shortened
from northstar_explain.report.audit.shapes.feature_shapes import FeatureShape
from northstar_explain.report.audit.shapes.pair_shapes import PairShape
from northstar_explain.report.document.blocks import (
    Block,
    Chapter,
    ChapterBuilder,
    Contents,
    Facts,
    Heading,
    Link,
    Table,
    Text,
)
from northstar_explain.report.document.document import Document

STYLES = ("audit.css",)


@dataclass(frozen=True)
class ReportContents:
    """The inputs of a report, and the chapters made from them.

    Attributes
    ----------
    model : Model
    about : About
    date : str
        Date of the pack.
    shapes, pairs : tuple
    certificate : Certificate
    files, what : mapping
        Path to content and path to description of the other files of the pack.
    against : DecidingPart or None
        The model to compare with.
    moves : Moves or None
        The holdout scored by both, where somebody gave its table.
    """

    model: Model
    about: About
    date: str
    shapes: tuple[FeatureShape, ...]
    pairs: tuple[PairShape, ...]
    certificate: Certificate
    files: Mapping[str, bytes]
    what: Mapping[str, str]
    against: DecidingPart | None = None
    moves: Moves | None = None

    def report(self) -> Document:
        """The report, without its appendix."""
        model, chapters = self.model, self._chapters()
        return Document(
            title=f"Audit pack: {model.contract.title}, model {model.id}",
            variant="audit",
            chapters=chapters,
            heading=model.contract.title,
            eyebrow="Audit pack",
            front=self._front(chapters),
            running=running(model),
            styles=STYLES,
        )

    def _chapters(self) -> tuple[Chapter, ...]:
        model, about = self.model, self.about
        rest = (
            # Who and what first, then evidence, then limits; the signature comes last.
            identity.identity(model, about, self.date),
            identity.inventory(model, about),
            identity.data(model, about),
            identity.contract(model),
            identity.method(model),
            performance.performance(model),
            reliance.overview(model, self.shapes, self.pairs),
            by_hand.by_hand(model),
            *((model_changes.changes(model, self.against, self.shapes, self.moves),) if self.against else ()),
            # The SQL is taken from the pack, so that the report shows the very statement that is shipped.
            segment_chapter.segments(model, self.files["sql/segments.sql"].decode()),
            group_checks.groups(model),
            reliance.robustness(model),
            reliance.drift(model),
            closing.parity(self.certificate),
            closing.limits(model, about),
            closing.checking(model),
            frameworks.frameworks(),
            closing.files(model, self.files, self.what),
            _reading(model),
            closing.sign_off(model, about),
        )
        return self._first_look({chapter.title: chapter.id for chapter in rest}), *rest

    def _front(self, chapters: tuple[Chapter, ...]) -> tuple[Block, ...]:
        model, terms = self.model, len(self.shapes) + len(self.pairs)
        links = [Link(chapter.title, address=f"#{chapter.id}") for chapter in chapters]
        appendix = Link(f"Appendix: the shapes of all {terms} terms, a page each", page=1)
        lead = (
            f"What the {model_words(model.contract)} and the segments do, on what evidence, and how to verify every "
            f"number. Model {model.id} of {model.manifest['date']}."
            + (" The data are simulated: no figure here is of real customers." if simulated(model) else "")
        )
        return Text(lead, "lead"), self._at_a_glance(), Heading("Contents"), Contents((*links, appendix))

    def _at_a_glance(self) -> Facts:
        model, checks = self.model, self.certificate.checks
        facts = model.evaluation.segments
        holdout = model.evaluation.purchase.holdout
        checks = tuple(check for check in checks if not check.stored)
        run = sum(not check.not_checked for check in checks)
        purchase = (
            f"{len(model.scorecard.terms)} terms; ROC-AUC {holdout.figures[ROC_AUC]:.3f}, average precision "
            f"{holdout.figures[AVERAGE_PRECISION]:.3f} (base rate {holdout.base_rate:.3f}) on a holdout of "
            f"{holdout.n:,}"
        )
        segments = (
            f"{facts.k} by {facts.rules} rules; fidelity {facts.fidelity:.3f}, price of explainability "
            f"{facts.price_of_explainability:.3f}"
        )
        parity = f"{run} of {len(checks)} programs were run; largest difference {self.certificate.difference:.1e}"
        return Facts((
            ("Owner", self.about.owner),
            ("Approver", self.about.approver),
            ("Pack of", self.date),
            ("Trained on a table of", f"{model.manifest['data']['accepted']:,} {model.contract.noun}"
                                      + (", simulated" if simulated(model) else "")),
            (capital(model_words(model.contract)), purchase),
            ("Segments", segments),
            ("Parity", parity),
        ))  # fmt: skip

    def _first_look(self, ids: Mapping[str, str]) -> Chapter:
        page = ChapterBuilder()
        page.paragraphs(
            "Collected from the stored facts by fixed rules, so that weak points need not be searched for. Broken: a "
            "requirement is not met. Weak: met, but rely on it with care. Open: not known or not done.",
            style="lead",
        )
        rows = tuple(
            (finding.level, finding.text, finding.figure, finding.interval, _led_to(finding.chapter, ids))
            for finding in findings(self.model, self.about, self.shapes, self.certificate, self.pairs)
        )
        heads = ("Level", "Finding", "Figure", "95% interval", "Read on")
        page.add(Table(heads, rows, words=5, widths=(8, 44, 12, 16, 20), style="paged", alt_text="Findings"))
        return page.chapter("first-look", "Where to look first")


def _led_to(chapter: str, ids: Mapping[str, str]) -> Link | str:
    return Link(chapter, address=f"#{ids[chapter]}") if chapter in ids else chapter


def running(model: Model) -> str:
    """The footer of every page."""
    return f"{shortened(model.contract.title, 70)} · model {model.id} · {model.manifest['date']}"


def _reading(model: Model) -> Chapter:
    page = ChapterBuilder()
    page.add(*reading(model))
    return page.chapter("reading", "How to read the appendix", flows=True)
