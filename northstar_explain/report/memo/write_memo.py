"""Writing the memo: a PDF, and a page for a browser, of the same blocks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from northstar_explain import tables
from northstar_explain.errors import Fault, ModelError, OutputError
from northstar_explain.model.evaluation.metric_registry import CAPTURE_20
from northstar_explain.model.learned_model import Model
from northstar_explain.model.names import with_id
from northstar_explain.report import statements
from northstar_explain.report.document import numbers as words
from northstar_explain.report.document.blocks import Block, ItemList, Link, Text, rich
from northstar_explain.report.document.document import Document, links_beside
from northstar_explain.report.document.press import PdfWorker, has_room
from northstar_explain.report.memo.approaches import two_approaches
from northstar_explain.report.memo.metrics_chapter import metrics_that_fit
from northstar_explain.report.memo.ranking_chapters import what_each_can_tell, why_one_uses_labels
from northstar_explain.report.memo.recommendation import Decision, recommendation
from northstar_explain.report.memo.together_chapters import calendar, together
from northstar_explain.report.memo.which_table import when_to_use_which


def write_memo(
    model: Model,
    out: Path,
    overwrite: bool = False,
    progress: Callable[[str], None] = lambda stage: None,
    beside: Mapping[str, Path] | None = None,
    decision: Decision | None = None,
) -> tuple[Path, Path]:
    """Write the memo as PDF and as one HTML page.

    Parameters
    ----------
    model : Model
        Trained with its experiments.
    out : Path
        The PDF; the page goes beside it, with the ending ``.html``.
    overwrite : bool, default False
    progress : callable
        Called with the name of each stage as it begins.
    beside : mapping of str to Path, optional
        Other reports of this model, words to HTML file: the page links to them.
    decision : Decision, optional
        Owner and day of the recommendation; to be confirmed where not given.

    Returns
    -------
    pdf, html : Path

    Raises
    ------
    ModelError
        When the model was trained without experiments.
    OutputError
        When a file already exists or cannot be written.
    """
    if out.suffix != ".pdf":
        raise OutputError(str(out), [Fault("name", "an ending of .pdf", out.suffix or "none", "Rename it.")])
    page = out.with_suffix(".html")
    tables.require_apart([out, page], model.inputs)
    for path in (out, page):
        tables.require_free(path, overwrite)
    pdf, web_page = _made(model, links_beside(page, beside or {}), decision or Decision(), progress)
    tables.publish({out: pdf, page: web_page})
    return out, page


def _made(
    model: Model, siblings: tuple[Link, ...], decision: Decision, progress: Callable[[str], None]
) -> tuple[bytes, bytes]:
    """The memo as PDF and as page."""
    progress("collecting the facts")
    # Another process typesets the PDF, while this one makes the page.
    worker = PdfWorker() if has_room() else None
    try:
        document = memo(model, siblings, decision)
        progress("laying out the pages")
        if worker:
            worker.begin(document.job())
        page = document.web_page().encode()
        return worker.result()[0] if worker else document.pdf(), page
    finally:
        if worker:
            worker.stop()


def memo(model: Model, siblings: tuple[Link, ...] = (), decision: Decision | None = None) -> Document:
    """The memo as a document.

    Parameters
    ----------
    model : Model
    siblings : tuple of Link
        The reports beside it.
    decision : Decision, optional
        Owner and day of the recommendation.

    Returns
    -------
    Document

    Raises
    ------
    ModelError
        When the model was trained without experiments.
    """
    experiments = model.evaluation.experiments
    if experiments is None:
        todo = "Train again without --no-experiments."
        raise ModelError(model.id, [Fault("evaluation.json", "the experiments of a comparison", "none", todo)])
    title = model.contract.title
    chapters = (
        two_approaches(model),
        why_one_uses_labels(model, experiments),
        what_each_can_tell(model, experiments),
        metrics_that_fit(model, experiments),
        when_to_use_which(model),
        together(model),
        calendar(),
    )
    return Document(
        title=f"Segments and probabilities: {title}",
        variant="memo",
        chapters=chapters,
        heading="Segments for the message, probabilities for the order",
        eyebrow=f"{title} · model {model.id} of {words.day(str(model.manifest['date']))}",
        front=_front(model, decision or Decision()),
        running=f"Segments and probabilities: {title}",
        siblings=siblings,
    )


def _front(model: Model, decision: Decision) -> tuple[Block, ...]:
    contract, purchase = model.contract, model.evaluation.purchase
    noun, captured = contract.noun, purchase.holdout.figures[CAPTURE_20]
    by_segment = next(one.figures[CAPTURE_20] for one in purchase.baselines if one.name == "segment_rate")
    # By the middle 80%, as single customers at the ends say nothing of a segment.
    quantiles = model.evaluation.together.quantiles
    widest = max(quantiles, key=lambda one: quantiles[one].p90 - quantiles[one].p10)
    name = next(with_id(one.id, one.name) for one in model.segmentation.segments if one.id == widest)
    low, high = f"{quantiles[widest].p10:.0%}", f"{quantiles[widest].p90:.0%}"
    lead = (
        f"Segments are learned without the label; probabilities come from a model that is fitted to it. The label, “"
        f"{contract.outcome}”, is true of {purchase.holdout.base_rate:.1%} of the holdout: here, these are the "
        f"outcomes. This memo shows, by experiments on these {noun}, what each can tell, and how to use the two "
        "together."
    )
    points = (
        rich("<strong>Rank by probability.</strong> The fifth of the {} with the highest probabilities holds {} of the "
             "outcomes; the same number, taken by segment, {}.", noun, f"{captured:.0%}", f"{by_segment:.0%}"),
        rich("<strong>Write to segments.</strong> A rule describes behavior, and a text can begin there. It does "
             "not say which of the {} have the outcome: in {}, probabilities run from {} to {} for the middle 80%.",
             noun, name, low, high),
        rich("<strong>Keep a control group.</strong> Neither shows whom a contact changes; section 6 describes how to "
             "use all three."),
    )  # fmt: skip
    drafted = statements.drafted(contract)
    draft = (Text(f"The contract is a draft. {drafted}.", "fine"),) if drafted else ()
    return *recommendation(model, decision), Text(lead), ItemList(points), *draft
