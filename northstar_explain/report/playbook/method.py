"""How the segments were made, what they cannot tell, what the words mean: no jargon, the model's figures."""

from __future__ import annotations

from dataclasses import dataclass

from northstar_explain.model import Model
from northstar_explain.model.evaluation.limits import JACCARD_STABLE
from northstar_explain.model.evaluation.metric_registry import ECE, ROC_AUC
from northstar_explain.model.evaluation.segment_facts import NullTest
from northstar_explain.report.playbook import words


@dataclass(frozen=True)
class Point:
    """A heading, what it says, and, where there is one, the figure that it rests on and what that is called."""

    title: str
    text: str
    figure: str = ""
    term: str = ""


def method(model: Model) -> tuple[Point, ...]:
    """How it was made, in four steps."""
    noun, outcome, purchase = model.contract.noun, model.contract.outcome, model.evaluation.purchase
    total = sum(segment.customers for segment in model.segmentation.segments)
    able = len(model.contract.segment_features)
    later = "of a later date" if purchase.out_of_time else "kept apart"
    return (
        Point(
            "Group people by what they do",
            f"{words.count(total)} {noun} were grouped by {able} things that a campaign can select by. Who "
            f"{outcome} was not looked at: a segment says what people are like, not what they will do.",
        ),
        Point(
            "Say each group as a rule",
            "Short rules, with round numbers, took the place of the statistical groups. From there on the rule is the "
            f"segment: each of the {noun} fits exactly one.",
        ),
        Point(
            "Learn separately who acts",
            f"From {words.count(purchase.train_n)} {noun}, a second model learned to tell who {outcome}. It adds up "
            "points, so that each score can be explained line by line.",
        ),
        Point(
            "Test on others",
            f"All rates in this book are those of {words.count(purchase.holdout.n)} {noun} {later}, whom the "
            "second model had never seen.",
        ),
    )


def limits(model: Model) -> tuple[Point, ...]:
    """What the segments and the probabilities cannot tell."""
    noun, segments, purchase = model.contract.noun, model.evaluation.segments, model.evaluation.purchase
    return (
        Point("Rules are a simplification", _price(segments.price_of_explainability),
              f"{segments.price_of_explainability:.3f}", "price of explainability"),
        Point(
            "Rules and groups differ for some",
            f"So many of {words.count(segments.fidelity_n)} {noun} kept apart are where the statistical grouping "
            "would have put them.",
            f"{segments.fidelity:.1%}",
            "fidelity",
        ),
        Point("Borders are drawn, not found" if not segments.null_test.natural_clusters else "The groups are real",
              _natural(segments.null_test.natural_clusters), _null(segments.null_test), "null test"),
        _steadiness(model),
        Point(
            "Probabilities are not certainties",
            "Of two people, one who acts and one who does not, so often the one who acts is ranked higher. Predicted "
            f"and actual rates differ by {100 * purchase.holdout.figures[ECE]:.1f} percentage points on average.",
            f"{purchase.holdout.figures[ROC_AUC]:.1%}",
            "ranking (ROC AUC)",
        ),
        Point(
            "Likely is not persuadable",
            "A high rate does not mean that a campaign causes it: many would act anyway. Only a control group tells.",
        ),
    )  # fmt: skip


def glossary(model: Model) -> tuple[Point, ...]:
    """The book's words."""
    noun, outcome, horizon = model.contract.noun, model.contract.outcome, model.contract.horizon
    return (
        Point("Segment", f"{noun.capitalize()} who fit the same rule. Each is in exactly one."),
        Point("Rule", "Conditions that all hold. A segment may have two rules; either is enough."),
        Point("Index", f"100 is the average of all {noun}, 200 twice and 50 half of it. From 80 to 120 is ordinary."),
        Point("Rate", f"Share of {noun} of whom it is true: {outcome}" + (f" ({horizon})." if horizon else ".")),
        Point("Predicted", "What the second model expected before it was known. The closer to actual, the better."),
        Point("Points", "What a fact adds to or takes from the score. +0.7 doubles the odds, −0.7 halves them."),
        Point("Decile", f"A tenth of all {noun} by probability. 10 holds the most likely."),
        Point("Close to the border", "A rounding step of one threshold could put them in another segment."),
        Point(
            "Stability",
            f"How alike a segment is when found anew in other samples: 1 the same, from {JACCARD_STABLE} stable.",
        ),
        Point("Control group", "People chosen at random whom a campaign leaves out, to see what would have happened."),
    )


def _price(price: float) -> str:
    if price <= 1:
        return "The rules are as tight as the statistical groups behind them; 1 is free."
    return f"The rules are {price - 1:.1%} less tight than the statistical groups behind them; 1 is free."


def _natural(natural: bool) -> str:
    if natural:
        return "They are clearer than any grouping of shuffled data: clearness here, and the best of shuffled data."
    return (
        "These are useful slices of a continuum, not natural kinds: shuffled data can be grouped as clearly "
        "(clearness here, and the best of shuffled data)."
    )


def _null(facts: NullTest) -> str:
    return f"{facts.silhouette:.2f} / {facts.null_max:.2f}"


def _steadiness(model: Model) -> Point:
    stability = model.evaluation.segments.stability
    least = min(stability, key=lambda id: (stability[id], id))
    unstable = [id for id in stability if stability[id] < JACCARD_STABLE]
    found = "Build no long programme on it." if unstable == [least] else ""
    if len(unstable) > 1:
        found = f"Build no long programmes on {', '.join(unstable)}."
    text = (
        f"Found anew in other samples, {least} comes back least alike: 1 is the same, from "
        f"{JACCARD_STABLE} is stable. {found}"
    )
    return Point("Some segments are steadier than others", text.strip(), f"{stability[least]:.2f}", "stability")
