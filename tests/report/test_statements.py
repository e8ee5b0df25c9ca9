"""Statements are printed if and only if their facts bear them: facts are generated, and both ways are checked."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from northstar_explain.contract import Contract, northstar
from northstar_explain.contract.conditions import NumberCondition
from northstar_explain.model import Model
from northstar_explain.model.evaluation.audience_facts import Band
from northstar_explain.model.evaluation.frontier_facts import FAULTS, FrontierPoint, ThemeFacts
from northstar_explain.model.evaluation.limits import JACCARD_STABLE, JACCARD_TRUSTED, stability_scale
from northstar_explain.model.evaluation.purchase_facts import GroupSplit
from northstar_explain.model.evaluation.segment_facts import Borderline, NullTest
from northstar_explain.model.evaluation.together_facts import ControlSize
from northstar_explain.model.rules import Rule
from northstar_explain.report import statements as say
from northstar_explain.report.document import numbers

CONTRACT: Contract = northstar()
SHARES = st.floats(0, 1)
NULL_TESTS = st.builds(
    NullTest, st.floats(-1, 1), st.floats(-1, 1), st.floats(-1, 1), SHARES, st.integers(1, 99), st.booleans()
)
SIZES = st.lists(
    st.builds(ControlSize, st.sampled_from([0.005, 0.01, 0.02, 0.03, 0.05]), st.integers(1, 5_000)), max_size=5
)
BANDS = st.builds(Band, st.integers(0, 20_000), st.integers(0, 900), SHARES, SIZES.map(tuple))
STABILITY = st.dictionaries(st.sampled_from(["S1", "S2", "S3", "S4"]), SHARES, min_size=1)


@st.composite
def frontiers(draw: st.DrawFn) -> tuple[FrontierPoint, ...]:
    """Numbers of segments that were tried; those without faults may be eligible."""
    points = []
    for k in draw(st.lists(st.integers(2, 12), min_size=1, max_size=5, unique=True).map(sorted)):
        faults = tuple(draw(st.lists(st.sampled_from(sorted(FAULTS)), max_size=2, unique=True)))
        eligible = not faults and draw(st.booleans())
        points.append(FrontierPoint(k, k, 2.0, None, 1.1, 0.9, 0.3, 0.1, 1.0, None, 0, None, faults, eligible))
    return tuple(points)


def shown(text: str | None) -> list[float]:
    assert text is not None
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", text.replace(",", ""))]


# ---- who said what the columns mean ----


@given(drafted=st.booleans(), questions=st.integers(0, 5))
def test_a_contract_is_called_a_draft_until_somebody_confirms_it(drafted: bool, questions: int) -> None:
    text = "\n".join([f"# CONFIRM: question {place}?" for place in range(questions)])
    said = say.drafted(replace(CONTRACT, drafted=drafted, text=text))
    assert (said is None) == (not drafted and not questions)
    assert ("drafted by a program" in (said or "")) == drafted
    assert shown(said or "") == ([questions] if questions else [])


# ---- how many rates rest on ----


@given(n=st.integers(1, 5_000), positives=st.integers(0, 5_000))
def test_rates_of_few_outcomes_are_called_chance(n: int, positives: int, model: Model) -> None:
    assume(positives <= n)
    purchase = model.evaluation.purchase
    facts = replace(purchase, holdout=replace(purchase.holdout, n=n, base_rate=positives / n))
    said = say.few_outcomes(facts, CONTRACT)
    assert (said is not None) == (positives < 50)
    assert said is None or shown(said) == [positives, n]


# ---- what customers were compared by ----


@given(used=st.integers(0, 40), asked=st.integers(0, 9))
def test_features_that_were_used_are_counted_not_those_that_are_allowed(used: int, asked: int, model: Model) -> None:
    names = tuple(f"f{place}" for place in range(used))
    themes = (ThemeFacts("a", names[: used // 2]), ThemeFacts("b", names[used // 2 :]))
    facts = replace(model.evaluation.segments, themes=themes, rule_features=names[:asked])
    allowed = len(CONTRACT.likeness_features)
    expected = [used, allowed] if used < allowed else [used]
    assert shown(say.compared_by(facts, CONTRACT)) == expected
    assert shown(say.asked_by_rules(facts)) == [min(used, asked)]


# ---- dates ----


@given(st.one_of(st.none(), st.dates()), st.dates())
def test_the_date_of_the_data_is_said_only_where_it_is_known(as_of: object, made: object) -> None:
    manifest = {"as_of": as_of and str(as_of), "date": str(made)}
    assert (say.data_as_of(manifest) is None) == (as_of is None) == (say.data_undated(manifest) is not None)
    if as_of is not None:
        assert say.data_as_of(manifest) == f"Data as of {numbers.day(str(as_of))}"
    # The day of the run is never called that of the data.
    assert say.made_on(manifest) == f"Model made on {numbers.day(str(made))}"


# ---- whether there are groups ----


@given(NULL_TESTS)
def test_shuffled_data_are_as_clear_or_they_are_not(facts: NullTest) -> None:
    clearer, alike = say.clearer_than_shuffled(facts), say.as_clear_when_shuffled(facts)
    assert (clearer is not None) == (facts.silhouette > facts.null_max)
    assert (alike is not None) == (facts.silhouette <= facts.null_max)
    said = shown(clearer or alike)
    mine, best = said[-2:]
    assert mine == pytest.approx(facts.silhouette, abs=0.006) and best == pytest.approx(facts.null_max, abs=0.006)
    # The figures bear the sentence as they are printed, as far as they differ in six digits.
    assume(abs(facts.silhouette - facts.null_max) > 1e-6)
    assert (mine > best) == (clearer is not None)
    assert ("not natural" in say.natural_groups(facts)) == (not facts.natural_clusters)


# ---- which rows ----


@given(spend=st.booleans(), later=st.booleans(), n=st.integers(1, 10**6), customers=st.integers(1, 10**7))
def test_rates_and_sizes_are_of_other_rows(spend: bool, later: bool, n: int, customers: int, model: Model) -> None:
    facts = model.evaluation.segments if spend else replace(model.evaluation.segments, spend=None)
    assert facts.spend is not None or not spend
    purchase = model.evaluation.purchase
    purchase = replace(purchase, out_of_time=later, holdout=replace(purchase.holdout, n=n))
    rates, sizes = say.rates_are_of(purchase, CONTRACT), say.sizes_are_of(customers, facts, CONTRACT)
    assert (shown(rates), shown(sizes)) == ([n], [customers])
    assert ("shares of a total" in sizes) == spend and "spend" not in rates + sizes  # with a bank, it is a balance
    # The people of a later table may be those of training: the model has only not seen what they did then.
    assert "no model was trained on these outcomes" in rates
    assert ("later table" in rates) == later and ("holdout" in rates) == (not later)


# ---- borders ----


@given(st.one_of(st.just(0.0), st.floats(0, 1), st.floats(0, 0.01)))
def test_nobody_is_on_a_border_only_if_nobody_is(share: float) -> None:
    facts = Borderline(share, {})
    nobody, some = say.nobody_on_the_border(facts), say.some_on_the_border(facts)
    assert (nobody is not None) == (share == 0) == (some is None)
    if some is not None:
        assert numbers.rough(share) in some and " 0% " not in some
        assert ("100%" in some) == (share == 1)


# ---- control groups ----


@given(band=BANDS, share=st.sampled_from([0.05, 0.1, 0.25, 0.5]))
def test_a_rise_is_that_of_those_who_are_contacted(band: Band, share: float) -> None:
    size = round(share * band.customers)
    possible = [one.uplift for one in band.control_sizes if one.customers_each <= size]
    text = say.rise_shown(band, share, CONTRACT)
    assert (text is not None) == bool(possible)
    if text is not None:
        assert shown(text) == pytest.approx([100 * share, size, band.customers, 100 * min(possible), 100])


@given(BANDS)
def test_a_share_is_proposed_only_if_it_can_show_the_rise(band: Band) -> None:
    share, too_few = say.control_share(band), say.no_rise_shown(band, CONTRACT)
    assert (share is None) == (too_few is not None)
    if too_few is not None:
        assert shown(too_few) == pytest.approx([10, band.customers, 5, 100])
    if share is not None:
        rise = say.smallest_rise(band, share)
        assert rise is not None and rise <= say.RISE_TO_SHOW
        smaller = [one for one in say.CONTROL_SHARES if one < share]
        assert all((say.smallest_rise(band, one) or 1) > say.RISE_TO_SHOW for one in smaller)


@given(band=BANDS)
def test_what_is_to_be_prevented_falls(band: Band) -> None:
    unwanted = replace(CONTRACT, wanted=False)
    for wanted, other in (
        (say.rise_shown(band, 0.1, CONTRACT), say.rise_shown(band, 0.1, unwanted)),
        (say.no_rise_shown(band, CONTRACT), say.no_rise_shown(band, unwanted)),
    ):
        assert other == (wanted and wanted.replace("a rise", "a fall"))


# ---- the number of segments ----


@given(frontier=frontiers(), place=st.integers(0, 4))
def test_no_number_of_segments_meets_every_condition(
    frontier: tuple[FrontierPoint, ...], place: int, model: Model
) -> None:
    chosen = frontier[place % len(frontier)]
    facts = replace(model.evaluation.segments, frontier=frontier, k=chosen.k, eligible=chosen.eligible)
    none, others = say.no_number_meets_all(facts), say.others_meet_all(facts)
    assert (none is not None) == (not any(one.eligible for one in frontier))
    assert (others is not None) == (not chosen.eligible and any(one.eligible for one in frontier))
    for text in (none, others):
        if text is not None:
            assert all(FAULTS[fault] in text for fault in chosen.faults)
            assert not any(words in text for fault, words in FAULTS.items() if fault not in chosen.faults)
    if others is not None:
        said, good = others.partition("; ")[2], [one.k for one in frontier if one.eligible]
        ends = [int(k) for k in re.findall(r"\d+", said)]
        assert (list(range(ends[0], ends[1] + 1)) if " to " in said else ends) == good


# ---- stability ----


@given(STABILITY)
def test_stability_is_said_in_the_same_words(stability: dict[str, float]) -> None:
    unsteady = [id for id, jaccard in stability.items() if jaccard < JACCARD_STABLE]
    named, stable = say.not_to_build_on(stability), say.all_stable(stability)
    assert (named is not None) == bool(unsteady) == (stable is None)
    if named is not None:
        assert re.findall(r"S\d", named) == unsteady
    for id, jaccard in stability.items():
        text = say.stability_of(id, jaccard)
        assert ("not" in text) == (jaccard < JACCARD_STABLE)
        assert ("not reliable" in text) == (jaccard < JACCARD_TRUSTED)
        # As it is printed, too.
        assert (float(text[-5:-1]) < JACCARD_STABLE) == (jaccard < JACCARD_STABLE)


def test_the_scale_has_the_words_of_the_statements() -> None:
    for words in ("not reliable", "not stable", "highly stable"):
        assert words in stability_scale()
    assert "trust" not in stability_scale()


@given(st.floats(0.5, 3))
def test_rules_cost_what_they_cost(price: float) -> None:
    text = say.price_of_rules(price)
    assert ("less tight" in text) == (price > 1)
    assert not re.search(r" 0(?:\.0)?% less", text)


def test_a_share_of_an_average_is_one_of_its_sum() -> None:
    assert say.whole_of("average balance") == "the sum of average balance"
    assert say.whole_of("total spend") == "total spend"


# ---- steps that lead out by definition ----


@pytest.mark.parametrize("share", [0.5, 0.94, 0.96, 1.0])
@pytest.mark.parametrize("upper", [1.0, 2.0])
def test_once_it_is_done_is_said_of_those_who_did_not_do_it(share: float, upper: float, model: Model) -> None:
    counted = next(one for one in model.contract.features if one.kind.counts)
    rule = Rule((NumberCondition(counted.name, upper=upper),), "S1")
    segment = replace(model.segmentation.segments[0], rules=(rule,))
    said = say.once_it_is_done(Borderline(share, {}), segment, model.contract)
    assert (said is not None) == (share > 0.95 and upper == 1)
    # A rule beside it that asks for something else: they need not have left it undone.
    other = Rule((NumberCondition(counted.name, lower=5.0),), "S1")
    assert say.once_it_is_done(Borderline(1.0, {}), replace(segment, rules=(rule, other)), model.contract) is None


# ---- contacts and money ----


def test_who_is_likely_is_never_called_moved(model: Model) -> None:
    wanted, prevented = (say.not_persuadable(replace(CONTRACT, wanted=one)) for one in (True, False))
    assert "would act anyway" in wanted
    assert "would act" not in prevented
    assert all("only a control group shows" in one for one in (wanted, prevented))


def test_uplifts_are_called_measured_only_where_a_campaign_measured_them(model: Model) -> None:
    money = model.evaluation.money
    assert money is not None
    assert say.uplift_measured(money) is None
    assert say.paid_contacts(money) == say.paid_contacts(None)
    assert "at random" in say.paid_contacts(money)
    measured = replace(money, readout_plan_id="c-1")
    assert "campaign c-1" in (say.uplift_measured(measured) or "")
    assert "at random" not in say.paid_contacts(measured)


@given(st.none() | st.sampled_from(["household", None]), st.integers(1, 5_000))
def test_rows_are_told_from_those_whom_they_are_of(model: Model, column: str | None, train: int) -> None:
    rows = next(one.n for one in model.evaluation.data.splits if one.split == "train")
    for groups in (None, GroupSplit(column, train, 5, 5, 0, 0)):
        purchase = replace(model.evaluation.purchase, group_split=groups)
        said = say.counted_by_row(model.contract, replace(model.evaluation, purchase=purchase))
        assert (said is not None) == (groups is not None and column is not None and train < rows)
        if said:
            assert f"one household: {rows:,} rows of training are of {train:,}" in said


@given(st.dictionaries(st.sampled_from(["S1", "S2", "S3"]), st.sampled_from(["Free delivery", "A set"])), st.booleans())
def test_offers_without_a_cost_are_named(model: Model, offers: dict[str, str], voucher: bool) -> None:
    money = model.evaluation.money
    assert money is not None
    said = say.offers_not_counted(replace(money, voucher=5.0 if voucher else 0.0), offers)
    assert (said is None) == (voucher or not offers)
    assert all(id in (said or id) for id in offers)
