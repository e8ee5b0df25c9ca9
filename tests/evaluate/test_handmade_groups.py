"""Groups that people make by hand: every one a partition, worked by hand on a few customers."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from northstar_explain.evaluate.handmade_groups import (
    PAIRED_FEATURES,
    RFV_GROUPS,
    best_pair,
    median_grid,
    recency_frequency_groups,
    rfv_groups,
)
from northstar_explain.evaluate.score_cells import Cuts, ScoreCells, fewest_boxes, median_cut, quantile_cuts, table_of

NAMES = list(RFV_GROUPS)
NAN = float("nan")
# Counts with many zeros and ties, and values that may be missing: what customer tables hold.
ROWS = st.lists(
    st.tuples(
        st.one_of(st.integers(0, 366).map(float), st.just(NAN)),
        st.one_of(st.sampled_from([0.0, 0.0, 1.0, 1.0, 2.0, 9.0]), st.just(NAN)),
        st.one_of(st.floats(-5, 1e6), st.just(NAN)),
    ),
    min_size=1,
    max_size=60,
)


def columns(rows: list[tuple[float, float, float]]) -> dict[str, np.ndarray]:
    return dict(zip(("r", "f", "v"), np.array(rows, dtype=float).T.copy(), strict=True))


def test_each_combination_of_scores_is_in_one_of_eleven_groups() -> None:
    codes = [code for group in RFV_GROUPS.values() for code in group.split()]
    assert sorted(codes) == ["".join(code) for code in itertools.product("12345", repeat=3)]
    assert len(NAMES) == 11


@pytest.mark.parametrize(("groups", "message"), [(["111 111"], "in two groups"), (["111"], "124 combinations")])
def test_a_table_that_is_no_partition_is_refused(groups: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        table_of(groups)


def test_quintiles_of_five_buyers_by_hand() -> None:
    # Five buyers, so that each has a score of its own, and two who never ordered.
    table = columns([(10, 9, 900), (20, 7, 700), (40, 5, 20), (80, 2, 50), (300, 1, 400), (366, 0, 0), (366, NAN, 0)])
    cells = rfv_groups(table, "r", "f", "v")
    recency, frequency, value = (cut.scores(table)[:5] + 1 for cut in cells.cuts)
    assert recency.tolist() == [5, 4, 3, 2, 1]
    assert frequency.tolist() == [5, 4, 3, 2, 1]
    assert value.tolist() == [5, 4, 1, 2, 3]
    groups = cells.place(table)
    assert [NAMES[group] for group in groups[:5]] == [
        "champions", "loyal", "about to sleep", "hibernating", "cannot lose",
    ]  # fmt: skip
    assert groups[5:].tolist() == [11, 11] and cells.k == 12


def test_equal_values_share_a_score_and_missing_ones_get_the_lowest() -> None:
    # Of ten customers, six ordered once: they are beyond none of the cuts, and scores 2 and 3 stay empty.
    table = {"f": np.array([1, 1, 1, 1, 1, 1, 2, 2, 3, 8, NAN])}
    cuts = quantile_cuts("f", table, 5)
    assert cuts.values == (1, 1, 1, 2)
    assert cuts.scores(table).tolist() == [0, 0, 0, 0, 0, 0, 3, 3, 4, 4, 0]
    late = quantile_cuts("f", table, 5, low_is_best=True).scores(table)
    assert late.tolist() == [4, 4, 4, 4, 4, 4, 1, 1, 0, 0, 0]


def test_thirds_by_halves_by_hand() -> None:
    table = columns([(10, 1, 0), (20, 3, 0), (30, 1, 0), (40, 3, 0), (50, 1, 0), (60, 3, 0), (366, 0, 0)])
    cells = recency_frequency_groups(table, "r", "f")
    assert cells.place(table).tolist() == [4, 5, 2, 3, 0, 1, 6]
    assert cells.rules() == [1] * 7


def test_where_everybody_has_bought_nobody_is_apart() -> None:
    table = columns([(10, 1, 5), (20, 3, 6), (30, 1, 7)])
    assert rfv_groups(table, "r", "f", "v").k == 11
    assert recency_frequency_groups(table, "r", "f").k == 6


@pytest.mark.parametrize(
    ("values", "cut"),
    [
        ([1, 2, 3, 4], 2),  # two on either side
        ([0, 0, 0, 5, 7], 0),  # zeros, and all others
        ([1, 2, 9, 9, 9], 2),  # above 9 is nobody: cut below
        ([4, 4, 4], 4),  # one value: no second half
        ([NAN, 1, 2], 1),
    ],
)
def test_a_median_cut_is_as_even_as_it_can_be(values: list[float], cut: float) -> None:
    assert median_cut("x", {"x": np.array(values, dtype=float)}).values == (cut,)


def test_the_pair_that_explains_most_is_found() -> None:
    rng = np.random.default_rng(0)
    table = {name: rng.normal(size=200) for name in "abcd"}
    hidden = 2 * (table["b"] > np.quantile(table["b"], 0.5, method="inverted_cdf")) + (
        table["d"] > np.quantile(table["d"], 0.5, method="inverted_cdf")
    )
    assert best_pair(table, list("abcd"), lambda groups: float((groups == hidden).mean())) == ("b", "d")
    assert best_pair(table, list("abcd"), lambda groups: 1.0) == ("a", "b")


def test_of_many_features_pairs_are_sought_among_those_that_explain_most_alone() -> None:
    rng = np.random.default_rng(0)
    names = [f"f{place:03d}" for place in range(PAIRED_FEATURES + 20)]
    table = {name: rng.normal(size=200) for name in names}
    halves = {name: table[name] > np.quantile(table[name], 0.5, method="inverted_cdf") for name in names}
    hidden, asked = 2 * halves["f050"] + halves["f057"], list[np.ndarray]()

    def explained(groups: np.ndarray) -> float:
        asked.append(groups)
        return float(np.mean((groups >= 2) == (hidden >= 2)) + np.mean((groups % 2) == (hidden % 2)))

    found = best_pair(table, names, explained)
    assert found == ("f050", "f057")
    assert len(asked) == len(names) + PAIRED_FEATURES * (PAIRED_FEATURES - 1) // 2


def test_boxes_count_the_rules_of_a_group() -> None:
    cells = np.zeros((5, 5), dtype=bool)
    assert fewest_boxes(cells) == 0
    cells[1:4, 2] = True
    assert fewest_boxes(cells) == 1
    cells[1, 2:5] = True  # an L is two
    assert fewest_boxes(cells) == 2
    assert fewest_boxes(np.eye(4, dtype=bool)) == 4


def test_the_named_groups_are_no_sentences() -> None:
    cells = ScoreCells(tuple(Cuts(name, (1, 2, 3, 4)) for name in "rfv"), table_of(list(RFV_GROUPS.values())))
    assert min(cells.rules()) >= 2 and max(cells.rules()) > 4


@given(learned=ROWS, placed=ROWS)
def test_every_grouping_is_a_partition_of_any_rows(
    learned: list[tuple[float, float, float]], placed: list[tuple[float, float, float]]
) -> None:
    fit, other = columns(learned), columns(placed)
    for cells in (
        rfv_groups(fit, "r", "f", "v"),
        recency_frequency_groups(fit, "r", "f"),
        median_grid(fit, ("f", "v")),
    ):
        groups = cells.place(other)
        assert groups.shape == (len(placed),)
        assert groups.dtype.kind == "i" and groups.min() >= 0 and groups.max() < cells.k == len(cells.rules())
        # A row's group depends on nothing but the row.
        alone = np.array(
            [cells.place({name: column[[i]] for name, column in other.items()})[0] for i in range(len(placed))]
        )
        assert (groups == alone).all()


@given(learned=ROWS, rows=ROWS)
def test_better_values_never_get_a_lower_score(
    learned: list[tuple[float, float, float]], rows: list[tuple[float, float, float]]
) -> None:
    fit, other = columns(learned), columns(rows)
    for name, sign in (("r", -1), ("f", 1)):
        cuts = quantile_cuts(name, fit, 5, low_is_best=sign < 0)
        known = np.sort(sign * other[name][~np.isnan(other[name])])
        scores = cuts.scores({name: sign * known})
        assert (np.diff(scores) >= 0).all()
        assert ((scores >= 0) & (scores <= 4)).all()
