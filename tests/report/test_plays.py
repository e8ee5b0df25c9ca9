"""Plays: each line rests on a fact of the segment, no two segments get the same, and nothing contradicts another page."""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from helpers import explain, refused

from northstar_explain.contract import Contract
from northstar_explain.model import Model
from northstar_explain.model.evaluation.audience_facts import STAGES, Band, Breakdown
from northstar_explain.model.evaluation.limits import CONTACT_BANDS
from northstar_explain.report.playbook import check_plan, plays_of, read_plan
from northstar_explain.report.playbook import plays as plays_module
from northstar_explain.report.playbook.evidence import Finding, _more_frequent, _of_stages, evidence
from northstar_explain.report.playbook.plan import LISTS, TEXTS
from northstar_explain.report.playbook.plan_check import CONTRADICTS
from northstar_explain.report.playbook.play_candidates import Candidates, allowed, barred_by
from northstar_explain.report.playbook.plays import Line, Play, in_common
from northstar_explain.report.playbook.stages_of_life import main_stage, stages_of
from northstar_explain.report.playbook.write_plan import plan_text, write_plan
from northstar_explain.report.treatments import TREATMENTS

# Words of one business that another must not be told.
SHOP_WORDS = re.compile(
    r"(?<!standing )\border|\bbuy|\bbasket|\bbundle|\bdeliver|\bstock\b|\bprice\b|30 days", re.IGNORECASE
)
PAID = re.compile(r"\bcall\b|\bin person\b|\bpaid\b(?! lists)|print", re.IGNORECASE)
DISCOUNT = re.compile(r"voucher|bundle|lower price|money off|price cut", re.IGNORECASE)


