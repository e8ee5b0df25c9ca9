"""The same simulated people month after month: what stays, what follows from what, and what a contact changes."""

from __future__ import annotations

import hashlib
import itertools
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from helpers import explain, plain

from northstar_explain import api, tables
from northstar_explain.api.first_table import Simulation
from northstar_explain.errors import TableError
from northstar_explain.model.campaign.audience import Audience
from northstar_explain.simulate import SNAPSHOT, Campaign, date_of, monthly, simulate
from northstar_explain.simulate.crowd import Wave
from northstar_explain.simulate.responses import LOST_CAUSE, PERSUADABLE, PUT_OFF, SURE_THING

N, SEED, MONTHS = 3_000, 7, 4
# Of `explain simulate` before there were months: the table of 500 customers of seed 7 and its truth, as CSV.
FIRST = (
    "d0a1470aa08d91114234c8ed4cd8a6d99a13f798dd0ad9d2aae833734bb81da4",
    "df9d39e443d4fa697cd1e2cb3049b121921aa6d3de436559be341e616b61584f",
)
HIDDEN = {"true_probability", "if_not_contacted", "if_contacted", "if_contacted_with_voucher", "response",
          "contacted", "true_effect"}  # fmt: skip


def shop(n: int = N, seed: int = SEED, months: int = MONTHS, campaign: Campaign | None = None) -> list[Simulation]:
    waves = list(monthly(n, seed, months, campaign))
    return [
        Simulation(*(pa.Table.from_batches(one) for one in zip(*month, strict=True)))
        for month in zip(*waves, strict=True)
    ]


@pytest.fixture(scope="module")
def months() -> list[Simulation]:
    return shop()


def column(table: pa.Table, name: str) -> dict[str, object]:
    """Customer to value."""
    return dict(zip(table["customer_id"].to_pylist(), table[name].to_pylist(), strict=True))


def audience_of(table: pa.Table, treated: np.ndarray, voucher: float = 0.0) -> Audience:
    n = table.num_rows
    text = np.array(["S1"] * n)
    return Audience(
        table["customer_id"].combine_chunks(), text, np.full(n, 5), np.full(n, 0.5), text, treated,
        np.full(n, voucher), text,
    )  # fmt: skip


def test_first_month_is_the_table_of_one_month(months: list[Simulation]) -> None:
    table, truth = simulate(N, SEED)
    assert months[0].customers.equals(table)
    assert months[0].truth.select(truth.column_names).equals(truth)


def test_table_of_one_month_is_what_it_always_was() -> None:
    assert tuple(hashlib.sha256(tables.csv_bytes(table)).hexdigest() for table in simulate(500, 7)) == FIRST


def test_months_have_the_same_columns_and_nothing_hidden(months: list[Simulation]) -> None:
    for month in months:
        assert month.customers.schema == months[0].customers.schema
        assert not HIDDEN & set(month.customers.column_names)
        assert month.truth["customer_id"].equals(month.customers["customer_id"])


def test_people_live_on(months: list[Simulation]) -> None:
    for earlier, later in itertools.pairwise(months):
        then, now = (set(month.customers["customer_id"].to_pylist()) for month in (earlier, later))
        assert len(then) == earlier.customers.num_rows
        assert 0.9 * len(then) < len(then & now) < len(then)  # some leave
        assert now - then  # others arrive
        for name in ("country", "device_type", "age_band", "acquisition_channel"):
            before, after = column(earlier.customers, name), column(later.customers, name)
            assert all(before[id] == after[id] for id in then & now), name
        before, after = (column(month.customers, "account_age_days") for month in (earlier, later))
        assert all(after[id] == before[id] + 30 for id in then & now if before[id] is not None)  # type: ignore[operator]


