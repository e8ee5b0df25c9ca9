"""Performance: metrics with intervals, calibration, gains, deciles, and baselines on the same rows."""

from __future__ import annotations

from collections.abc import Iterator

from northstar_explain.contract.outcomes import model_words
from northstar_explain.model.evaluation import Figures, Interval, PurchaseFacts
from northstar_explain.model.evaluation.metric_registry import AUDIT, AVERAGE_PRECISION, BRIER, ECE, F1, ROC_AUC
from northstar_explain.model.evaluation.purchase_facts import Baseline, Holdout
from northstar_explain.model.evaluation.rate_facts import CalibrationBin
from northstar_explain.model.learned_model import Model
from northstar_explain.model.wording import capital
from northstar_explain.report.audit.shapes.bin_labels import percent
from northstar_explain.report.charts.gains_curve import gains_curve
from northstar_explain.report.charts.reliability_curve import reliability_curve
from northstar_explain.report.charts.threshold_curves import precision_recall_curve, roc_curve
from northstar_explain.report.document.blocks import (
    Block,
    Cell,
    Chapter,
    ChapterBuilder,
    Columns,
    Figure,
    TableCell,
    Text,
    table,
)
from northstar_explain.report.document.numbers import between, signed

_BASELINES = {
    "base_rate": "the base rate for every row",
    "recency_rule": "rule on recency only",
    "logistic_rfv": "logistic regression on recency, frequency, value",
    "segment_rate": "the segment's rate",
    "logistic_five": "logistic regression on five features",
    "logistic_all": "logistic regression on all features",
    "black_box": "black box (gradient boosting)",
}
_COMPARED = (ROC_AUC, AVERAGE_PRECISION, F1, BRIER, ECE)


def performance(model: Model) -> Chapter:
    """The purchase model's performance on the holdout."""
    page = ChapterBuilder()
    purchase = model.evaluation.purchase
    holdout = purchase.holdout
    sampled = "from a later date" if purchase.out_of_time else "not used for training"
    page.paragraphs(
        f"Measured once, on a holdout of {holdout.n:,} {model.contract.noun} {sampled}. Every figure is stored in "
        "model/evaluation.json; this report only presents it.",
        style="lead",
    )
    page.add(_figures(holdout))
    page.paragraphs(
        f"Intervals are percentile intervals over {purchase.bootstrap_draws:,} bootstrap resamples of the holdout.",
        style="fine",
    )
    page.section("Calibration and gains", *_curves(purchase, capital(model.contract.noun)))
    page.section(
        "By decile of the training population, 10 the highest", *_deciles(purchase, capital(model.contract.noun))
    )
    page.section("The flag at other thresholds", *_operating(model))
    page.section("Baselines, fitted and evaluated on the same rows", *_baselines(model))
    return page.chapter("performance", "Performance", flows=True)


def _figures(holdout: Holdout) -> Block:
    figures = holdout.figures
    rows = [
        (one.label, one.meaning, figure(figures[one]), interval_words(figures.interval(one)))
        for one in figures.listed(AUDIT)
    ]
    rows += [(one.label, one.meaning, figure(value), interval_words(ends)) for one, value, ends in holdout.references()]
    heads = ("Figure", "Read as", "Value", "95% interval")
    return table(heads, rows, words=2, style="small", alt_text="Figures on the holdout")


def figure(value: object) -> str:
    """A figure to four decimals; a dash for None."""
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:.4f}"


def interval_words(ends: Interval | None) -> str:
    """``0.1234 to 0.2345``; a dash for None."""
    return f"{ends.low:.4f} to {ends.high:.4f}" if ends else "–"


def _curves(purchase: PurchaseFacts, noun: str) -> list[Block]:
    rows = [
        (
            str(i),
            f"{one.n:,}",
            percent(one.predicted_rate, 2),
            percent(one.purchase_rate, 2),
            _ends(one.purchase_rate_interval),
            _gap(one),
        )
        for i, one in enumerate(purchase.reliability, start=1)
    ]
    heads = ("Calibration bin", noun, "Predicted", "Actual", "95% interval", "Difference, percentage points")
    shown = table(heads, rows, style="bins", alt_text="Predicted and actual rates")
    return [
        Columns(((Figure(reliability_curve(purchase.reliability)),), (Figure(gains_curve(purchase.gains)),))),
        shown,
    ]


def _gap(one: CalibrationBin) -> str:
    return signed(100 * (one.purchase_rate - one.predicted_rate))


