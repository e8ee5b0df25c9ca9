"""Hundreds of features: what is searched among is bounded, and a table with fewer is searched as before."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from sklearn.cluster import KMeans

from northstar_explain.contract import draft, parse
from northstar_explain.contract.features import Contract
from northstar_explain.evaluate import data_quality
from northstar_explain.evaluate.customers import customers_of
from northstar_explain.learn import clusters, fit_purchase_model, fit_segments, themes
from northstar_explain.learn.distill_rules import coded, telling
from northstar_explain.learn.fit_purchase_model import PurchaseModelOptions

ROWS = 600
RNG = np.random.default_rng(8)
GROUP = RNG.integers(0, 3, ROWS)


def wide(features: int) -> tuple[pa.Table, Contract]:
    """The first five columns tell the groups and the label, the others are chance."""
    columns = {f"m{i:03d}": np.round(RNG.normal(0, 1, ROWS) + 4 * GROUP * (i < 5), 2) for i in range(features)}
    label = (RNG.random(ROWS) < 0.2 + 0.25 * GROUP).astype(int)
    table = pa.table({"id": [f"c{i}" for i in range(ROWS)], **columns, "label": label})
    return table, parse(draft(table, "id", "label"))


def test_with_many_axes_clusters_are_those_of_the_whole_space() -> None:
    centres = RNG.normal(0, 0.6, (4, 150))
    points = centres[RNG.integers(0, 4, ROWS)] + RNG.normal(0, 1, (ROWS, 150))
    found, whole = clusters.fit(points, 4, 0), KMeans(4, n_init=20, random_state=0).fit(points)
    assert found.inertia_ <= whole.inertia_ * (1 + 1e-6)
    assert found.cluster_centers_.shape == (4, 150)  # in the whole space, where rows are assigned
    assert (clusters.fit(points, 4, 0).labels_ == found.labels_).all()


def test_rows_that_differ_only_in_directions_left_out_are_clustered_too() -> None:
    points = np.zeros((200, 150))
    points[:, :64] = 100.0 * np.repeat(RNG.normal(0, 1, (2, 64)), 100, axis=0)
    points[::2, 100] = 1e-3
    assert len(np.unique(clusters.fit(points, 4, 0).labels_)) == 4


@pytest.mark.parametrize("axes", [clusters.MANY_AXES, clusters.MANY_AXES + 1])
def test_a_space_of_few_axes_is_left_as_it_is(axes: int) -> None:
    points = RNG.normal(0, 1, (300, axes))
    found = clusters.main_coordinates(points)
    assert (found is points) == (axes == clusters.MANY_AXES)
    assert found.shape[1] == (axes if found is points else clusters.MAIN_AXES)


def test_rules_are_searched_among_the_features_that_tell_the_clusters() -> None:
    table, contract = wide(40)
    columns = customers_of(table, contract).columns
    customers = coded(columns, contract.segment_features, {one.name: one for one in contract.features})
    few = telling(customers, GROUP, 5)
    assert [one.feature.name for one in few.codings] == [f"m{i:03d}" for i in range(5)]  # in the contract's order
    assert (few.codes == customers.codes[:, :5]).all()
    assert telling(customers, GROUP, 40) is customers


def test_pairs_are_ranked_among_the_features_that_rank_best_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fit_purchase_model, "PAIR_FEATURES", 6)
    table, contract = wide(12)
    customers, said = customers_of(table, contract), list[str]()
    options = PurchaseModelOptions(interactions=2, outer_bags=2)
    ebm = fit_purchase_model.fit(customers.columns, customers.label, contract.model_features, options, 0, said.append)
    pairs = [term for term in ebm.term_features_ if len(term) == 2]
    assert pairs and len(ebm.exclude) == 66 - 15
    assert not set(pairs) & set(ebm.exclude)
    assert {0, 1, 2, 3, 4} <= set(range(12)) - {
        one for one in range(12) if all((one, b) in ebm.exclude for b in range(one + 1, 12))
    }
    assert "pairs are looked for among the 6 features that rank best alone" in said
    monkeypatch.setattr(fit_purchase_model, "PAIR_FEATURES", 12)
    assert (
        fit_purchase_model.fit(customers.columns, customers.label, contract.model_features, options, 0).exclude is None
    )


def test_segments_of_many_features_are_searched_on_fewer_rows_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fit_segments, "SEARCH_VALUES", 20 * 300)
    monkeypatch.setattr(fit_segments, "FEWEST_SEARCH_ROWS", 100)
    table, contract = wide(20)
    columns, said = customers_of(table, contract).columns, list[str]()
    options = fit_segments.SegmentOptions(k=3, rules=1, conditions=3, draws=2, tries=1)
    learned = fit_segments.learn(columns, contract, options, 0, said.append)
    assert len(learned.learn) == 300
    assert said[0] == "comparing customers by 20 features on 300 rows, since the features are many"
    assert sum(one.customers for one in learned.segmentation.segments) == ROWS  # measured on all


def test_a_feature_that_lacks_rows_is_ranked_over_those_it_shares() -> None:
    values = RNG.normal(0, 1, (ROWS, 3))
    values[:, 1] = values[:, 0] ** 3
    values[:100, 1] = np.nan
    likeness = themes._rank_correlations(values)
    assert likeness[0, 1] == pytest.approx(1.0)
    assert likeness[0, 2] == likeness[2, 0] < 0.2


def test_correlations_are_those_of_each_pair_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_quality, "CORRELATED", 0.0)  # every pair is reported
    table, contract = wide(6)
    columns = customers_of(table, contract).columns
    gaps = np.array(columns["m002"])
    gaps[::7] = np.nan
    columns = {**columns, "m002": gaps}
    found = data_quality.correlation_facts(columns, contract.model_features, 0)
    rows = np.sort(np.random.default_rng([0, 4]).permutation(ROWS))
    assert len(found) == 15
    for pair in found:
        first, second = columns[pair.first], columns[pair.second]
        assert isinstance(first, np.ndarray) and isinstance(second, np.ndarray)
        assert (pair.measure, pair.value) == data_quality.association(first[rows], second[rows])
