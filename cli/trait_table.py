"""The facts of the traits for a terminal."""

from __future__ import annotations

from northstar_explain.cli.outcome_words import outcome_words
from northstar_explain.model.learned_model import Model


def trait_lines(model: Model) -> list[str]:
    """The lines of `explain show` about the traits, after an empty one; none where the contract has no traits."""
    facts = model.evaluation.traits
    if facts is None:
        return []
    outcome = outcome_words(model.contract)
    words = {trait.name: trait.words for trait in model.contract.traits}
    width = max(len(text) for text in words.values())
    segments = model.segmentation.segments
    head = "".join(f"{segment.id:>7}" for segment in segments)
    lines = ["", "Traits, across segments", f"  {'':<{width}}{'customers':>11}{'share':>8}{outcome.head:>8}{head}"]
    for one in facts.each:
        rate = "-" if one.purchase_rate is None else f"{one.purchase_rate:.1%}"
        shares = (one.segments[segment.id] / segment.customers for segment in segments)
        cells = "".join(f"{share:>7.0%}" for share in shares)
        lines.append(f"  {words[one.name]:<{width}}{one.customers:>11,}{one.share:>8.1%}{rate:>8}{cells}")
    lines.append(f"  {outcome.head}: {outcome.legend}; by segment: share of its customers who have the trait")
    return lines