def _deciles(purchase: PurchaseFacts, noun: str) -> list[Block]:
    rows = [
        (str(one.decile), f"{one.n:,}", percent(one.predicted_rate, 2), percent(one.purchase_rate, 2),
         _ends(one.purchase_rate_interval))
        for one in purchase.deciles
    ]  # fmt: skip
    heads = ("Decile", noun, "Predicted", "Actual", "95% interval")
    return [table(heads, rows, style="bins", alt_text="Rates by decile")]


def _ends(ends: Interval | None) -> str:
    return "–" if ends is None else f"{100 * ends.low:.2f} to {100 * ends.high:.2f}"


def _operating(model: Model) -> list[Block]:
    """The flag at other thresholds."""
    purchase = model.evaluation.purchase
    rows = [
        (f"{one.threshold:.4f}" + (" (the model's)" if one.chosen else ""), f"{one.flagged:,}",
         percent(one.precision), percent(one.recall), percent(one.false_positive_rate), figure(one.f1))
        for one in purchase.operating
    ]  # fmt: skip
    heads = ("Threshold", "Flagged", "Precision", "Recall", "False positives", "F1")
    why = (
        "The threshold has the highest F1 on the validation rows: F1 weighs precision and recall alike, and needs no "
        "amounts of money. Where contact and outcome have amounts, the break-even probability is the better one; the "
        "flag is a default, and no score depends on it. The other thresholds are probabilities of the training "
        "population, so that none was chosen on the holdout. Both curves go through them; the ring is the model's own "
        "threshold, grey is what chance would give."
    )
    curves = (
        (Figure(roc_curve(purchase.operating)),),
        (Figure(precision_recall_curve(purchase.operating, purchase.holdout.base_rate)),),
    )
    shown = table(heads, rows, style="bins", alt_text="The flag at a range of thresholds")
    return [Text(why), Columns(curves), shown]


def _baselines(model: Model) -> list[Block]:
    purchase = model.evaluation.purchase

    def figures(of: Figures) -> list[TableCell]:
        return [Cell(figure(of[one]), _narrow(of.interval(one))) for one in _COMPARED]

    # All on the same holdout rows and the same bootstrap draws, so that differences are paired.
    rows: list[tuple[TableCell, ...]] = [("this model", *figures(purchase.holdout.figures), "")]
    rows += [(_BASELINES[one.name], *figures(one.figures), _behind(one)) for one in purchase.baselines]
    heads = ("Model", *(one.label for one in _COMPARED), "ROC-AUC behind this model")
    widths = (20, 13, 13, 13, 13, 12, 16)
    blocks: list[Block] = [table(heads, rows, widths=widths, style="small", alt_text="Baselines")]
    blocks += [Text(words, "fine") for words in _chosen(model)]
    if best := purchase.gaps.true_probability:
        apart = f"{signed(best.behind, 4)} ({between(best.behind_interval, 4)})"
        behind = f"ROC-AUC behind the true probabilities of this simulation: {apart}."
        blocks.append(Text(behind, "fine"))
    blocks.append(Text("Below each figure: its 95% interval. Differences are paired: of the same draws.", "fine"))
    return blocks


def _chosen(model: Model) -> Iterator[str]:
    """What was chosen for baselines, and on which rows."""
    purchase = model.evaluation.purchase
    for one in purchase.baselines:
        if one.name == "logistic_five":
            words = "; ".join(model.contract[name].words for name in one.features)
            yield f"The five features, each chosen on training rows by what those before it leave over: {words}."
    search = purchase.black_box_search
    best = next(one for one in search.settings if one.chosen)
    if not search.deep:
        yield "A search over thirty settings of the black box was not run (--deep in training)."
    tried = len(search.settings)
    yield (
        f"The black box is the best of {tried} settings on validation rows (ROC-AUC {best.roc_auc:.4f}): "
        f"{best.leaves} leaves, learning rate {best.learning_rate:g}, L2 penalty {best.l2_regularization:g}."
    )


def _narrow(ends: Interval | None) -> str:
    return f"{ends.low:.3f}–{ends.high:.3f}" if ends else "–"


def _behind(one: Baseline) -> Cell:
    return Cell(signed(one.roc_auc_behind, 4), between(one.roc_auc_behind_interval, 3))


def sensitive_words(model: Model) -> list[str]:
    """What each sensitive feature is used for."""
    sentences = []
    for feature in model.contract.sensitive_features:
        uses = [use for use in ("segments", "model") if feature.may_serve(use)]
        allowed = f"allowed for {' and '.join(uses)} by the contract"
        use = allowed if uses else f"used neither for segments nor for the {model_words(model.contract)}"
        sentences.append(f"{capital(feature.words)} ({feature.name}) is marked as sensitive. It is {use}.")
    return sentences or ["The contract marks no feature as sensitive."]
