"""The facts of the segments for a terminal: sizes, evidence, curve, and changes since the earlier model."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping

from northstar_explain.cli.alternative_table import alternative_lines
from northstar_explain.cli.outcome_words import outcome_words
from northstar_explain.model.evaluation.certificate_facts import certificate_words
from northstar_explain.model.evaluation.frontier_facts import FAULTS
from northstar_explain.model.evaluation.limits import PRICE_DROP_WORTH_A_RULE, stability_figure, stability_scale
from northstar_explain.model.evaluation.segment_facts import SegmentFacts
from northstar_explain.model.learned_model import Model

WIDTH = 110


def segment_lines(model: Model) -> list[str]:
    """The lines of `explain show` about the segments."""
    facts = model.evaluation.segments
    return [
        *_sizes(model, facts),
        "",
        *_evidence(facts),
        "",
        *_frontier(facts),
        "",
        *_curve(facts),
        "",
        *alternative_lines(facts),
        *_update(model, facts),
    ]


def _sizes(model: Model, facts: SegmentFacts) -> list[str]:
    words = outcome_words(model.contract)
    lines = [
        f"Segments: {facts.k}, by {facts.rules} rules of at most {facts.max_conditions} conditions",
        f"  {'price of explainability':<26}{facts.price_of_explainability:.4f}  "
        f"(rounding the thresholds: {facts.rounding_cost:+.4f})",
        f"  {'fidelity':<26}{facts.fidelity:.4f}  (on {facts.fidelity_n:,} rows not used to learn the rules)",
        *textwrap.wrap(
            certificate_words(facts.certificate, model.contract.noun),
            WIDTH,
            initial_indent=f"  {'certificate':<26}",
            subsequent_indent=" " * 28,
        ),
        "",
        f"  {'id':<4}{'customers':>10}{'share':>8}{words.head:>8}{'border':>8}{'stable':>8}  name",
    ]
    for segment in model.segmentation.segments:
        outcome = facts.holdout_outcomes.get(segment.id)
        rate = f"{outcome.purchase_rate:.1%}" if outcome else "-"
        border, stable = facts.borderline[segment.id].share, stability_figure(facts.stability[segment.id])
        lines.append(
            f"  {segment.id:<4}{segment.customers:>10,}{segment.share:>8.1%}{rate:>8}{border:>8.1%}{stable:>8}"
            f"  {segment.name}"
        )
        lines += textwrap.wrap(segment.definition, WIDTH, initial_indent=" " * 50, subsequent_indent=" " * 50)
    if model.names.given:
        lines.append(f"  names given by people: {', '.join(model.names.given)} (names.toml)")
    lines.append(f"  {words.head}: {words.legend}; border: share one ordinary step{words.step} from another segment;")
    lines.append(f"  stable: bootstrap Jaccard, {stability_scale()}")
    return lines


def _evidence(facts: SegmentFacts) -> list[str]:
    null = facts.null_test
    kind = "natural clusters" if null.natural_clusters else "useful slices of a continuum"
    features = sum(len(theme.features) for theme in facts.themes)
    behavior = facts.behavior
    return [
        *textwrap.wrap(facts.choice, WIDTH),
        f"Behavior explained {behavior.mean:.3f} of {features} features, {behavior.of_kmeans:.0%} of KMeans without "
        f"rules; with columns shuffled {behavior.shuffled:.3f}",
        *(f"  {theme.name:<38.38}{behavior.by_theme[theme.name]:>6.2f}  {', '.join(theme.features)}"[: WIDTH + 8]
          for theme in facts.themes),
        f"  {kind}: silhouette {null.silhouette:.3f}; with columns shuffled {null.null_mean:.3f} on average, "
        f"{null.null_max:.3f} at most (p {null.p_value:.3f}, {null.copies} copies)",
    ]  # fmt: skip


def _frontier(facts: SegmentFacts) -> list[str]:
    names = ("k", "explained", "of KMeans", "rules", "smallest", "difference", "jaccard", "across")
    lines = ["Numbers of segments tried", _row(names)]
    for one in facts.frontier:
        mark = "  eligible" if one.eligible else "".join(f"  {FAULTS[fault]}" for fault in one.faults)
        mark += "  <- chosen" if one.k == facts.k else ""
        jaccard = "-" if one.min_jaccard is None else stability_figure(one.min_jaccard)
        across = "-" if one.min_across is None else f"{one.min_across:.2f}"
        explained = (f"{one.behavior.mean:.3f}", f"{one.behavior.of_kmeans:.1%}") if one.behavior else ("-", "-")
        figures = (f"{one.rules}", f"{one.smallest_share:.1%}", f"{one.difference:.2f}", jaccard, across)
        lines.append(_row((f"{one.k}", *explained, *figures)) + mark)
    return [*lines, "  jaccard: of the least stable segment, measured where the choice depended on it"]


def _curve(facts: SegmentFacts) -> list[str]:
    lines = ["Price and fidelity of more rules", _row(("rules", "price", "fidelity", "conditions"))]
    for one in facts.curve:
        knee = "  <- knee" if one.max_rules == facts.knee else ""
        cells = (
            f"{one.max_rules}",
            f"{one.price_of_explainability:.3f}",
            f"{one.fidelity:.3f}",
            f"{one.mean_conditions:.1f}",
        )
        lines.append(_row(cells) + knee)
    return [
        *lines,
        f"  knee: from here on, one more rule per segment lowers the price by less than {PRICE_DROP_WORTH_A_RULE}",
    ]


def _row(cells: Iterable[str]) -> str:
    return "  " + "".join(f"{cell:>11}" for cell in cells)


def _update(model: Model, facts: SegmentFacts) -> list[str]:
    update = facts.update
    if update is None:
        return []
    total = update.customers
    # Matched segments are shown with the names that people gave them since.
    called = {segment.id: segment.name for segment in model.segmentation.segments}
    lines = ["", f"Since model {update.previous_model_id} of {update.previous_date}"]
    for one in update.matched:
        sizes = f"{one.customers_before:,} by the old rules, {one.customers_now:,} by the new"
        lines.append(f"  kept     {one.id:<4}{called[one.id]}: {sizes}, Jaccard {stability_figure(one.jaccard)}")
    lines += [f"  retired  {one.id:<4}{one.name}: now in {_counts(one.went_to)}" for one in update.retired]
    lines += [f"  new      {one.id:<4}{called[one.id]}: were in {_counts(one.came_from)}" for one in update.added]
    lines.append(f"  moved because the model changed: {_share(update.moved_by_model, total)} of {total:,} customers")
    since = update.since_scores
    if since is None:
        return [*lines, "  moved because the customer changed: not known without the last scores (--since)"]
    counted = since.customers
    return [
        *lines,
        f"  of {counted:,} who were scored before ({since.new:,} are new, {since.gone:,} are gone):",
        f"    moved because the customer changed: {_share(since.moved_by_customer, counted)}",
        f"    moved because the model changed: {_share(since.moved_by_model, counted)}",
        f"    both: {since.moved_by_both:,}, of whom {since.moved_back:,} are in the segment where they were",
    ]


def _share(count: int, total: int) -> str:
    return f"{count:,} ({count / max(1, total):.1%})"


def _counts(customers: Mapping[str, int]) -> str:
    ranked = sorted(customers.items(), key=lambda item: -item[1])
    return ", ".join(f"{id} {count:,}" for id, count in ranked) or "none"
