"""Money facts: the campaign that is proposed, what a better ranking earns, a budget filled, and their words."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from northstar_explain.contract.economics import Economics
from northstar_explain.errors import CampaignError
from northstar_explain.model import Model
from northstar_explain.model.campaign.fill_budget import Offer, fill_budget
from northstar_explain.model.campaign.given_money import economics_of, with_money
from northstar_explain.model.campaign.money import money_facts
from northstar_explain.model.campaign.money_words import campaign_words, in_points, price, terms
from northstar_explain.model.campaign.readout_facts import Alike, Costs, GroupCounts, MeasuredUplift, Readout
from northstar_explain.model.campaign.value import SCENARIOS
from northstar_explain.model.evaluation.facts_codec import from_json, to_json
from northstar_explain.model.evaluation.money_facts import MoneyFacts
from northstar_explain.options import MoneyOptions

MONEY = Economics(24.0, 0.5, budget=400.0)
offers = st.builds(Offer, st.integers(1, 10), st.integers(0, 500), st.floats(0, 1), st.floats(-0.1, 0.3))
amounts = st.builds(
    Economics, st.floats(0.5, 100), st.sampled_from([0.0, 0.01, 0.5, 3.0]), st.floats(0, 20),
    st.none() | st.floats(1, 5_000),
)  # fmt: skip


def worth(offer: Offer, money: Economics) -> tuple[float, float]:
    """Value and spend of a contact, by hand."""
    added = max(min(offer.uplift, 1 - offer.probability), -offer.probability)
    value = added * (money.margin - money.voucher) - money.voucher * offer.probability - money.contact_cost
    return value, money.contact_cost + money.voucher * min(1.0, offer.probability + added)


@given(st.lists(offers, max_size=12), amounts)
def test_a_budget_is_kept_and_the_best_contacts_come_first(some: list[Offer], money: Economics) -> None:
    contacted = fill_budget(some, money)
    assert all(0 <= n <= one.contactable for n, one in zip(contacted, some, strict=True))
    each = [worth(one, money) for one in some]
    assert not any(n for n, (value, _) in zip(contacted, each, strict=True) if value < -1e-9)
    spent = sum(n * spend for n, (_, spend) in zip(contacted, each, strict=True))
    assert money.budget is None or spent <= money.budget * (1 + 1e-9)
    # Who is left out although worth a contact earns no more per money spent than anybody who is contacted.
    left = [value / spend for n, one, (value, spend) in zip(contacted, some, each, strict=True)
            if n < one.contactable and spend > 0 and value > 1e-9 and spent + spend <= (money.budget or math.inf)]  # fmt: skip
    taken = [value / spend for n, (value, spend) in zip(contacted, each, strict=True) if n and spend > 0]
    assert not left or not taken or max(left) <= min(taken) + 1e-6


def test_no_budget_contacts_all_who_pay_and_a_free_contact_needs_none() -> None:
    some = [Offer(10, 7, 0.5, 0.1), Offer(9, 5, 0.5, 0.0)]
    assert fill_budget(some, Economics(24.0, 0.5)) == (7, 0)
    assert fill_budget(some, Economics(24.0, 0.0, budget=0.01)) == (7, 0)
    assert fill_budget([], MONEY) == ()


@pytest.fixture
def money(model: Model) -> MoneyFacts:
    return money_facts(model.evaluation.audiences, model.evaluation.purchase, MONEY)


def test_every_customer_is_in_one_cell_with_the_mean_of_the_scores(model: Model, money: MoneyFacts) -> None:
    audiences = model.evaluation.audiences
    assert money.everybody.customers == audiences.customers == sum(one.customers for one in money.cells)
    expected = sum(sum(one.expected_buyers) for one in audiences.segments.values())
    assert money.everybody.probability * audiences.customers == pytest.approx(expected)
    # Probabilities are calibrated, so that they sum to about the buyers.
    assert expected / audiences.customers == pytest.approx(model.evaluation.purchase.holdout.base_rate, abs=0.03)


def test_the_proposal_keeps_to_the_budget_in_every_scenario(model: Model) -> None:
    facts = model.evaluation
    for voucher in (0.0, 0.4):
        money = money_facts(facts.audiences, facts.purchase, replace(MONEY, voucher=voucher, margin=30.0))
        assert money.proposal.contacted > 0
        assert [one.scenario for one in money.proposal.outlooks] == [one.name for one in SCENARIOS]
        assert max(one.spend for one in money.proposal.outlooks) <= 400.0
        assert max(one.spend for one in money.proposal.outlooks) > 398.0
    unlimited = money_facts(facts.audiences, facts.purchase, Economics(24.0, 0.5))
    assert unlimited.proposal.contacted == unlimited.proposal.eligible < unlimited.everybody.customers


def test_nobody_is_proposed_where_no_scenario_pays(model: Model) -> None:
    facts = model.evaluation
    money = money_facts(facts.audiences, facts.purchase, Economics(24.0, 20.0))
    assert (money.proposal.contacted, money.proposal.break_even_uplift) == (0, None)
    assert campaign_words(money, "$") == (
        "contact nobody: in no segment and decile does a contact pay that adds 4 points"
    )
    tiny = money_facts(facts.audiences, facts.purchase, Economics(24.0, 0.5, budget=0.3))
    assert campaign_words(tiny, "$") == "contact nobody: the budget pays for no contact"


def test_a_ranking_earns_by_the_buyers_it_finds_more(model: Model, money: MoneyFacts) -> None:
    purchase, customers = model.evaluation.purchase, model.evaluation.audiences.customers
    for one, baseline in zip(money.rankings, purchase.baselines, strict=True):
        buyers = purchase.holdout.base_rate * customers * baseline.captured_behind
        assert one.buyers_more == pytest.approx(buyers)
        # The scenario's points as a fraction of the base rate: a contact wins that fraction of the buyers found more.
        assert one.earned_more["middle"] == pytest.approx(buyers * 0.02 / purchase.holdout.base_rate * 24.0)


def test_facts_survive_json(money: MoneyFacts) -> None:
    assert from_json(to_json(money), MoneyFacts) == money


# Given by options and readouts --------------------------------------------------------------------------------------


def readout_of(model: Model, stopped: bool = False) -> Readout:
    """A readout in which the first segment is worth a contact and no other is."""
    first = model.segmentation.segments[0].id
    group = GroupCounts(10, 0, 10, 1, 0.1)

    def uplift(segment: str | None, value: float) -> MeasuredUplift:
        return MeasuredUplift(segment, None, 9, 1, 9, 1, value, None, value, None, None)

    segments = tuple(uplift(one.id, 0.1 if one.id == first else -0.01) for one in model.segmentation.segments)
    overall = None if stopped else uplift(None, 0.02)
    costs = Costs(24.0, 0.0, 0.5, False, None)
    return Readout(
        1, "p-1", model.id, group, group, Alike(0.5, 0.5, stopped), overall, segments, (), (), 0.0, costs, (), ""
    )


def test_measured_uplifts_take_the_place_of_scenarios(model: Model) -> None:
    changed = with_money(model, MoneyOptions(budget=100.0), readout_of(model)).evaluation.money
    assert changed is not None
    assert changed.readout_plan_id == "p-1"
    first = changed.segments[0]
    assert changed.proposal.contacted == min(200, first.contactable)
    assert changed.proposal.outlooks[0].uplift == pytest.approx(0.1)
    said = campaign_words(changed, "$")
    assert "with the measured uplift of +10.0 points" in said
    assert "contact 200, spend $100, break even at +2.1 points, earn $380" in said
    with pytest.raises(CampaignError, match="stopped"):
        with_money(model, None, readout_of(model, stopped=True))


def test_options_go_before_the_contract_and_nothing_given_changes_nothing(model: Model) -> None:
    assert with_money(model, None, None) is model
    assert with_money(model, MoneyOptions(), None) is model
    assumed = economics_of(MoneyOptions(voucher=2.0), model.contract.economics, "money")
    assert assumed == Economics(24.0, 0.5, 2.0, 20_000.0, assumed=True)
    known = economics_of(MoneyOptions(margin=20.0, contact_cost=1.0), model.contract.economics, "money")
    # The budget is still the contract's, which is an assumption.
    assert known == Economics(20.0, 1.0, 0.0, 20_000.0, assumed=True)
    all_given = MoneyOptions(margin=20.0, contact_cost=1.0, voucher=0.0, budget=5_000.0)
    assert economics_of(all_given, model.contract.economics, "money") == Economics(20.0, 1.0, 0.0, 5_000.0)
    bare = replace(model, contract=replace(model.contract, economics=None))
    with pytest.raises(CampaignError, match="contact_cost: expected an amount; got nothing. Give --contact-cost"):
        with_money(bare, MoneyOptions(margin=3.0), None)


# Words --------------------------------------------------------------------------------------------------------------


def test_the_campaign_in_a_sentence(money: MoneyFacts) -> None:
    assert campaign_words(money, "$") == (
        "contact 800, spend $400, break even at +2.1 points, earn $368 if the contact adds 4, "
        "lose $16 if the contact adds 2, lose $208 if the contact adds 1"
    )
    assert (in_points(-0.0123), in_points(None), price(0.5, "€"), price(24.0, "$")) == ("−1.2", "never", "€0.50", "$24")
    assert "assumptions" not in terms(money, "buys", "$")
    assert "assumptions" in terms(replace(money, assumed=True), "buys", "$")
