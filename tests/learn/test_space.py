"""The space and its themes: what is missing, undefined or far out, and what moves together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from northstar_explain.contract.categories import Category
from northstar_explain.contract.columns import Columns
from northstar_explain.contract.load import parse
from northstar_explain.learn.behavior import explained, least_difference
from northstar_explain.learn.space import learn_space
from northstar_explain.learn.themes import Theme, find_themes, theme_weights

CONTRACT = parse("""
[table]
id = "id"
label = "y"
[features.orders]
kind = "count"
words = "orders"
[features.spend]
kind = "amount"
words = "spend"
[features.basket]
kind = "amount"
words = "basket"
defined_when = "orders > 0"
[features.opened]
kind = "rate"
words = "opened"
missing = "unknown"
[features.channel]
kind = "category"
words = "channel"
segments = true
""")
N = 600


def customers(seed: int = 0) -> dict[str, np.ndarray | Category]:
    rng = np.random.default_rng(seed)
    orders = np.maximum(0, rng.poisson(2, N) - 1).astype(np.float64)
    basket = np.where(orders > 0, rng.lognormal(3, 0.5, N), 0.0)
    opened = np.where(rng.random(N) < 0.1, np.nan, rng.random(N))
    channel = Category(rng.integers(0, 3, N).astype(np.int32), ("app", "shop", "web"))
    spend = orders * np.maximum(basket, 20)
    return {"orders": orders, "spend": spend, "basket": basket, "opened": opened, "channel": channel}


def test_what_is_missing_or_undefined_lies_at_the_mean_of_the_others() -> None:
    columns = customers()
    space = learn_space(columns, CONTRACT.features)
    values, points = space.values(columns), space.place(columns)
    basket, opened = space.owner.index("basket"), space.owner.index("opened")
    none = np.asarray(columns["orders"]) == 0
    assert np.isnan(values[none, basket]).all() and (points[none, basket] == 0).all()
    assert np.isnan(values[np.isnan(np.asarray(columns["opened"])), opened]).all()
    for place in (basket, opened):
        known = values[~np.isnan(values[:, place]), place]
        assert known.mean() == pytest.approx(0, abs=1e-9)
        assert known.std() == pytest.approx(1)


@given(st.floats(0, 1e6))
def test_the_value_of_what_is_undefined_changes_nothing(filler: float) -> None:
    columns = customers()
    none = np.asarray(columns["orders"]) == 0
    other = {**columns, "basket": np.where(none, filler, np.asarray(columns["basket"]))}
    first, second = (learn_space(one, CONTRACT.features) for one in (columns, other))
    assert first == second
    assert np.array_equal(first.place(columns), second.place(other))


def test_a_currency_changes_nothing() -> None:
    columns = customers()
    yen = {name: np.asarray(columns[name]) * 150 if name in ("spend", "basket") else columns[name] for name in columns}
    first, second = (learn_space(one, CONTRACT.features).place(one) for one in (columns, yen))
    assert np.allclose(first, second)


def test_an_outlier_lies_at_the_edge_of_the_others() -> None:
    columns = customers()
    columns["spend"] = np.concatenate([[1e9], np.asarray(columns["spend"])[1:]])
    points = learn_space(columns, CONTRACT.features).place(columns)
    assert np.abs(points).max() < 6


def test_the_categories_of_a_feature_count_as_one_column() -> None:
    columns = customers()
    space = learn_space(columns, CONTRACT.features)
    mine = [place for place, name in enumerate(space.owner) if name == "channel"]
    assert len(mine) == 3
    assert space.place(columns)[:, mine].var(axis=0).sum() == pytest.approx(1)


def test_a_category_of_many_values_is_left_out() -> None:
    columns = customers()
    columns["channel"] = Category(np.arange(N, dtype=np.int32) % 9, tuple("abcdefghi"))
    assert "channel" not in learn_space(columns, CONTRACT.features).owner


def test_features_that_move_together_are_a_theme() -> None:
    columns = customers()
    space = learn_space(columns, CONTRACT.features)
    themes = find_themes(space.values(columns), space.owner, CONTRACT.features)
    assert [theme.features for theme in themes] == [("orders", "spend"), ("basket",), ("opened",), ("channel",)]
    assert themes[1].name == "basket"
    weights = theme_weights(themes, 1.0)
    assert weights["orders"] ** 2 + weights["spend"] ** 2 == pytest.approx(weights["opened"] ** 2)
    assert set(theme_weights(themes, 0.0).values()) == {1.0}


def test_the_contract_may_name_a_theme() -> None:
    text = CONTRACT.text.replace('words = "basket"', 'words = "basket"\ntheme = "money"')
    contract = parse(text.replace('words = "opened"', 'words = "opened"\ntheme = "money"'))
    columns = customers()
    space = learn_space(columns, contract.features)
    themes = find_themes(space.values(columns), space.owner, contract.features)
    assert Theme("money", ("basket", "opened")) in themes


def test_behavior_explained_by_hand() -> None:
    values = np.array([[0.0, 1.0], [2.0, np.nan], [4.0, 1.0], [6.0, 3.0]])
    themes = (Theme("a", ("a",)), Theme("b", ("b",)))
    found = explained(values, ("a", "b"), themes, np.array([0, 0, 1, 1]))
    # a: means 1 and 5 about 3, 16 of 20; b among three rows: 1 and 2, 2 about 5/3, 2/3 of 8/3.
    assert found.by_feature == pytest.approx({"a": 0.8, "b": 0.25})
    assert found.mean == found.themes_mean == pytest.approx(0.525)


@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_behavior_explained_is_a_share_whatever_the_groups_are_called(seed: int, count: int) -> None:
    columns: Columns = customers()
    space = learn_space(columns, CONTRACT.features)
    values = space.values(columns)
    themes = find_themes(values, space.owner, CONTRACT.features)
    codes = np.random.default_rng(seed).integers(0, count, N)
    found = explained(values, space.owner, themes, codes)
    assert all(0 <= share <= 1 for share in found.by_feature.values())
    other = explained(values, space.owner, themes, (codes + 3) % count)
    assert other.by_feature == pytest.approx(found.by_feature)


def test_a_theme_that_applies_to_nobody_tells_no_groups_apart() -> None:
    values = np.array([[0.0, np.nan], [0.1, np.nan], [0.0, 5.0], [0.1, 6.0]])
    themes = (Theme("a", ("a",)), Theme("b", ("b",)))
    assert least_difference(values, ("a", "b"), themes, np.array([0, 0, 1, 1])) == pytest.approx(0)
    apart = np.array([[0.0, 1.0], [0.0, 1.0], [1.0, 1.0], [1.0, 1.0]])
    assert least_difference(apart, ("a", "b"), themes, np.array([0, 0, 1, 1])) == pytest.approx(2)
