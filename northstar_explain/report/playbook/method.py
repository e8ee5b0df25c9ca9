"""How the segments were made, their limits and the glossary, in plain words with the model's figures."""

from __future__ import annotations

from dataclasses import dataclass

from northstar_explain.contract.outcomes import who_does
from northstar_explain.model.evaluation.limits import JACCARD_STABLE, stability_figure
from northstar_explain.model.evaluation.metric_registry import ECE, ROC_AUC
from northstar_explain.model.learned_model import Model
from northstar_explain.model.wording import capital
from northstar_explain.report import statements
from northstar_explain.report.document import numbers as words


@dataclass(frozen=True)
class Note:
    """A heading with its text and, where there is one, the figure behind it and the figure's name."""

    title: str
    text: str
    figure: str = ""


def method(model: Model) -> tuple[Note, ...]:
    """How the segments were made, in four steps."""
    contract, facts, purchase = model.contract, model.evaluation.segments, model.evaluation.purchase
    noun = contract.noun
    return (
        Note(
            f"Group {noun} by behavior",
            f"{statements.compared_by(facts, contract)}. {capital(who_does(contract))} was not used: a segment "
            "describes behavior, and predicts nothing.",
        ),
        Note(
            "Explain each group by a rule",
            "Rules with round numbers replaced the statistical groups. The rule is then the segment: each of the "
            f"{noun} fits exactly one. {statements.asked_by_rules(facts)}.",
        ),
        Note(
            "Predict the outcome separately",
            f"From {words.count(purchase.train_n)} {noun}, a second model learned to predict {who_does(contract)}. It "
            "adds up points, so that each score can be explained line by line.",
        ),
        Note(
            "Test on others",
            f"{statements.rates_are_of(purchase, contract)}. "
            f"{statements.sizes_are_of(model.evaluation.audiences.customers, facts, contract)}.",
        ),
    )


def limits(model: Model) -> tuple[Note, ...]:
    """The limits of the segments and the probabilities."""
    facts, purchase, noun = model.evaluation.segments, model.evaluation.purchase, model.contract.noun
    stability, null = facts.stability, facts.null_test
    least = min(stability, key=lambda id: (stability[id], id))
    return (
        Note(
            "Segments leave differences",
            "This share of the differences in a feature, on average, lies between the segments; the rest, within.",
            f"{facts.behavior.mean:.0%}",
        ),
        Note(
            "Their number is a choice",
            _said(statements.no_number_meets_all(facts), statements.others_meet_all(facts)) or facts.choice,
            f"{facts.k}",
        ),
        Note(
            "Rules are a simplification",
            _said(statements.price_of_rules(facts.price_of_explainability)),
            f"{facts.price_of_explainability:.3f}",
        ),
        Note(
            "Rules and groups differ for some",
            f"This share of {words.count(facts.fidelity_n)} {noun} not used to learn the rules are where the "
            "statistical groups would put them.",
            f"{facts.fidelity:.1%}",
        ),
        Note(
            "Borders are chosen" if not null.natural_clusters else "The groups are natural",
            _said(
                statements.natural_groups(null),
                statements.clearer_than_shuffled(null),
                statements.as_clear_when_shuffled(null),
            ),
            f"{null.silhouette:.2f}",
        ),
        Note(
            "Some segments are more stable than others",
            _said(
                statements.stability_of(least, stability[least]),
                statements.all_stable(stability),
                statements.not_to_build_on(stability),
            ),
            stability_figure(stability[least]),
        ),
        Note(
            "Probabilities are not certainties",
            f"Of two {noun}, one with the outcome and one without, the first is ranked higher this often. "
            f"Predicted and actual rates differ by {100 * purchase.holdout.figures[ECE]:.1f} percentage points.",
            f"{purchase.holdout.figures[ROC_AUC]:.1%}",
        ),
        Note("Likely is not persuadable", f"{statements.not_persuadable(model.contract)}."),
        *([Note("The contract is a draft", f"{drafted}.")] if (drafted := statements.drafted(model.contract)) else []),
    )


def glossary(model: Model) -> tuple[Note, ...]:
    """The glossary of the book."""
    noun, outcome, horizon = model.contract.noun, model.contract.outcome, model.contract.horizon
    several = any(len(one.rules) > 1 for one in model.segmentation.segments)
    rules = "Conditions that all hold." + (" Where a segment has several rules, one is enough." if several else "")
    return (
        Note("Segment", f"A part of all {noun}, defined by its rule. Each of them is in exactly one."),
        Note("Rule", rules),
        Note("Index", f"100 is the average of all {noun}, 200 twice and 50 half of it. From 80 to 120 is ordinary."),
        Note("Rate", f"Share of {noun} with the outcome: {outcome}" + (f" ({horizon})." if horizon else ".")),
        Note("Holdout", _holdout(model.evaluation.purchase.out_of_time, noun)),
        Note(
            "Probability", f"What the second model expects of each of the {noun}, from what it learned of the others."
        ),
        Note("Decile", f"A tenth of all {noun} by probability. 10 holds the most likely."),
        Note(
            "One ordinary step",
            "One more or fewer of what is counted, a week, five points of a share, a tenth of an amount.",
        ),
        Note(
            "Stability",
            f"How much of a segment is found again in other samples: 1 is all, from {JACCARD_STABLE} on it is stable.",
        ),
        Note("Control group", "People chosen at random whom a campaign leaves out, to see what happens without it."),
        Note(
            "To confirm", "Proposed by the program. It is decided once somebody writes it into the plan, playbook.toml."
        ),
    )


def _holdout(out_of_time: bool, noun: str) -> str:
    # A later table mostly holds the same people: only what they did after it is unknown to the model.
    if out_of_time:
        of = f"A later table of {noun}. What came after it was"
    else:
        of = f"A part of the {noun}, taken at random and"
    return f"{of} not used to train the second model. Rates are measured on them."


def _said(*sentences: str | None) -> str:
    """Those sentences that hold, one after the other."""
    return " ".join(f"{one}." for one in sentences if one)
