"""How the segments were made, their limits and the glossary, in plain words with the model's figures."""

from __future__ import annotations

from dataclasses import dataclass

from northstar_explain.model.evaluation.limits import JACCARD_STABLE
from northstar_explain.model.evaluation.metric_registry import ECE, ROC_AUC
from northstar_explain.model.evaluation.segment_facts import NullTest
from northstar_explain.model.learned_model import Model
from northstar_explain.report.document import numbers as words


@dataclass(frozen=True)
class Note:
    """A heading with its text and, where there is one, the figure behind it and the figure's name."""

    title: str
    text: str
    figure: str = ""
    term: str = ""


def method(model: Model) -> tuple[Note, ...]:
    """How the segments were made, in four steps."""
    noun, outcome, purchase = model.contract.noun, model.contract.outcome, model.evaluation.purchase
    total = sum(segment.customers for segment in model.segmentation.segments)
    compared = sum(len(theme.features) for theme in model.evaluation.segments.themes)
    holdout = "of a later date" if purchase.out_of_time else "of the holdout"
    return (
        Note(
            "Group people by what they do",
            f"{words.count(total)} {noun} were grouped by {compared} features. Who "
            f"{outcome} was not used: a segment says what people are like, not what they will do.",
        ),
        Note(
            "Explain each group by a rule",
            "Short rules with round numbers, about what a campaign can select by, replaced the statistical groups. The "
            "rule is then the "
            f"segment: each of the {noun} fits exactly one.",
        ),
        Note(
            "Predict separately who acts",
            f"From {words.count(purchase.train_n)} {noun}, a second model learned to predict who {outcome}. It adds up "
            "points, so that each score can be explained line by line.",
        ),
        Note(
            "Test on others",
            f"All rates in this book are those of {words.count(purchase.holdout.n)} {noun} {holdout}, which the "
            "second model was not trained on.",
        ),
    )


def limits(model: Model) -> tuple[Note, ...]:
    """The limits of the segments and the probabilities."""
    noun, segments, purchase = model.contract.noun, model.evaluation.segments, model.evaluation.purchase
    behavior = segments.behavior
    return (
        Note("Segments leave differences", "This share of the differences in a feature, on average, lies "
              f"between the segments; the rest lies within them. {segments.choice}", f"{behavior.mean:.0%}",
              "behavior explained"),
        Note("Rules are a simplification", _price(segments.price_of_explainability),
              f"{segments.price_of_explainability:.3f}", "price of explainability"),
        Note(
            "Rules and groups differ for some",
            f"This share of {words.count(segments.fidelity_n)} {noun} not used to learn the rules are where the "
            "statistical groups would put them.",
            f"{segments.fidelity:.1%}",
            "fidelity",
        ),
        Note("Borders are chosen" if not segments.null_test.natural_clusters else "The groups are natural",
              _natural(segments.null_test.natural_clusters), _null(segments.null_test), "null test"),
        _stability(model),
        Note(
            "Probabilities are not certainties",
            "Of two people, one who acts and one who does not, the one who acts is ranked higher this often. Predicted "
            f"and actual rates differ by {100 * purchase.holdout.figures[ECE]:.1f} percentage points on average.",
            f"{purchase.holdout.figures[ROC_AUC]:.1%}",
            "ranking (ROC AUC)",
        ),
        Note(
            "Likely is not persuadable",
            "A high rate does not mean that a campaign causes it: many would act anyway. A control group shows it.",
        ),
    )  # fmt: skip


def glossary(model: Model) -> tuple[Note, ...]:
    """The glossary of the book."""
    noun, outcome, horizon = model.contract.noun, model.contract.outcome, model.contract.horizon
    return (
        Note("Segment", f"{noun.capitalize()} who fit the same rule. Each is in exactly one."),
        Note("Rule", "Conditions that all hold. A segment may have two rules; either is enough."),
        Note("Index", f"100 is the average of all {noun}, 200 twice and 50 half of it. From 80 to 120 is ordinary."),
        Note("Rate", f"Share of {noun} for whom this holds: {outcome}" + (f" ({horizon})." if horizon else ".")),
        Note("Holdout", f"{noun.capitalize()} not used to train the second model. All rates are measured on them."),
        Note("Predicted", "The rate that the second model expected. The closer to actual, the better."),
        Note("Points", "What a value adds to the score or takes off. +0.7 doubles the odds, −0.7 halves them."),
        Note("Decile", f"A tenth of all {noun} by probability. 10 holds the most likely."),
        Note(
            "Close to the border",
            "One ordinary step would put them in another segment: one more or fewer of what is counted, a week, five "
            "points of a share, a tenth of an amount.",
        ),
        Note(
            "Stability",
            f"How much a segment stays the same in other samples: 1 is identical, from {JACCARD_STABLE} stable.",
        ),
        Note("Control group", "People chosen at random whom a campaign leaves out, to see what happens without it."),
    )


def _price(price: float) -> str:
    if price <= 1:
        return "The rules are as tight as the statistical groups behind them; 1 is no loss."
    return f"The rules are {price - 1:.1%} less tight than the statistical groups behind them; 1 is no loss."


def _natural(natural: bool) -> str:
    if natural:
        return "They are clearer than any grouping of shuffled data: clarity here, and the best of shuffled data."
    return (
        "These are useful slices of a continuum, not natural groups: shuffled data can be grouped as clearly "
        "(clarity here, and the best of shuffled data)."
    )


def _null(facts: NullTest) -> str:
    return f"{facts.silhouette:.2f} / {facts.null_max:.2f}"


def _stability(model: Model) -> Note:
    stability = model.evaluation.segments.stability
    least = min(stability, key=lambda id: (stability[id], id))
    unstable = [id for id in stability if stability[id] < JACCARD_STABLE]
    advice = "Do not build long programmes on it." if unstable == [least] else ""
    if len(unstable) > 1:
        advice = f"Do not build long programmes on {', '.join(unstable)}."
    text = f"In other samples, {least} changes most: 1 is identical, from {JACCARD_STABLE} is stable. {advice}"
    return Note("Some segments are more stable than others", text.strip(), f"{stability[least]:.2f}", "stability")