def test_label_is_what_the_next_month_shows(months: list[Simulation]) -> None:
    for earlier, later in itertools.pairwise(months):
        label = column(earlier.customers, "purchased_next_30d")
        last_order = column(later.customers, "days_since_last_order")
        both = label.keys() & last_order.keys()
        assert all((label[id] == 1) == (last_order[id] <= 30) for id in both)  # type: ignore[operator]
        # Who is no longer in the table visited last a year ago, so did not buy since.
        assert not any(label[id] for id in label.keys() - both)


def test_windows_of_three_months_add_up(months: list[Simulation]) -> None:
    thirds = [column(month.customers, "sessions_30d") for month in months[1:4]]
    ninety = column(months[3].customers, "sessions_90d")
    together = [id for id in ninety if all(id in third for third in thirds)]
    assert len(together) > 0.8 * N
    assert all(sum(third[id] for third in thirds) == ninety[id] for id in together)  # type: ignore[misc]


def test_orders_of_a_customer_keep_their_amount(months: list[Simulation]) -> None:
    """Without an order in 30 days and none that became a year old, spend and order value stay as they were."""
    first, second = (months[i].customers for i in (0, 1))
    spend, number = column(first, "spend_365d"), column(first, "orders_365d")
    later_number, last = column(second, "orders_365d"), column(second, "days_since_last_order")
    same = [id for id in later_number if number.get(id) == later_number[id] and last[id] > 30 and number[id]]  # type: ignore[operator]
    later_spend = column(second, "spend_365d")
    assert len(same) > 500
    assert all(abs(later_spend[id] - spend[id]) < 0.011 for id in same)  # type: ignore[operator]


def test_shop_stays_itself(months: list[Simulation]) -> None:
    """Levels that have no reason to change do not, within wide bands: a wrong window would show at once."""
    bands = {"sessions_30d": 0.15, "email_open_rate": 0.05, "email_click_rate": 0.1, "add_to_cart_rate": 0.1,
             "pages_per_visit": 0.05, "spend_365d": 0.15, "return_rate": 0.2, "categories_viewed_90d": 0.1}  # fmt: skip
    for name, band in bands.items():
        means = [np.nanmean(month.customers[name].to_numpy()) for month in months]
        assert max(means) / min(means) < 1 + band, (name, means)


def test_truth_is_calibrated_every_month() -> None:
    for month in shop(9_000, seed=3, months=3):
        label = month.customers["purchased_next_30d"].to_numpy()
        probability = month.truth["true_probability"].to_numpy()
        for rows in np.array_split(np.argsort(probability, kind="stable"), 5):
            error = np.sqrt((probability[rows] * (1 - probability[rows])).sum())
            assert abs(label[rows].sum() - probability[rows].sum()) < 4 * error + 1


def test_identifiers_never_repeat_and_smaller_shops_are_contained(months: list[Simulation]) -> None:
    for small, large in zip(shop(500), months, strict=True):
        ids = small.customers["customer_id"].to_pylist()
        assert len(set(ids)) == len(ids)
        values = column(large.customers, "spend_365d")
        assert all(values[id] == spend for id, spend in column(small.customers, "spend_365d").items())


def test_same_seed_same_months() -> None:
    assert all(
        one.customers.equals(other.customers) and one.truth.equals(other.truth)
        for one, other in zip(shop(300, months=2), shop(300, months=2), strict=True)
    )


def test_everybody_responds_in_one_of_four_ways(months: list[Simulation]) -> None:
    truth = months[0].truth
    names, alone = truth["response"].to_numpy(zero_copy_only=False), truth["if_not_contacted"].to_numpy()
    contacted, voucher = truth["if_contacted"].to_numpy(), truth["if_contacted_with_voucher"].to_numpy()
    assert set(names) == {PERSUADABLE, SURE_THING, LOST_CAUSE, PUT_OFF}
    assert (contacted > alone)[names == PERSUADABLE].all()
    assert (voucher > contacted)[names == PERSUADABLE].all()
    assert (contacted <= alone)[names == PUT_OFF].all()
    for name in (SURE_THING, LOST_CAUSE):
        np.testing.assert_allclose(voucher[names == name], alone[names == name], atol=1e-12)
    assert alone[names == SURE_THING].min() >= 0.5 > alone[names == LOST_CAUSE].max()
    for values in (contacted, voucher):
        assert values.min() >= 0
        assert values.max() <= 1


