"""The segments beside what people do instead: measured alike, and the label enters one figure only."""

from __future__ import annotations

import html
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from helpers import TINY
from hypothesis import given
from hypothesis import strategies as st

from northstar_explain.cli.alternative_table import alternative_lines
from northstar_explain.contract import Contract
from northstar_explain.contract.columns import rows_of
from northstar_explain.evaluate.alternative_groupings import Grouping, segments_grouping
from northstar_explain.evaluate.customers import Customers, customers_of
from northstar_explain.evaluate.segment_alternatives import (
    AlternativeRows,
    Alternatives,
    alternative_facts,
    rate_roc_auc,
)
from northstar_explain.learn import fit_segments
from northstar_explain.learn.behavior import explained
from northstar_explain.learn.fit_segments import LearnedSegments
from northstar_explain.learn.themes import Theme
from northstar_explain.model import Model
from northstar_explain.model.evaluation.alternative_facts import (
    ALTERNATIVE_LABELS,
    KMEANS,
    MEDIAN_GRID,
    RECENCY_FREQUENCY,
    RFV,
    SEGMENTS,
    AlternativeFacts,
)
from northstar_explain.model.evaluation.limits import stability_figure
from northstar_explain.report.memo.alternatives_table import alternatives_blocks, compared


@pytest.fixture(scope="module")
def everybody(few: pa.Table, contract: Contract) -> Customers:
    return customers_of(few, contract)


@pytest.fixture(scope="module")
def learned(everybody: Customers, contract: Contract) -> LearnedSegments:
    return fit_segments.learn(everybody.columns, contract, TINY.segments, 1, lambda stage: None)


def rows(everybody: Customers, learned: LearnedSegments, label: np.ndarray | None = None) -> AlternativeRows:
    labelled = everybody if label is None else replace(everybody, label=label)
    fit, check = (rows_of(everybody.columns, of) for of in (learned.learn, learned.check))
    return AlternativeRows(fit, check, labelled.take(learned.learn), labelled.take(learned.check))


@pytest.fixture(scope="module")
def measured(everybody: Customers, learned: LearnedSegments, contract: Contract) -> Alternatives:
    return alternative_facts(learned, contract, rows(everybody, learned), seed=1)


def by_name(facts: Alternatives) -> dict[str, AlternativeFacts]:
    return {one.name: one for one in facts.alternatives}


def test_all_are_measured_on_the_same_themes(measured: Alternatives, learned: LearnedSegments) -> None:
    assert [one.name for one in measured.alternatives] == list(ALTERNATIVE_LABELS)
    assert measured.alternatives_skipped == ()
    for one in measured.alternatives:
        assert list(one.by_theme) == [theme.name for theme in learned.themes]
        for share in (one.behavior_explained, one.behavior_explained_themes, *one.by_theme.values()):
            assert 0 <= share <= 1
        assert 0 < one.smallest_share <= 1 / one.groups
        assert 0 < one.min_jaccard <= one.mean_jaccard <= 1
        assert one.behavior_explained_themes == pytest.approx(np.mean(list(one.by_theme.values())))


def test_what_can_be_said_and_what_sql_can_run(measured: Alternatives, learned: LearnedSegments) -> None:
    facts = by_name(measured)
    rules = [len(segment.rules) for segment in learned.segmentation.segments]
    assert (facts[SEGMENTS].groups, facts[SEGMENTS].rules) == (len(rules), sum(rules))
    assert (facts[KMEANS].rules, facts[KMEANS].runs_in_sql, facts[KMEANS].said_in_a_sentence) == (None, False, False)
    # Those who never ordered are one group more.
    assert (facts[RFV].groups, facts[RFV].runs_in_sql, facts[RFV].said_in_a_sentence) == (12, True, False)
    assert (facts[RECENCY_FREQUENCY].groups, facts[RECENCY_FREQUENCY].rules) == (7, 7)
    assert (facts[MEDIAN_GRID].groups, facts[MEDIAN_GRID].said_in_a_sentence) == (4, True)


def test_the_segments_own_figures_are_those_of_the_evidence(measured: Alternatives, learned: LearnedSegments) -> None:
    ours = by_name(measured)[SEGMENTS]
    assert ours.min_jaccard == min(learned.evidence.stability.values())
    assert ours.groups == by_name(measured)[KMEANS].groups


def test_a_shuffled_label_changes_the_ranking_alone(
    measured: Alternatives, everybody: Customers, learned: LearnedSegments, contract: Contract
) -> None:
    label = np.random.default_rng(0).permutation(everybody.label)
    shuffled = alternative_facts(learned, contract, rows(everybody, learned, label), seed=1)
    assert shuffled != measured
    for one, other in zip(shuffled.alternatives, measured.alternatives, strict=True):
        assert replace(one, rate_roc_auc=0.0) == replace(other, rate_roc_auc=0.0)
        assert abs(one.rate_roc_auc - 0.5) < 0.15 < other.rate_roc_auc - 0.5


