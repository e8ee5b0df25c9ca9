"""The model beside its baselines: what each reaches, and what the difference is worth in money."""

from __future__ import annotations

from collections.abc import Iterator

from northstar_explain.model.campaign.money_words import amount, short_points
from northstar_explain.model.campaign.value import SCENARIOS
from northstar_explain.model.evaluation.figure_facts import Figures
from northstar_explain.model.evaluation.limits import AUC_DIFFERENCE_THAT_MATTERS
from northstar_explain.model.evaluation.metric_registry import AVERAGE_PRECISION, CAPTURE_20, ROC_AUC
from northstar_explain.model.evaluation.money_facts import MoneyFacts, RankingValue
from northstar_explain.model.evaluation.purchase_facts import Baseline, PurchaseFacts
from northstar_explain.model.learned_model import Model
from northstar_explain.report.document.blocks import Block, Table, Text, rich, table
from northstar_explain.report.document.numbers import between, signed

BASELINES = {
    "base_rate": "the base rate",
    "recency_rule": "a recency rule",
    "logistic_rfv": "logistic regression, log recency-frequency-value",
    "segment_rate": "the segment's rate",
    "logistic_five": "logistic regression, five features",
    "logistic_all": "logistic regression, all features",
    "black_box": "a black box (gradient boosting)",
}
TO_BEAT = "logistic_all"
_MIDDLE = SCENARIOS[1]


def baseline_blocks(model: Model) -> tuple[Block, ...]:
    """The table, what the difference to the one to beat is worth, and why not accuracy."""
    purchase = model.evaluation.purchase
    return _table(purchase, model.evaluation.money), *map(Text, _said(model))


def _table(purchase: PurchaseFacts, money: MoneyFacts | None) -> Table:
    worth = {one.baseline: one for one in money.rankings} if money else {}
    holdout = purchase.holdout.figures
    last = ("Outcomes more in the model's",) if worth else ()
    head = ("Score", "ROC-AUC", "Average precision", "In the best fifth", "Behind in ROC-AUC (95%)", *last)
    rows = [("this model (EBM)", *_figures(holdout), "", *("" for _ in last))]
    for one in purchase.baselines:
        more = (signed(worth[one.name].buyers_more, 0),) if worth else ()
        rows.append((BASELINES[one.name], *_figures(one.figures), between(one.roc_auc_behind_interval, 3), *more))
    return table(head, rows)


def _figures(of: Figures) -> tuple[str, str, str]:
    return f"{of[ROC_AUC]:.3f}", f"{of[AVERAGE_PRECISION]:.3f}", f"{of[CAPTURE_20]:.1%}"


def _said(model: Model) -> Iterator[str]:
    purchase, contract = model.evaluation.purchase, model.contract
    other = next((one for one in purchase.baselines if one.name == TO_BEAT), None)
    if other is not None:
        yield rich("<strong>Logistic regression on all features</strong> is the baseline to beat: logarithms, a column "
                   "per category, and flags for what is missing. {}", _beside(other))  # fmt: skip
    money = model.evaluation.money
    worth = next((one for one in money.rankings if one.baseline == TO_BEAT), None) if money else None
    if worth is not None:
        yield _buys(worth, contract.noun, contract.currency)
    for one in purchase.baselines_skipped:
        yield f"Without {BASELINES[one.name]}: {one.reason}."
    yield _no_accuracy(purchase)


def _beside(other: Baseline) -> str:
    """How far apart the two are, and whether chance may have made it."""
    low, high = other.roc_auc_behind_interval
    size = f"{abs(other.roc_auc_behind):.3f}"
    if low <= 0 <= high:
        return f"It ranks as well as the model: the difference in ROC-AUC of {size} may be chance."
    words = "below" if other.roc_auc_behind > 0 else "above"
    small = abs(other.roc_auc_behind) < AUC_DIFFERENCE_THAT_MATTERS
    return f"Its ROC-AUC is {size} {words} the model's" + (", too little to matter for a campaign." if small else ".")


def _buys(worth: RankingValue, noun: str, currency: str) -> str:
    more = "more" if worth.buyers_more >= 0 else "fewer"
    points = short_points(_MIDDLE.uplift)
    return (
        f"What the difference is worth: the {worth.contacted:,} {noun} with the highest probabilities hold "
        f"{abs(worth.buyers_more):,.0f} {more} outcomes than those of logistic regression "
        f"({between(worth.buyers_more_interval, 0)}). Every amount of memo and playbook counts the same points "
        "for each contact: then a better ranking earns nothing more. If a contact raises every rate by the same "
        f"fraction instead, {points} points on average, a campaign with the model earns {_earned(worth, currency)} "
        "than one with logistic regression. Which of the two holds, the first campaign measures."
    )


def _earned(worth: RankingValue, currency: str) -> str:
    more = worth.earned_more[_MIDDLE.name]
    return f"{amount(abs(more), currency)} {'more' if more >= 0 else 'less'}"


def _no_accuracy(purchase: PurchaseFacts) -> str:
    holdout = purchase.holdout
    return rich("<strong>Why not accuracy?</strong> Predicting “no outcome” for every row has an accuracy of {}, as "
                "the outcome is that of {}, and finds none of them. A campaign uses ranks and rates: these are "
                "measured.",
                f"{1 - holdout.base_rate:.0%}", f"{holdout.base_rate:.1%}")  # fmt: skip
