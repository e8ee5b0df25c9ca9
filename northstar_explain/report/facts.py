"""What a playbook shows, taken from a model folder and put into words; nothing is measured here."""

from __future__ import annotations

from dataclasses import dataclass

from northstar_explain.contract import Contract
from northstar_explain.model import Model, Profile, Segment
from northstar_explain.model.conditions import Condition
from northstar_explain.model.wording import brief, capital, phrases
from northstar_explain.report.plays import recommended

MOST_BARS = 4
# Okabe & Ito's colours for colour-blind readers, darkened until white text on them reaches a contrast of 4.5 : 1.
ACCENTS = ("#00578a", "#9a4a00", "#00664b", "#8a3a6b", "#5c5c00", "#4b4b8f", "#7a2e2e", "#37616b")


@dataclass(frozen=True)
class Bar:
    """One feature that sets a segment apart."""

    words: str
    index: float
    value: str
    base: str
    known: str


@dataclass(frozen=True)
class SegmentPage:
    """Everything one page says."""

    id: str
    name: str
    accent: str
    definition: str
    rules: tuple[tuple[str, ...], ...]
    customers: str
    share: str
    rate: str
    rate_note: str
    rate_index: str
    predicted: str
    buyers: str
    bars: tuple[Bar, ...]
    actions: tuple[str, ...]


@dataclass(frozen=True)
class Playbook:
    """Everything a playbook says."""

    title: str
    date: str
    model_id: str
    customers: str
    horizon: str
    outcome: str
    base_rate: str
    method: tuple[str, ...]
    pages: tuple[SegmentPage, ...]


def playbook_facts(model: Model) -> Playbook:
    """Collect the facts of a playbook.

    Parameters
    ----------
    model : Model

    Returns
    -------
    Playbook
        Ready to be shown: every figure formatted, every text plain.
    """
    contract = model.contract
    holdout = model.evaluation["purchase"]["holdout"]
    total = sum(segment.customers for segment in model.segmentation.segments)
    return Playbook(
        title=contract.title,
        date=str(model.manifest["date"]),
        model_id=model.id,
        customers=f"{total:,}",
        horizon=contract.horizon,
        outcome=contract.outcome,
        base_rate=f"{holdout['base_rate']:.1%}",
        method=_method(model),
        pages=tuple(
            _page(segment, ACCENTS[place % len(ACCENTS)], model)
            for place, segment in enumerate(model.segmentation.segments)
        ),
    )


def _page(segment: Segment, accent: str, model: Model) -> SegmentPage:
    contract = model.contract
    base = model.evaluation["purchase"]["holdout"]["base_rate"]
    outcome = model.evaluation["segments"]["holdout_outcomes"].get(segment.id)
    rate = outcome["purchase_rate"] if outcome else None
    return SegmentPage(
        id=segment.id,
        name=segment.name,
        accent=accent,
        definition=segment.definition,
        rules=tuple(tuple(_steps(rule.conditions, contract)) for rule in segment.rules),
        customers=f"{segment.customers:,}",
        share=f"{segment.share:.1%}",
        rate="not measured" if rate is None else f"{rate:.1%}",
        rate_note=f"of {outcome['n']:,} in the holdout" if outcome else "nobody in the holdout",
        rate_index="–" if rate is None else f"{100 * rate / base:.0f}",
        predicted=f"{outcome['predicted_rate']:.1%}" if outcome else "–",
        buyers=f"{outcome['share_of_buyers']:.1%}" if outcome else "–",
        bars=_bars(segment, contract),
        actions=tuple(recommended(segment, contract)),
    )


def _steps(conditions: tuple[Condition, ...], contract: Contract) -> list[str]:
    steps = [capital(phrase) for condition in conditions for phrase in phrases(condition, contract)]
    return steps or [f"All {contract.noun}"]


def _bars(segment: Segment, contract: Contract) -> tuple[Bar, ...]:
    """The features furthest above and furthest below the average, by effect; the highest index first."""
    usable = [item for item in segment.profile if item.index is not None and abs(item.effect) >= 0.1]
    above = sorted((p for p in usable if p.effect > 0), key=lambda p: -p.effect)[:MOST_BARS]
    below = sorted((p for p in usable if p.effect < 0), key=lambda p: p.effect)[:MOST_BARS]
    chosen = sorted(above + below, key=lambda p: -(p.index or 0.0))
    return tuple(_bar(item, contract) for item in chosen)


def _bar(item: Profile, contract: Contract) -> Bar:
    feature = contract[item.feature]
    return Bar(
        words=capital(feature.words),
        index=item.index or 0.0,
        value=brief(feature, item.mean, contract.currency),
        base=brief(feature, item.base, contract.currency),
        known=f"{item.known:,}",
    )


def _method(model: Model) -> tuple[str, ...]:
    segments, purchase = model.evaluation["segments"], model.evaluation["purchase"]
    holdout = purchase["holdout"]
    later = "at a later date" if purchase["out_of_time"] else "kept apart"
    return (
        f"The segments were found in how {model.contract.noun} behave, without looking at who bought afterwards. "
        f"Each is defined by its rules alone. The rules agree with the statistical grouping behind them for "
        f"{segments['fidelity']:.0%} of {segments['fidelity_n']:,} {model.contract.noun} not used to find them.",
        f"Purchase rates are those of {holdout['n']:,} {model.contract.noun} {later}, whom the purchase model "
        f"had not seen. There, it ranks a buyer above a non-buyer {holdout['roc_auc']:.0%} of the time.",
        "A high purchase rate does not mean that a campaign causes purchases: keep a control group to find out.",
    )