def with_facts(model: Model, seed: int) -> Model:
    """The model with other profiles, stages and deciles of each segment, consistent in themselves."""
    rng = random.Random(seed)
    evaluation = model.evaluation
    segments, audiences, stages, outcomes = [], {}, {}, {}
    for segment in model.segmentation.segments:
        n = segment.customers
        profile = tuple(
            replace(
                item,
                rank=(rank := rng.choice([0.05, 0.3, 0.45, 0.5, 0.55, 0.7, 0.95])),
                base=10.0,
                mean=10.0 * rng.choice([0.1, 0.9, 1.1, 3.0]),
                median=float(rng.randint(0, 8)),
                zero=1.0 if rank < 0.1 else 0.2,
                base_zero=0.4,
                known=rng.choice([0, n // 4, n]),
            )
            for item in segment.profile
        )
        segments.append(replace(segment, profile=profile))
        deciles = shared(n, 10, rng)
        rate = rng.choice([0.0, 0.05, 0.5])
        bands = {
            key: Band(sum(deciles[step - 1] for step in steps), rng.choice([0, 20, 400]), rate, ())
            for key, steps in CONTACT_BANDS.items()
        }
        audiences[segment.id] = replace(evaluation.audiences.segments[segment.id], deciles=deciles, bands=bands)
        stages[segment.id] = dict(zip((*STAGES, "unknown"), shared(n, len(STAGES) + 1, rng), strict=True))
        outcomes[segment.id] = replace(evaluation.segments.holdout_outcomes[segment.id], purchase_rate=rate)
    lifecycle = evaluation.audiences.lifecycle
    assert lifecycle is not None
    return replace(
        model,
        segmentation=replace(model.segmentation, segments=tuple(segments)),
        evaluation=replace(
            evaluation,
            segments=replace(evaluation.segments, holdout_outcomes=outcomes),
            audiences=replace(
                evaluation.audiences,
                segments=audiences,
                lifecycle=replace(lifecycle, segments=stages) if rng.random() < 0.8 else None,
            ),
        ),
    )


def shared(n: int, parts: int, rng: random.Random) -> tuple[int, ...]:
    """Customers divided into so many parts."""
    weights = rng.choices([0, 0, 1, 5, 50], k=parts)
    weights[rng.randrange(parts)] += 1
    counts = [n * weight // sum(weights) for weight in weights]
    counts[weights.index(max(weights))] += n - sum(counts)
    return tuple(counts)


def texts(play: Play) -> Iterator[tuple[str, Line]]:
    for key in (*TEXTS, *LISTS):
        value = getattr(play, key, None)
        for line in value if isinstance(value, tuple) else [value] if value else []:
            yield key, line


def assert_sound(model: Model, plays: dict[str, Play]) -> None:
    """What must hold of any plays."""
    assert list(plays) == [segment.id for segment in model.segmentation.segments]
    assert len({play.message.text for play in plays.values()}) == len(plays)
    for id, play in plays.items():
        for key, line in texts(play):
            assert 0 < len(line.text) <= (TEXTS[key] if key in TEXTS else LISTS[key][1]), line
            assert line.text.isprintable() and "{" not in line.text
            assert line.general == (not line.fact and key != "kpi"), line
        assert sum(line.general for line in play.lines) <= len(play.lines) / 6, [str(line) for line in play.lines]
        assert 1 <= len(play.do) <= 3 and 1 <= len(play.avoid) <= 3
        assert_consistent(model, id, play)


def assert_consistent(model: Model, id: str, play: Play) -> None:
    audience, size = model.evaluation.audiences.segments[id], model.segmentation[id].customers
    asks = [play.message, *play.do, *play.channels, *([play.offer] if play.offer else [])]
    if 2 * audience.bands["rest"].customers >= size:  # "no paid contact" in the table of deciles
        assert not [line for line in asks if PAID.search(line.text)]
    if any("money off" in line.text or "price cuts" in line.text for line in play.avoid):
        assert not [line for line in asks if DISCOUNT.search(line.text) and "without a price cut" not in line.text]
    assert play.offer is None or audience.bands["next"].customers >= 30
    assert play.contact.customers == audience.bands[play.contact.band].customers
    if play.contact.band == "first":
        assert f"{play.contact.customers:,} in deciles 9 and 10" in play.contact.line.text


@pytest.mark.parametrize("seed", range(120))
def test_whatever_the_facts_are_plays_rest_on_them(seed: int, model: Model) -> None:
    changed = with_facts(model, seed)
    plays = plays_of(changed)
    assert_sound(changed, plays)
    assert plays_of(changed) == plays
    contradictions = [one for one in check_plan(changed) if one.kind == CONTRADICTS and "avoid" in one.message]
    assert contradictions == []


def test_plays_of_the_shop(model: Model) -> None:
    plays = plays_of(model)
    assert_sound(model, plays)
    lines = [tuple(map(str, play.lines)) for play in plays.values()]
    assert len(set(lines)) == len(lines)
    assert sum(line.general for play in plays.values() for line in play.lines) == 0


@pytest.mark.parametrize("domain", ["", "bank", "visits", "subscription"])
def test_another_business_is_not_spoken_to_as_a_shop(domain: str, model: Model) -> None:
    """Only features whose own words are a shop's may bring them in."""
    words = {feature.name: feature for feature in model.contract.features}
    other = tuple(
        replace(feature, words=f"thing {place}", unit="things" if feature.role == "frequency" else "", none="", role="")
        if feature.role in ("discount", "returns")
        else replace(feature, words=f"thing {place}", unit="things" if feature.role == "frequency" else "", none="")
        for place, feature in enumerate(words.values())
    )
    contract = replace(
        model.contract, features=other, domain=domain, noun="members", outcome="stays", horizon="", traits=()
    )
    named = tuple(replace(one, name=one.id) for one in model.segmentation.segments)
    changed = replace(model, contract=contract, segmentation=replace(model.segmentation, segments=named))
    for play in plays_of(changed).values():
        for _, line in texts(play):
            assert not SHOP_WORDS.search(line.text), line
            assert "customers" not in line.text


def test_a_step_is_advised_only_in_what_people_are_known_to_do(model: Model) -> None:
    """In a draft, columns without a role may be anything: where somebody lives takes no step."""

    def advised(contract: Contract) -> set[str]:
        changed = replace(model, contract=contract)
        return {one.id for one in model.segmentation.segments if "step" in evidence(one, changed)}

    ours = model.contract
    bare = replace(ours, features=tuple(replace(one, role="") for one in ours.features))
    assert advised(ours) and advised(replace(ours, drafted=True)) <= advised(ours)
    assert advised(bare) == advised(ours)  # somebody has read the contract
    assert advised(replace(bare, drafted=True)) == set()


def test_nobody_is_interested_in_a_column_that_nobody_has_explained(model: Model) -> None:
    bare = replace(model.contract, features=tuple(replace(one, role="") for one in model.contract.features))

    def levels(contract: Contract) -> set[str]:
        changed = replace(model, contract=contract)
        return {level for one in model.segmentation.segments for level in evidence(one, changed).get("standout", {})}

    assert levels(bare) == {"high", "low"}
    assert levels(replace(bare, drafted=True)) == {"high"}


def test_what_most_use_goes_before_what_is_rarely_used_and_more_than_elsewhere() -> None:
    """Of 100, 60 are on desktop instead of 33, and 17 on tablet instead of 8: messages are checked on desktop."""
    here, others = {"desktop": 600, "mobile": 230, "tablet": 170}, {"desktop": 2700, "mobile": 5600, "tablet": 700}
    none = {"S1": 0, "S2": 0}
    found = _more_frequent(Breakdown("device", "device", {"S1": here, "S2": others}, none, none), "S1")
    assert found and found[0] == "desktop" and found[1:] == pytest.approx((0.6, 0.33))


def test_treatments_are_those_of_the_contact_bands() -> None:
    assert {key: steps for steps, key, _ in TREATMENTS} == CONTACT_BANDS


def test_no_paid_contact_leaves_room_for_the_campaign_that_measures(model: Model) -> None:
    """The first step takes people at random from all deciles, so that a line that rules out the last ones excepts it."""
    plays = Path(plays_module.__file__).with_name("plays.toml").read_text(encoding="utf-8")
    lines = [*re.findall(r'say = "([^"]*)"', plays), *(words for _, _, words in TREATMENTS)]
    lines += [play.contact.line.text for seed in range(20) for play in plays_of(with_facts(model, seed)).values()]
    ruled_out = [line for line in lines if line.startswith("No paid contact")]
    assert len(ruled_out) >= 4
    assert all("a random test apart" in line for line in ruled_out), ruled_out


@pytest.mark.parametrize(("without", "others", "said"), [(10, 0, ""), (7, 3, "most "), (5, 5, "many ")])
def test_a_message_to_those_without_an_order_says_of_how_many_it_is_true(
    without: int, others: int, said: str, model: Model
) -> None:
    changed = with_stages(model, no_order=without, one_order=others)
    (main,) = (found for respect, _, found in _of_stages(model.segmentation["S1"], changed) if respect == "main")
    assert main.values == {"most": said, "Part": said.strip().capitalize() or "They"}


def with_stages(model: Model, others: dict[str, int] | None = None, /, **counts: int) -> Model:
    """The model with these stages in the first segment, and in each other one those of `others`, or none known."""
    facts = model.evaluation.audiences
    assert facts.lifecycle is not None
    none = dict.fromkeys((*STAGES, "unknown"), 0)
    segments = {id: {**none, **(others or {"unknown": sum(counts.values())})} for id in facts.lifecycle.segments}
    segments["S1"] = {**none, **counts}
    changed = replace(
        facts,
        customers=sum(sum(one.values()) for one in segments.values()),
        lifecycle=replace(facts.lifecycle, segments=segments),
    )
    return replace(model, evaluation=replace(model.evaluation, audiences=changed))


@pytest.mark.parametrize(
    ("counts", "key", "words"),
    [
        ({"lapsing": 45, "growing": 35, "loyal": 20}, "growing", "several orders"),  # not by those who lapse
        ({"lapsing": 50, "loyal": 30, "new": 20}, "", ""),  # half is not most
        ({"lapsing": 51, "loyal": 49}, "lapsing", "lapsing"),
        ({"lost": 60, "loyal": 40}, "lost", "lost"),
        ({"lapsing": 20, "lost": 40, "loyal": 40}, "lapsing", "lapsing or lost"),  # only together are they most
        ({"no_order": 50, "loyal": 50}, "no_order", "no orders"),
    ],
)
def test_a_segment_is_spoken_to_as_gone_only_where_most_are(
    counts: dict[str, int], key: str, words: str, model: Model
) -> None:
    main = main_stage(with_stages(model, **counts), "S1")
    assert (main.key, main.words) == (key, words) if main else key == ""
    if words == "lapsing or lost":  # the figure is that of both, as the words are
        assert main and main.customers == 60 and main.fact.startswith("60% lapse or are lost: last order 3 or more")


@pytest.mark.parametrize(
    ("counts", "others", "key"),
    [
        ({"loyal": 52, "new": 48}, {"loyal": 60, "lost": 40}, "new"),  # the most, but fewer than elsewhere
        ({"loyal": 52, "lost": 48}, {"loyal": 60, "lost": 40}, ""),
        ({"loyal": 52, "lost": 48}, {"loyal": 52, "new": 48}, ""),  # the same share sets nobody apart
        ({"no_order": 52, "loyal": 48}, {"no_order": 60, "loyal": 40}, "loyal"),
        ({"lapsing": 30, "lost": 30, "new": 40}, {"lost": 70, "loyal": 30}, ""),
        ({"lapsing": 30, "lost": 30, "new": 40}, {"lost": 50, "loyal": 50}, "lapsing"),
    ],
)
def test_a_segment_is_spoken_to_by_what_is_more_frequent_in_it_than_in_all(
    counts: dict[str, int], others: dict[str, int], key: str, model: Model
) -> None:
    main = main_stage(with_stages(model, others, **counts), "S1")
    assert main.key == key and main.is_more_frequent if main else key == ""


@pytest.mark.parametrize("seed", range(40))
def test_no_fact_of_a_stage_beside_a_message_is_below_the_average(seed: int, model: Model) -> None:
    """As "52%, all 56%" would be beside "They come often"."""
    changed = with_facts(model, seed)
    for id, play in plays_of(changed).items():
        below = {one.fact for one in stages_of(changed, id) if one.share <= one.share_of_all}
        assert not [fact for fact in below if fact in play.message.fact], play.message


@pytest.mark.parametrize("seed", range(40))
def test_no_line_says_more_than_its_figures(seed: int, model: Model) -> None:
    """Nothing is remembered after long, nobody stands out by less, and a level is said as what it is: a comparison."""
    changed = with_facts(model, seed)
    for id, play in plays_of(changed).items():
        found = evidence(changed.segmentation[id], changed)
        for line in play.lines:
            if "remembered" in line.text:
                assert "low" in found["recency"], line
            if "there they stand out" in line.text:
                assert any(one.fact in line.fact for one in found["standout"]["high"]), line
            assert not re.match(r"They (?:pay full price|send much back|come for the price)\b(?! more)", line.text), (
                line
            )


def test_a_message_gives_the_figure_of_each_thing_that_it_says(model: Model) -> None:
    asked = {"main": "growing", "value": "high", "engagement": "low"}
    plays = tomllib.loads(Path(plays_module.__file__).with_name("plays.toml").read_text(encoding="utf-8"))
    assert any(entry["when"] == asked for entry in plays["message"])
    own = Candidates(model.segmentation["S1"], model)
    own.evidence = {key: {level: (Finding(f"figure of {key}"),)} for key, level in asked.items()}
    line = next(iter(own.candidates("message"))).line
    assert line.fact == "figure of main; figure of value; figure of engagement"


def test_a_message_by_the_stage_of_a_third_says_many() -> None:
    """What a message by a stage says of all of a segment, it says with the words that say of how many it is true."""
    plays = tomllib.loads(Path(plays_module.__file__).with_name("plays.toml").read_text(encoding="utf-8"))
    claims = re.compile(
        r"\b(?:new|come often|keep coming|one \{event\}|several|quiet(?:er)?|gone|left)\b", re.IGNORECASE
    )
    for entry in plays["message"]:
        if "main" in entry["when"] and claims.search(entry.get("say", "")):
            # "They come often" of a growing segment rests on visits, which are an average.
            assert re.search(r"\{most\}|\{Part\}|[Mm]any|Newer", entry["say"]) or "engagement" in entry["when"], entry


def test_where_nothing_else_is_known_the_message_is_a_condition_that_no_other_segment_has(model: Model) -> None:
    texts = [in_common(segment, model) for segment in model.segmentation.segments]
    assert len(set(texts)) == len(texts)
    conditions = [text.partition("Speak to what they have in common: ")[2] for text in texts]
    assert any(conditions)
    for said, segment in zip(conditions, model.segmentation.segments, strict=True):
        assert said.casefold() in segment.definition.casefold()  # true by definition
        assert bool(said) <= (len(segment.rules) == 1)


# ---- the plan that is written ----


def test_a_plan_read_back_changes_nothing(model: Model, tmp_path: Path) -> None:
    path = write_plan(model, tmp_path / "playbook.toml")
    assert plays_of(model, read_plan(path, model)) == plays_of(model)
    assert path.read_text(encoding="utf-8") == plan_text(model)


def test_a_text_that_is_changed_is_decided(model: Model, tmp_path: Path) -> None:
    path = write_plan(model, tmp_path / "playbook.toml")
    before = plays_of(model)["S1"]
    path.write_text(path.read_text(encoding="utf-8").replace(before.do[0].text, "Ask them", 1), encoding="utf-8")
    after = plays_of(model, read_plan(path, model))["S1"]
    assert after.do[0] == Line("Ask them", decided=True)
    assert after.do[1:] == before.do[1:]


def test_writing_a_plan_from_the_command_line(model: Model, model_dir: Path, tmp_path: Path) -> None:
    path = tmp_path / "playbook.toml"
    assert explain("playbook", "--model", model_dir, "--write-plan", path).exit_code == 0
    assert path.read_text(encoding="utf-8") == plan_text(model)
    assert "expected a path that is free" in refused(tmp_path, "playbook", "--model", model_dir, "--write-plan", path)
    with_both = ("playbook", "--model", model_dir, "--write-plan", path, "--out", tmp_path / "out")
    assert "--write-plan FILE" in refused(tmp_path, *with_both, code=2)
    for where in (("--check",), ("--write-plan", tmp_path / "other.toml")):
        with_money = ("playbook", "--model", model_dir, *where, "--margin", "3")
        assert "they go with --out" in refused(tmp_path, *with_money, code=2)


@pytest.mark.parametrize(("mean", "proposed"), [(0.25, True), (0.2, True), (0.19, False)])
def test_email_is_no_channel_where_fewer_than_of_all_open_it(mean: float, proposed: bool, model: Model) -> None:
    # All of them ordinary: none is far enough from the average to be called high or low.
    segment = model.segmentation.segments[0]
    profile = tuple(
        replace(item, mean=mean, base=0.2, rank=0.5, known=segment.customers)
        if model.contract[item.feature].role == "email" else item
        for item in segment.profile
    )  # fmt: skip
    found = Candidates(replace(segment, profile=profile), model)
    assert ("E-mail" in [one.line.text for one in allowed(found.candidates("channels"), frozenset())]) == proposed
    assert ("email" in barred_by(found.evidence)) != proposed