def test_a_role_that_is_absent_is_named(everybody: Customers, learned: LearnedSegments, contract: Contract) -> None:
    without = replace(
        contract,
        features=tuple(replace(one, role="" if one.role == "value" else one.role) for one in contract.features),
    )
    facts = alternative_facts(learned, without, rows(everybody, learned), seed=1)
    assert [one.name for one in facts.alternatives] == [SEGMENTS, KMEANS, RECENCY_FREQUENCY, MEDIAN_GRID]
    (skipped,) = facts.alternatives_skipped
    assert skipped.name == RFV and "role value" in skipped.reason
    none = replace(contract, features=tuple(replace(one, role="", segments=False) for one in contract.features))
    facts = alternative_facts(learned, none, rows(everybody, learned), seed=1)
    assert [one.name for one in facts.alternatives_skipped] == [RFV, RECENCY_FREQUENCY, MEDIAN_GRID]


def test_rates_are_learned_on_train_and_ranked_on_the_holdout() -> None:
    def customers(groups: list[int], label: list[int]) -> Customers:
        return Customers(pa.array([str(i) for i in range(len(label))]), {"g": np.array(groups)}, np.array(label))

    def place(columns: object) -> np.ndarray:
        return np.asarray(columns["g"])  # type: ignore[index]

    grouping = Grouping("x", "", 4, place, None, lambda sample, groups: np.ones(4))
    train = customers([0, 0, 1, 1, 2, 2], [0, 0, 0, 1, 1, 1])  # rates 0, 1/2 and 1; group 3 has that of all, 1/2
    held = customers([0, 1, 2, 3], [0, 0, 1, 1])
    # Of four pairs of a buyer and another, three are ranked right and (3, 1) is a tie.
    assert rate_roc_auc(grouping, train, held) == 3.5 / 4


def test_a_row_is_in_the_segment_whose_rule_it_matches(everybody: Customers, learned: LearnedSegments) -> None:
    groups = segments_grouping(learned).place(everybody.columns)
    for place, segment in enumerate(learned.segmentation.segments):
        matches = np.logical_or.reduce([rule.matches(everybody.columns) for rule in segment.rules])
        assert (matches == (groups == place)).all()


@given(
    cells=st.lists(
        st.tuples(
            st.floats(-9, 9), st.one_of(st.floats(-9, 9), st.just(float("nan"))), st.sampled_from([0.0, 1.0]),
            st.integers(0, 3),
        ),
        min_size=2, max_size=40,
    )
)  # fmt: skip
def test_behavior_explained_is_a_share(cells: list[tuple[float, float, float, int]]) -> None:
    values, groups = np.array([row[:3] for row in cells]), np.array([row[3] for row in cells])
    themes = (Theme("one", ("a",)), Theme("two", ("b",)))
    for of in (groups, np.zeros_like(groups), np.arange(len(groups))):
        behavior = explained(values, ["a", "a", "b"], themes, of)
        for share in (behavior.mean, behavior.themes_mean, *behavior.by_theme.values(), *behavior.by_feature.values()):
            assert -1e-9 <= share <= 1 + 1e-9
    assert explained(values, ["a", "a", "b"], themes, np.zeros_like(groups)).mean == pytest.approx(0, abs=1e-9)


def facts(name: str, explained: float, auc: float, groups: int = 4) -> AlternativeFacts:
    return AlternativeFacts(name, "how", groups, 4, True, True, explained, explained, {"t": 0.1}, 0.1, 0.8, 0.9, auc)


@pytest.mark.parametrize(
    ("ours", "other", "words"),
    [
        ((0.56, 0.80), (0.44, 0.77), "44% with 4 groups, less than the segments. As a ranking, no other"),
        ((0.40, 0.76), (0.44, 0.77), "44% with 4 groups, more than the segments. As a ranking, the rates of the named groups"),
        ((0.441, 0.77), (0.44, 0.77), "44% with 4 groups, as much as the segments. As a ranking, no other"),
    ],
)  # fmt: skip
def test_the_comparison_is_said_whoever_is_better(
    ours: tuple[float, float], other: tuple[float, float], words: str
) -> None:
    said = compared(
        [facts(SEGMENTS, *ours), facts(KMEANS, 0.59, 0.75), facts(RFV, *other), facts(MEDIAN_GRID, 0.3, 0.6)]
    )
    assert words in said
    assert "KMeans without rules 59% with 4 groups" in said


def test_the_comparison_of_segments_and_kmeans_alone_is_a_sentence() -> None:
    assert compared([facts(SEGMENTS, 0.5, 0.8), facts(KMEANS, 0.6, 0.7)]).startswith(
        "The 4 segments explain 50% of behavior, KMeans without rules 60% with 4 groups. As a ranking"
    )


def test_a_model_shows_them_in_the_terminal_and_in_the_memo(model: Model) -> None:
    segments = model.evaluation.segments
    text = "\n".join(alternative_lines(segments))
    sentence, memo, how = alternatives_blocks(segments, "customers")
    for place, one in enumerate(segments.alternatives):
        assert f"\n  {ALTERNATIVE_LABELS[one.name]}: {one.how.split()[0]}" in text
        for figure in (
            f"{one.behavior_explained:.3f}",
            f"{one.rate_roc_auc:.4f}",
            f"{stability_figure(one.min_jaccard)}, ",
        ):
            assert figure in text
        cells = [row[place + 1] for row in memo.rows]
        assert f"{one.behavior_explained:.0%}" in cells and f"{one.rate_roc_auc:.3f}" in cells
    assert all(len(line) <= 110 for line in alternative_lines(segments))
    assert sentence.text == compared(segments.alternatives)
    assert all(one.how in html.unescape(how.text) for one in segments.alternatives)
