"""The segments: rules, price of explainability, and the evidence that they exist: stability and null test."""

from __future__ import annotations

from northstar_explain.model.evaluation.certificate_facts import certificate_words
from northstar_explain.model.evaluation.frontier_facts import FAULTS, ThemeFacts
from northstar_explain.model.evaluation.limits import (
    NATURAL_SILHOUETTE,
    NULL_TEST_P_VALUE,
    stability_scale,
    stability_words,
)
from northstar_explain.model.evaluation.segment_facts import SegmentFacts
from northstar_explain.model.learned_model import Model
from northstar_explain.model.wording import capital
from northstar_explain.report.audit.shapes.bin_labels import percent
from northstar_explain.report.document.blocks import Block, Chapter, ChapterBuilder, Code, Facts, Text, table
from northstar_explain.report.document.numbers import signed
from northstar_explain.report.statements import natural_groups

_LONGEST_SQL = 120  # lines, about two pages
_FEW_LINES = 20  # if no more are left over, they are printed, too


def segments(model: Model, sql: str) -> Chapter:
    """Rules and evidence."""
    page = ChapterBuilder()
    facts = model.evaluation.segments
    page.paragraphs(
        f"{facts.k} segments, defined by {facts.rules} rules of at most {facts.max_conditions} conditions. The rule is "
        "the segment: every figure below is measured on the rules.",
        style="lead",
    )
    rows = [
        (one.id, one.name, one.definition, f"{one.customers:,}", percent(one.share))
        for one in model.segmentation.segments
    ]
    heads = ("Id", "Name", "Rule", capital(model.contract.noun), "Share")
    page.add(table(heads, rows, words=3, widths=(6, 24, 46, 13, 11), alt_text="Segments"))
    page.section("Agreement of the rules with the clusters", _agreement(model))
    page.section("Evidence", Facts(_evidence(model)))
    page.section("Outcomes in the holdout", _outcomes(model))
    page.section("Numbers of segments compared", _frontier(facts))
    page.section("As SQL, for DuckDB", *_sql(sql))
    return page.chapter("segments", "Segments", flows=True)


def _agreement(model: Model) -> Block:
    # Precision and recall compare rules with KMeans; stability compares rules with those found on resamples.
    facts = model.evaluation.segments
    border = facts.borderline
    rows = []
    for one in model.segmentation.segments:
        stability = facts.stability.get(one.id)
        rows.append(
            (
                one.id,
                f"{one.precision:.3f}",
                f"{one.recall:.3f}",
                "–" if stability is None else f"{stability:.3f}",
                "–" if stability is None else stability_words(stability),
                percent(border[one.id].share if one.id in border else None),
            )
        )
    heads = ("Segment", "Precision", "Recall", "Stability", "In words", "Close to a border")
    return table(heads, rows, widths=(16, 15, 15, 15, 22, 17), alt_text="Agreement with the clusters and stability")


def _evidence(model: Model) -> tuple[tuple[str, str], ...]:
    facts, noun = model.evaluation.segments, model.contract.noun
    null = facts.null_test
    return (
        ("Price of explainability", f"{facts.price_of_explainability:.4f}: k-means cost of the rules divided by that "
                                    "of KMeans; 1 is no cost"),
        ("Fidelity", f"{percent(facts.fidelity)} of {facts.fidelity_n:,} {noun} not used to fit the rules are in "
                     "the same cluster"),
        ("Cost of round thresholds", f"{signed(facts.rounding_cost, 4)} of that price"),
        ("Certificate", certificate_words(facts.certificate, noun)),
        ("Why this number", facts.choice),
        ("Behavior explained", f"{facts.behavior.mean:.3f} of the variance of a feature, on average over "
         f"{sum(len(theme.features) for theme in facts.themes)} features, on {noun} not used to learn the segments; "
         f"{percent(facts.behavior.of_kmeans)} of what as many KMeans clusters explain"),
        (f"{capital(noun)} are compared by", "; ".join(_theme(model, theme, facts) for theme in facts.themes)),
        ("Silhouette of KMeans", f"{facts.silhouette:.3f}"),
        (
            "Null test",
            f"silhouette {null.silhouette:.3f} on a sample; on {null.copies} copies with shuffled columns, mean "
            f"{null.null_mean:.3f}, highest {null.null_max:.3f}; p = {null.p_value:.3f}. {natural_groups(null)}. "
            f"Groups are called natural if p is at most {NULL_TEST_P_VALUE} and the silhouette at least "
            f"{NATURAL_SILHOUETTE} (Kaufman and Rousseeuw 1990)",
        ),
        ("Stability", f"bootstrap Jaccard; {stability_scale()}"),
    )  # fmt: skip


def _outcomes(model: Model) -> Block:
    outcomes = model.evaluation.segments.holdout_outcomes
    rows = [
        (id, f"{one.n:,}", percent(one.purchase_rate), percent(one.predicted_rate), percent(one.share_of_buyers))
        for id, one in outcomes.items()
    ]
    heads = ("Segment", capital(model.contract.noun), "Actual", "Predicted", "Share of all outcomes")
    return table(heads, rows, alt_text="Outcomes by segment")


def _theme(model: Model, theme: ThemeFacts, facts: SegmentFacts) -> str:
    features = ", ".join(model.contract[name].words for name in theme.features)
    share = f"{facts.behavior.by_theme[theme.name]:.2f} explained"
    return f"{features} ({share})" if theme.name in features else f"{theme.name}: {features} ({share})"


def _frontier(facts: SegmentFacts) -> Block:
    rows = [
        (
            str(one.k),
            f"{one.behavior.mean:.3f}" if one.behavior else "–",
            percent(one.behavior.of_kmeans) if one.behavior else "–",
            str(one.rules),
            percent(one.smallest_share),
            f"{one.difference:.2f}",
            "not measured" if one.min_jaccard is None else f"{one.min_jaccard:.3f}",
            "yes" if one.eligible else "; ".join(FAULTS[fault] for fault in one.faults) or "not needed",
        )
        for one in facts.frontier
    ]
    heads = ("Segments", "Explained", "Of KMeans", "Rules", "Smallest", "Difference", "Lowest stability", "Eligible")
    widths = (10, 11, 10, 8, 10, 12, 13, 26)
    return table(heads, rows, last_words=1, widths=widths, alt_text="Numbers of segments")


def _sql(sql: str) -> tuple[Block, ...]:
    lines = [line for line in sql.rstrip().split("\n") if not line.startswith("--")]  # comments repeat the rules
    # Nobody should have to open a file for the last few lines of a statement.
    if len(lines) <= _LONGEST_SQL + _FEW_LINES:
        return (Code("\n".join(lines), "long"), Text("The same statement is in sql/segments.sql.", "fine"))
    more = f"The first {_LONGEST_SQL} of {len(lines)} lines; all are in sql/segments.sql."
    return (Code("\n".join(lines[:_LONGEST_SQL]), "long"), Text(more, "fine"))