def test_likely_buyers_are_not_the_persuadable_ones() -> None:
    truth = simulate_truth(9_000)
    alone = truth["if_not_contacted"].to_numpy()
    effect = truth["if_contacted"].to_numpy() - alone
    top = alone >= np.quantile(alone, 0.9)
    middle = (alone >= np.quantile(alone, 0.4)) & (alone < np.quantile(alone, 0.7))
    assert effect[middle].mean() > effect[top].mean() + 0.01


def simulate_truth(n: int) -> pa.Table:
    return shop(n, months=1)[0].truth


@pytest.mark.parametrize("voucher", [False, True])
def test_campaign_changes_those_contacted_and_nobody_else(voucher: bool, months: list[Simulation]) -> None:
    ids = months[1].customers["customer_id"].combine_chunks()
    treated = ids.filter(pa.array(np.arange(len(ids)) % 2 == 0))
    changed = shop(campaign=Campaign(2, treated, np.full(len(treated), voucher)))
    assert changed[0].customers.equals(months[0].customers)
    assert (
        changed[1]
        .customers.drop_columns(["purchased_next_30d"])
        .equals(months[1].customers.drop_columns(["purchased_next_30d"]))
    )
    contacted = set(treated.to_pylist())
    for number in (1, 2, 3):
        before, after = months[number].customers.to_pylist(), changed[number].customers.to_pylist()
        untouched = {row["customer_id"]: row for row in before if row["customer_id"] not in contacted}
        assert {row["customer_id"]: row for row in after if row["customer_id"] in untouched} == untouched
    truth = changed[1].truth
    assert set(truth["customer_id"].filter(truth["contacted"]).to_pylist()) == contacted
    effect, alone = truth["true_effect"].to_numpy(), truth["if_not_contacted"].to_numpy()
    with_contact = truth["if_contacted_with_voucher" if voucher else "if_contacted"].to_numpy()
    chosen = truth["contacted"].to_numpy(zero_copy_only=False)
    np.testing.assert_array_equal(effect, np.where(chosen, with_contact - alone, 0.0))
    # The months after show orders that the contact brought.
    orders = [column(month[2].customers, "orders_365d") for month in (months, changed)]
    both = orders[0].keys() & orders[1].keys()
    assert sum(orders[1][id] != orders[0][id] for id in both & contacted) > 10


def test_true_effect_is_what_happens_on_average() -> None:
    first = shop(9_000, seed=5, months=1)[0]
    ids = first.customers["customer_id"].combine_chunks()
    campaign = Campaign(1, ids, np.ones(len(ids), dtype=bool))
    (month,) = shop(9_000, seed=5, months=1, campaign=campaign)
    bought = month.customers["purchased_next_30d"].to_numpy().astype(int)
    difference = bought - first.customers["purchased_next_30d"].to_numpy()
    # Of the same people with the same draws, so only responses differ.
    assert abs(difference.mean() - month.truth["true_effect"].to_numpy().mean()) < 4 * difference.std() / np.sqrt(9_000)
    assert (difference == -1).any()


def test_campaign_of_another_shop_is_refused() -> None:
    campaign = Campaign(1, pa.array(["C1", "C2"]), np.zeros(2, dtype=bool))
    with pytest.raises(
        TableError, match=r"campaign: ids: expected customers of month 1; got 2 others, such as C1\. Give the same"
    ):
        shop(300, months=1, campaign=campaign)


@pytest.mark.parametrize(
    ("n", "months", "month", "message"),
    [
        (1, 0, None, "months: expected 1 to 60 months; got 0"),
        (1, 61, None, "months: expected 1 to 60 months; got 61"),
        (0, 1, None, "n: expected 1 to 100000000 customers; got 0"),
        (1, 2, 3, "campaign month: expected 1 to 2; got 3"),
    ],
)
def test_impossible_months_are_refused_at_once(n: int, months: int, month: int | None, message: str) -> None:
    campaign = Campaign(month, pa.array([], pa.string()), np.empty(0, dtype=bool)) if month else None
    with pytest.raises(ValueError, match=message):
        monthly(n, 1, months, campaign)


