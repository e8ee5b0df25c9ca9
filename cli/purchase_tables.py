"""The facts of the purchase model for a terminal: metrics, deciles, baselines, money and subgroups."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from northstar_explain.cli.outcome_words import OutcomeWords, outcome_words
from northstar_explain.model.campaign.money_words import (
    TO_FILL_IN,
    amount,
    campaign_words,
    in_points,
    short_points,
    terms,
)
from northstar_explain.model.campaign.value import FLAGGED_BY, MEASURED
from northstar_explain.model.evaluation import Figures, PurchaseFacts
from northstar_explain.model.evaluation.limits import SUBGROUP_MIN_CUSTOMERS
from northstar_explain.model.evaluation.metric_registry import (
    AVERAGE_PRECISION,
    BRIER,
    ECE,
    F1,
    LIFT_10,
    LIFT_20,
    LIFT_30,
    ROC_AUC,
    TERMINAL,
)
from northstar_explain.model.evaluation.purchase_facts import Flag
from northstar_explain.model.learned_model import Model

WIDTH = 110
# Remarks beside some metrics, filled from the holdout and its metrics.
_NOTES = {
    ROC_AUC.key: "{lift_quality_grade} (lift quality {lift_quality:.2f})",
    F1.key: "at threshold {threshold:.4f}; everyone flagged: {f1_everyone:.4f}",
    AVERAGE_PRECISION.key: "base rate {base_rate:.4f}",
    BRIER.key: "base rate alone {brier_base_rate:.4f}; skill {brier_skill:.3f}",
    LIFT_10.key: "and {capture_10:.0%} of {those}",
    LIFT_20.key: "and {capture_20:.0%} of {those}",
    LIFT_30.key: "and {capture_30:.0%} of {those}",
}
# The columns of the table of baselines.
_BASELINE_COLUMNS = ((ROC_AUC, "ROC-AUC"), (AVERAGE_PRECISION, "AP"), (F1, "F1"), (BRIER, "Brier"), (ECE, "calib."))
_GROUP_NAME = 48
TO_BEAT = "logistic_all"


def purchase_lines(model: Model) -> list[str]:
    """The lines of `explain show` about the purchase model."""
    purchase = model.evaluation.purchase
    lines: list[str] = []
    words = outcome_words(model.contract)
    first = _figures(purchase, words), _deciles(purchase), _baselines(purchase, model)
    for block in filter(None, (*first, money_lines(model), _groups(purchase))):
        lines += ["", *block] if lines else block
    return lines


def _figures(purchase: PurchaseFacts, words: OutcomeWords) -> list[str]:
    holdout = purchase.holdout
    later = " (at a later date)" if purchase.out_of_time else ""
    lines = [f"{words.title}, on a holdout of {holdout.n:,}{later}; in brackets 95% intervals"]
    if groups := purchase.group_split:
        fitted = groups.train + groups.validation
        rows = f"rows of {groups.holdout:,} {groups.column}" if groups.column else f"{groups.holdout:,} different rows"
        lines.append(f"  {rows}; {fitted:,} others were used to train, none for both")
    # Remarks may name a field of the holdout or any metric.
    context = {**vars(holdout), **holdout.figures.values, "those": words.those}
    for metric in holdout.figures.listed(TERMINAL):
        note = _NOTES.get(metric.key, "").format(**context)
        ends = holdout.figures.interval(metric)
        interval = _interval(ends) if ends else " " * 16
        lines.append(f"  {metric.label:<24}{holdout.figures[metric]:.4f}  {interval}  {note}".rstrip())
    lines += [f"  {_flag(one, words)}" for one in purchase.flags]
    top = ", ".join(f"{term.term} {term.share:.0%}" for term in purchase.terms[:5])
    if purchase.directions:
        lines.append("  directions that the contract could give:")
        lines += [f"    {one}" for one in purchase.directions]
    return [*lines, *textwrap.wrap(f"most important: {top}", WIDTH, initial_indent="  ", subsequent_indent="    ")]


def _flag(flag: Flag, words: OutcomeWords) -> str:
    at, assumed = flag.at, flag.assumed_uplift
    right = "nobody" if at.precision is None else f"{at.flagged:,}, {at.precision:.0%} rightly"
    purpose = (
        "highest F1" if assumed is None else f"a contact pays if it adds {short_points(assumed)} points, on average"
    )
    return f"{flag.name} from {at.threshold:.4f} ({purpose}): {right}, {at.recall:.0%} of {words.those}"


def _deciles(purchase: PurchaseFacts) -> list[str]:
    # The best first, as lift is read.
    deciles = purchase.deciles[::-1]
    return [
        "By decile of the training population",
        f"  {'':<10}" + "".join(f"{one.decile:>9}" for one in deciles),
        f"  {'customers':<10}" + "".join(f"{one.n:>9,}" for one in deciles),
        f"  {'predicted':<10}" + "".join(_or_dash(one.predicted_rate, "{:.1%}", 9) for one in deciles),
        f"  {'actual':<10}" + "".join(_or_dash(one.purchase_rate, "{:.1%}", 9) for one in deciles),
    ]


def _over_logistic(purchase: PurchaseFacts, model: Model) -> list[str]:
    """What the model gains over logistic regression on all features, in ROC-AUC and in money."""
    other = next((one for one in purchase.baselines if one.name == TO_BEAT), None)
    if other is None:
        return []
    lines = [f"over {TO_BEAT.replace('_', ' ')}: ROC-AUC {other.roc_auc_behind:+.4f} "
             f"{_interval(other.roc_auc_behind_interval)}"]  # fmt: skip
    money = model.evaluation.money
    for worth in money.rankings if money else ():
        if worth.baseline == TO_BEAT:
            earned = amount(worth.earned_more[FLAGGED_BY.name], model.contract.currency)
            ends = _interval(worth.buyers_more_interval, "{:+,.0f}")
            more = f"{worth.buyers_more:+,.0f} outcomes in the best fifth {ends}"
            lines.append(f"  {more}; {earned} a campaign, if a contact adds in proportion")
    return lines


def _baselines(purchase: PurchaseFacts, model: Model) -> list[str]:
    heads = "".join(f"{words:>9}" for _, words in _BASELINE_COLUMNS)
    lines = ["Baselines", f"  {'':<16}{heads}{'lift 10%':>10}   behind in ROC-AUC"]
    lines.append(_scores("this model", purchase.holdout.figures))
    for one in purchase.baselines:
        behind = f"   {one.roc_auc_behind:>7.4f} {_interval(one.roc_auc_behind_interval)}"
        lines.append(_scores(one.name.replace("_", " "), one.figures) + behind)
    lines += [f"  no {one.name.replace('_', ' ')}: {one.reason}" for one in purchase.baselines_skipped]
    lines += [
        f"  {one.name.replace('_', ' ')}: {', '.join(one.features)}"
        for one in purchase.baselines
        if one.name == "logistic_five"
    ]
    if not purchase.black_box_search.deep:
        lines.append("  a search of thirty settings of the black box: not run (--deep)")
    lines += [f"  {line}" for line in _over_logistic(purchase, model)]
    if best := purchase.gaps.true_probability:
        behind = f"{best.behind:.4f} {_interval(best.behind_interval)}"
        lines.append(f"  The true probabilities reach {best.roc_auc:.4f}; this model is behind by {behind}")
    return lines


def _scores(name: str, figures: Figures) -> str:
    return (
        f"  {name:<16}"
        + "".join(f"{figures[one]:>9.4f}" for one, _ in _BASELINE_COLUMNS)
        + f"{figures[LIFT_10]:>10.2f}"
    )


def money_lines(model: Model) -> list[str]:
    """What contacts are worth, per segment."""
    money, currency = model.evaluation.money, model.contract.currency
    if money is None:
        return textwrap.wrap(TO_FILL_IN, WIDTH)
    heads = [
        "measured" if one.scenario == MEASURED else f"at +{short_points(one.uplift)}" for one in money.proposal.outlooks
    ]
    lines = textwrap.wrap(terms(money, model.contract.outcome, currency), WIDTH - 2)
    said = campaign_words(money, currency)
    rows = [*((one.segment or "", one) for one in money.segments), ("all", money.everybody)]
    return [
        "What contacts are worth",
        *(f"  {line}" for line in lines),
        *(f"  {line}" for line in textwrap.wrap(said[:1].upper() + said[1:], WIDTH - 2)),
        f"  {'':<8}{'customers':>10}{'anyway':>12}{'break even':>12}" + "".join(f"{one:>13}" for one in heads),
        *(
            f"  {name:<8}{one.customers:>10,}{one.probability:>12.1%}{in_points(one.break_even_uplift):>12}"
            + "".join(f"{amount(each.earned, currency):>13}" for each in one.outlooks)
            for name, one in rows
        ),
    ]


def _groups(purchase: PurchaseFacts) -> list[str]:
    heads = ("n", "actual", "predicted", "calib.", "flagged", "ROC-AUC")
    lines = ["By subgroup", f"  {'':<{_GROUP_NAME}}" + "".join(f"{head:>10}" for head in heads)]
    for one in purchase.subgroups:
        name = f"{one.by}: {one.name}"
        name = name if len(name) < _GROUP_NAME else name[: _GROUP_NAME - 2] + "…"
        cells = ((one.base_rate, "{:.1%}"), (one.predicted_rate, "{:.1%}"), (one.ece, "{:.4f}"),
                 (one.flag_rate, "{:.1%}"), (one.roc_auc, "{:.4f}"))  # fmt: skip
        figures = "".join(_or_dash(value, form, 10) for value, form in cells)
        lines.append(f"  {name:<{_GROUP_NAME}}{one.n:>10,}{figures}")
    return [*lines, f"  no metrics for fewer than {SUBGROUP_MIN_CUSTOMERS} customers"]


def _or_dash(value: float | None, form: str, width: int) -> str:
    return f"{'-' if value is None else form.format(value):>{width}}"


def _interval(ends: Iterable[float], form: str = "{:.4f}") -> str:
    low, high = (form.format(end) for end in ends)
    return f"[{low}, {high}]"
