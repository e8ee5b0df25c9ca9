"""The certificate of the segments' rules: equal to brute force over what rules may ask, missing values included."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from northstar_explain.contract import Category, parse
from northstar_explain.contract.columns import Columns
from northstar_explain.contract.conditions import NumberCondition
from northstar_explain.learn import certify_rules, clusters
from northstar_explain.learn import distill as engine
from northstar_explain.learn.certify_rules import certified
from northstar_explain.learn.distill_rules import Coded, coded, learn_rules
from northstar_explain.learn.segment_search import Material
from northstar_explain.model.evaluation.certificate_facts import NOT_RUN, RulesCertificate, certificate_words
from northstar_explain.model.learned_model import Model
from northstar_explain.model.rules import Leaf, Node, Split, assign_codes

CONTRACT = parse("""
[table]
id = "id"
label = "y"
[features.outcome]
kind = "category"
words = "the last campaign"
missing = "never called"
[features.tier]
kind = "ordered"
words = "tier"
order = ["none", "bronze", "silver", "gold"]
missing = "guest"
[features.orders]
kind = "count"
words = "orders"
missing = "unknown"
""")
BY_NAME = {feature.name: feature for feature in CONTRACT.features}
ROWS = 90


def category(values: tuple[str, ...], codes: np.ndarray) -> Category:
    return Category(codes.astype(np.int32), values)


def material(seed: int) -> Material:
    rng = np.random.default_rng(seed)
    outcome, tier = rng.integers(-1, 4, ROWS), rng.integers(-1, 4, ROWS)
    orders = rng.integers(0, 6, ROWS).astype(float)
    orders[rng.random(ROWS) < 0.2] = np.nan
    columns: Columns = {
        "outcome": category(("failure", "other", "success", "unknown"), outcome),
        "tier": category(("none", "bronze", "silver", "gold"), tier),
        "orders": orders,
    }
    # Where a value is missing matters, and of the categories not their order.
    points = np.column_stack([np.isin(outcome, [0, 2]) * 1.5, (tier + 1) % 4, np.nan_to_num(orders, nan=4.0)])
    # By seed, another feature matters most.
    points = (points + rng.normal(size=points.shape) * 0.4) * np.roll([3.0, 1.0, 0.3], seed)
    customers = coded(columns, CONTRACT.features, BY_NAME)
    return cast(Material, SimpleNamespace(points=points, columns=columns, coded=customers))


def rules_of(found: Material, k: int) -> Node:
    labels = clusters.fit(found.points, k, 0, 2).labels_
    return learn_rules(found.points, found.coded, labels, engine.Limits(k), 0, engine.Effort(0.01))[0].tree


def sides(customers: Coded) -> Iterator[np.ndarray]:
    """Every test that the distiller may ask, as which rows fit."""
    for coding, codes in zip(customers.codings, customers.codes.T, strict=True):
        known = range(coding.first, coding.bins.n_bins)
        if coding.bins.categorical:
            every = range(coding.bins.n_bins)
            yield from (np.isin(codes, some) for many in range(1, len(every)) for some in combinations(every, many))
            continue
        for cut in known:
            yield codes < cut
            if coding.first:
                yield (codes < cut) & (codes > 0)
                yield codes == 0


def brute_force(points: np.ndarray, tests: list[np.ndarray], rows: np.ndarray, leaves: int) -> float:
    best = clusters.cost(points[rows], np.zeros(int(rows.sum())))
    for test in tests if leaves > 1 else ():
        yes, no = rows & test, rows & ~test
        if yes.any() and no.any():
            for first in range(1, leaves):
                one = brute_force(points, tests, yes, first) + brute_force(points, tests, no, leaves - first)
                best = min(best, one)
    return best


@pytest.mark.parametrize(("seed", "k"), [(0, 2), (1, 2), (2, 2), (3, 3)])
def test_the_best_rules_are_those_of_brute_force(seed: int, k: int) -> None:
    found = material(seed)
    tree = rules_of(found, k)
    tests = list(np.unique(np.stack(list(sides(found.coded))), axis=0))
    best = brute_force(found.points, tests, np.ones(ROWS, dtype=bool), k)
    certificate = certified(found, tree, 0)
    names = [str(group) for group in range(k)]
    cost = clusters.cost(found.points, assign_codes(tree, found.columns, names))
    assert certificate.proven and certificate.gap == pytest.approx(cost / best - 1.0, abs=1e-8)
    assert (certificate.customers, certificate.rules) == (ROWS, k)


def test_rules_that_are_not_the_best_have_their_distance() -> None:
    found = material(0)
    certificate = certified(found, Leaf("0"), 0)
    assert certificate.gap == 0.0, "of one rule there is no better tree"
    poor = Split(NumberCondition("orders", None, 1.0), Leaf("0"), Leaf("1"))
    certificate = certified(found, poor, 0)
    assert certificate.proven and certificate.gap is not None and certificate.gap > 0.05


def test_many_customers_are_sampled_and_many_categories_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    found = material(0)
    tree = rules_of(found, 2)
    monkeypatch.setattr(certify_rules, "MOST_ROWS", 60)
    monkeypatch.setattr(certify_rules, "MOST_CATEGORIES", 4)
    certificate = certified(found, tree, 0)
    assert certificate.customers == 60
    assert "but for the categories of outcome" in certificate.reason
    assert certificate == certified(found, tree, 0)


def certificate_of(gap: float | None, proven: bool) -> RulesCertificate:
    return RulesCertificate(gap, proven, "not proven: why", 2_000, 322, 3)


def test_what_is_proven_is_said_and_no_more() -> None:
    of = "tree of 3 rules over the 322 thresholds that rules may use, on 2,000 households"
    words = {
        (0.0, True): f"proven best: no {of}, costs less",
        (0.0123, True): f"proven within 1.23% of the best {of}",
        (0.5, False): f"at most 50.0% above the best {of}; not proven: why",
        (None, False): f"nothing is proven about the best {of}; not proven: why",
    }
    for (gap, proven), expected in words.items():
        assert certificate_words(certificate_of(gap, proven), "households") == expected
    assert certificate_words(None, "households") == NOT_RUN


def test_a_model_trained_without_it_has_none(model: Model) -> None:
    assert model.evaluation.segments.certificate is None
