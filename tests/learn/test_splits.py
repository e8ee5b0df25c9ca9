"""Splits: every row once, no group divided, shares as asked; without groups, row for row what they always were."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from northstar_explain.learn import splits

SHARES = st.sampled_from([0.0, 0.1, 0.2, 1 / 3, 0.45])


@st.composite
def grouped(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Labels, and groups of very different size, named by text, in mixed order."""
    sizes = draw(st.lists(st.integers(1, 12), min_size=1, max_size=60))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    groups = np.repeat([f"h{i}" for i in range(len(sizes))], sizes)
    label = (rng.random(len(groups)) < draw(st.sampled_from([0.05, 0.18, 0.5, 1.0]))).astype(np.int8)
    return label, rng.permutation(groups)


def by_group(groups: np.ndarray, several: tuple[np.ndarray, ...]) -> list[set[str]]:
    return [set(groups[rows].tolist()) for rows in several]


@given(grouped(), SHARES, SHARES, st.integers(0, 1000))
def test_no_group_is_divided_and_shares_are_near(
    rows: tuple[np.ndarray, np.ndarray], validation: float, holdout: float, seed: int
) -> None:
    label, groups = rows
    split = splits.stratified(label, validation, holdout, seed, groups)
    assert np.array_equal(np.sort(np.concatenate(split)), np.arange(len(label)))
    assert all(np.array_equal(rows, np.sort(rows)) for rows in split)
    members = by_group(groups, split)
    assert sum(map(len, members)) == len(set(groups.tolist()))
    largest = np.unique(groups, return_counts=True)[1].max()
    for chosen, share in zip(split, (1 - validation - holdout, validation, holdout), strict=True):
        assert -2 * largest < len(chosen) - share * len(label) < largest
        assert share or not len(chosen)


@given(grouped(), SHARES, st.integers(0, 1000))
def test_the_segments_split_divides_no_group_either(
    rows: tuple[np.ndarray, np.ndarray], share: float, seed: int
) -> None:
    _, groups = rows
    several = splits.label_free(len(groups), share, seed, groups)
    assert np.array_equal(np.sort(np.concatenate(several)), np.arange(len(groups)))
    assert not set.intersection(*by_group(groups, several))
    assert abs(len(several[1]) - share * len(groups)) < np.unique(groups, return_counts=True)[1].max()


@given(grouped(), st.integers(0, 1000))
def test_no_group_fits_a_machine_and_stops_it(rows: tuple[np.ndarray, np.ndarray], seed: int) -> None:
    label, groups = rows
    bags = splits.bags(label, groups, 3, 0.15, seed)
    assert bags.shape == (len(label), 3)
    for bag in bags.T:
        assert set(bag.tolist()) <= {-1, 1}
        assert not set(groups[bag == 1].tolist()) & set(groups[bag == -1].tolist())


def many(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """2,000 groups of 1 to 9 rows, each with a purchase rate of its own."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(2000), rng.integers(1, 10, 2000))
    rate = rng.beta(0.4, 1.8, 2000)[groups]
    return (rng.random(len(groups)) < rate).astype(np.int8), groups


def test_parts_have_the_same_share_of_positives() -> None:
    label, groups = many(1)
    for seed in range(5):
        for rows in splits.stratified(label, 0.1, 0.2, seed, groups):
            assert label[rows].mean() == pytest.approx(label.mean(), abs=0.01)


def test_groups_of_one_row_are_split_as_near_as_rows_are() -> None:
    label = many(2)[0]
    split = splits.stratified(label, 0.1, 0.2, 0, np.arange(len(label)))
    assert [len(rows) for rows in split] == pytest.approx([0.7 * len(label), 0.1 * len(label), 0.2 * len(label)], abs=2)
    assert [label[rows].mean() for rows in split] == pytest.approx([label.mean()] * 3, abs=0.005)


def test_every_group_may_come_to_every_part() -> None:
    """Also groups whose purchase rate no other has, which an order by rate alone would deal the same each time."""
    groups = np.repeat(np.arange(60), 61)
    label = (np.arange(len(groups)) % 61 < groups).astype(np.int8)  # 60 rates, all different
    counts = np.zeros((60, 3))
    for seed in range(100):
        for place, rows in enumerate(splits.stratified(label, 0.25, 0.25, seed, groups)):
            counts[np.unique(groups[rows]), place] += 1
    assert counts.min() >= 5  # 25 of 100 expected


def test_the_order_of_rows_does_not_matter_to_groups() -> None:
    label, groups = many(3)
    order = np.random.default_rng(0).permutation(len(label))
    there = splits.stratified(label, 0.1, 0.2, 4, groups)
    shuffled = splits.stratified(label[order], 0.1, 0.2, 4, groups[order])
    assert by_group(groups, there) == by_group(groups[order], shuffled)


def test_without_groups_rows_are_split_as_they_always_were() -> None:
    """Models must not change for tables without groups: hashes of the splits before there were any."""
    label = (np.random.default_rng(5).random(10_001) < 0.18).astype(np.int8)
    several = (*splits.stratified(label, 0.1, 0.2, 7), *splits.label_free(len(label), 0.2, 7))
    hashed = hashlib.sha256(b"".join(rows.astype("<i8").tobytes() for rows in several)).hexdigest()
    assert hashed == "5b05dae7038764b4db3e18bcad6e96619098b64bd0a68c87c5fed001aa897b8b"