def test_snapshots_are_30_days_apart() -> None:
    assert date_of(1) == SNAPSHOT
    assert (date_of(3) - SNAPSHOT).days == 60


def test_people_who_arrive_take_places_after_the_others() -> None:
    wave = Wave(1, 0, SNAPSHOT)
    size = wave.size
    wave.live_on()
    assert wave.size > size


def test_command_writes_months_and_contacts_an_audience(tmp_path: Path) -> None:
    out = tmp_path / "shop"
    command = ["simulate", out, "--customers", 300, "--seed", 7, "--quiet"]
    assert explain(*command, "--months", 3).exit_code == 0
    names = [f"month-{month}{kind}.parquet" for month in (1, 2, 3) for kind in ("", ".truth")]
    assert sorted(path.name for path in out.iterdir()) == sorted([*names, "months.json"])
    facts = json.loads((out / "months.json").read_text(encoding="utf-8"))["months"]
    assert [one["snapshot"] for one in facts] == ["2026-03-01", "2026-03-31", "2026-04-30"]
    assert facts[1]["customers"] == facts[0]["customers"] + facts[1]["new"] - facts[1]["gone"]
    assert facts[1]["true_effect"] is None
    refused = explain(*command, "--months", 2)
    assert (refused.exit_code, "--overwrite" in refused.stderr) == (1, True)

    second = tables.read(out / "month-2.parquet")
    treated = np.arange(second.num_rows) < 100
    tables.write(audience_of(second, treated, voucher=5.0).to_table("customer_id"), tmp_path / "audience.parquet")
    (out / "notes.txt").write_text("kept", encoding="utf-8")
    done = explain(*command, "--months", 2, "--campaign", tmp_path / "audience.parquet", "--overwrite")
    assert done.exit_code == 0, done.stderr
    # The third month of the longer run is of other customers now.
    assert sorted(path.name for path in out.iterdir()) == sorted([*names[:4], "months.json", "notes.txt"])
    facts = json.loads((out / "months.json").read_text(encoding="utf-8"))["months"]
    assert (facts[0]["contacted"], facts[1]["contacted"]) == (0, 100)
    truth = tables.read(out / "month-2.truth.parquet")
    assert truth["contacted"].to_numpy(zero_copy_only=False).sum() == 100
    assert abs(facts[1]["true_effect"] - truth["true_effect"].to_numpy()[:100].mean()) < 1e-12


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--campaign", "a.parquet"], "--campaign and --campaign-month go with --months."),
        (["--months", 2, "--campaign-month", 1], "--campaign-month goes with --campaign."),
        (
            ["--months", 2, "--campaign", "a.parquet", "--campaign-month", 3],
            "expected 1 to 2, the number of months; got 3.",
        ),
    ],
)
def test_options_that_contradict_each_other_are_refused(options: list[object], message: str, tmp_path: Path) -> None:
    result = explain("simulate", tmp_path / "shop", *options)
    assert result.exit_code == 2
    assert message in plain(result.stderr)


def test_audience_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "audience.parquet"
    tables.write(pa.table({"customer_id": ["C1"]}), path)
    result = explain("simulate", tmp_path / "shop", "--months", 1, "--customers", 10, "--campaign", path)
    assert result.exit_code == 1
    assert f"{path}: columns: expected customer_id, segment_id" in result.stderr
    assert not (tmp_path / "shop").exists()


def test_python_gives_the_same_months(months: list[Simulation]) -> None:
    again = api.simulate_months(2, N, SEED)
    assert [month.customers.equals(other.customers) for month, other in zip(again, months[:2], strict=True)] == [
        True
    ] * 2
