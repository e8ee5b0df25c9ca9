"""The comparison memo: its numbers are those of the model folder, as PDF and as a self-contained page."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pypdf
import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import visiting
from helpers import TINY, every_command, explain, learn, refused, smallest_type

from northstar_explain import model as models
from northstar_explain.contract import Contract
from northstar_explain.contract.economics import Economics
from northstar_explain.model import Model
from northstar_explain.model.campaign.money import money_facts
from northstar_explain.model.campaign.money_words import TO_FILL_IN, amount, campaign_words
from northstar_explain.model.evaluation import limits
from northstar_explain.model.evaluation.experiment_facts import LabelAsFeature, ShuffledLabel
from northstar_explain.model.evaluation.figure_facts import Interval
from northstar_explain.model.evaluation.metric_registry import CAPTURE_20, ROC_AUC
from northstar_explain.model.evaluation.purchase_facts import SkippedBaseline
from northstar_explain.model.evaluation.rate_facts import Subgroup
from northstar_explain.model.wording import capital
from northstar_explain.report.document.blocks import Cell, Table, Text
from northstar_explain.report.memo import ranking_chapters
from northstar_explain.report.memo.baseline_table import TO_BEAT, baseline_blocks
from northstar_explain.report.memo.recommendation import Decision
from northstar_explain.report.memo.together_chapters import treatment_table
from northstar_explain.report.memo.weak_groups import MOST_GROUPS, weak_groups
from northstar_explain.report.memo.which_table import when_to_use_which
from northstar_explain.report.memo.write_memo import memo as memo_of
from northstar_explain.report.memo.write_memo import write_memo
from northstar_explain.report.playbook.evidence import is_audience


@pytest.fixture(scope="module")
def compared(customers: pa.Table, contract: Contract) -> Model:
    return learn(customers.slice(0, 3_000), contract, replace(TINY, experiments=True)).model


@pytest.fixture(scope="module")
def memo(compared: Model, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_memo(compared, tmp_path_factory.mktemp("memo") / "comparison.pdf")


def plain(page: str) -> str:
    """The texts of a page, without its markup."""
    return " ".join(html.unescape(re.sub("<[^>]*>", " ", page)).split())


def test_the_memo_shows_the_stored_figures(compared: Model, memo: tuple[Path, Path]) -> None:
    facts = compared.evaluation
    pages = pypdf.PdfReader(memo[0]).pages
    text = " ".join(" ".join(page.extract_text() for page in pages).split())
    experiments, holdout = facts.experiments, facts.purchase.holdout
    assert experiments is not None
    shuffled = experiments.shuffled_label
    for figure in (
        f"{shuffled.roc_auc:.3f}",
        f"{shuffled.roc_auc_shuffled:.2f}",
        f"{max(shuffled.roc_aucs_shuffled):.2f}",
        f"{holdout.figures[CAPTURE_20]:.0%}",
        f"{experiments.effects[0].eta_squared:.0%}",
        shuffled.segments_sha256[0][:12],
        f"{facts.segments.price_of_explainability:.3f}",
        f"{holdout.figures[ROC_AUC]:.3f}",
        f"{facts.together.control_sizes[1].customers_each:,}",
    ):
        assert figure in text, figure
    for one in experiments.variants:
        assert f"{one.roc_auc:.3f}" in text
    assert 4 <= len(pages) <= 6
    assert all(segment.name in text for segment in compared.segmentation.segments)


def test_the_memo_shows_the_limits_of_monitor(memo: tuple[Path, Path]) -> None:
    text = " ".join(memo[1].read_text(encoding="utf-8").split())
    for words in (
        f"more than {limits.REJECTED_SHARE:.0%} of rows are rejected",
        f"moves by more than {limits.MONITOR_SEGMENT_CHANGE:.0%} of itself",
        f"falls more than {limits.MONITOR_AUC_DROP:g} below",
        f"off by more than {limits.points(limits.MONITOR_CALIBRATION_GAP)} ",
    ):
        assert words in text, words


def test_every_customer_of_the_holdout_is_in_one_cell(compared: Model) -> None:
    todo = treatment_table(compared)
    cells = [cell for row in todo.rows for cell in row[1:] if isinstance(cell, Cell)]
    assert len(cells) == 3 * len(compared.segmentation.segments)
    counts = [int(cell.note.split(":")[0].replace(",", "")) for cell in cells]
    assert sum(counts) == compared.evaluation.purchase.holdout.n
    planned = [cell for row in todo.rows for cell in row[1:] if isinstance(cell, Cell)]
    bands = compared.evaluation.audiences.segments
    enough = [is_audience(bands[one.id].bands[key], one) for one in compared.segmentation.segments
              for key in ("first", "next", "rest")]  # fmt: skip
    assert [not cell.text.startswith(("Too few", "None here")) for cell in planned] == enough


def test_on_average_a_shuffled_label_carries_no_information(compared: Model) -> None:
    assert compared.evaluation.experiments is not None
    facts = compared.evaluation.experiments.shuffled_label
    assert len(facts.roc_aucs_shuffled) == 10
    assert len(set(facts.roc_aucs_shuffled)) > 1
    assert facts.roc_auc_shuffled == pytest.approx(sum(facts.roc_aucs_shuffled) / 10)
    # A single one may be far from 0.5: a small EBM fits the noise of its shuffled label.
    assert abs(facts.roc_auc_shuffled - 0.5) < 0.12 < facts.roc_auc - 0.5


def test_no_type_is_below_nine_points(memo: tuple[Path, Path]) -> None:
    assert smallest_type(memo[0].read_bytes()) >= 9


def test_the_page_is_self_contained(memo: tuple[Path, Path]) -> None:
    page = memo[1].read_text(encoding="utf-8")
    shown = page[: page.index("</main>")]
    assert not re.search(r'(src|href)="(?!#|data:)', shown)
    assert "asset:" not in page
    assert shown.count("<svg") == shown.count(' role="img"><title>') == 4  # every chart says what it shows
    assert shown.count('type="application/json"') == 4


def test_the_page_links_to_the_reports_that_are_named(compared: Model, tmp_path: Path) -> None:
    out = tmp_path / "memo" / "memo.pdf"
    out.parent.mkdir()
    _, page = write_memo(compared, out, beside={"Segment playbook": tmp_path / "playbook" / "playbook.html"})
    assert 'href="../playbook/playbook.html">Segment playbook</a>' in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_reads_well_in_a_browser(memo: tuple[Path, Path], browser: Any, width: int) -> None:
    with visiting(browser, memo[1], width) as visit:
        page = visit.page
        for figure in page.locator("figure.chart").all():
            figure.scroll_into_view_if_needed()
            figure.locator(".drawn svg").wait_for()
        sizes = """[...document.querySelectorAll('.drawn svg')].flatMap((svg) => {
            const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
            return [...svg.querySelectorAll('text')].map((text) => scale * parseFloat(getComputedStyle(text).fontSize));
        })"""
        assert min(page.evaluate(sizes)) >= 10.9
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("[...document.fonts].some((font) => font.family === 'Inter' && font.status === 'loaded')")
        assert page.locator("main").count() == 1
        assert page.locator("nav[aria-label=Contents] a").count() == 7
        assert page.locator("thead th:not([scope])").count() == page.locator("tbody th:not([scope])").count() == 0
        assert page.locator(".scroll:not([tabindex='0'])").count() == 0
        found = Axe().run(page).response["violations"]
        assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
        assert visit.errors == visit.requests == []


def test_no_sentence_takes_the_outcome_for_a_purchase(compared: Model) -> None:
    contract = replace(
        compared.contract, noun="visits", outcome="ends in a booking", title="Visits", horizon="that day"
    )
    document = memo_of(replace(compared, contract=contract))
    experiments, text = compared.evaluation.experiments, plain(document.page())
    assert experiments is not None
    # What the contract or the data say is no word of ours: names, features, and the rule on the label.
    theirs = [*experiments.label_as_feature.definitions, *(one.name for one in compared.segmentation.segments)]
    theirs += [contract.label, *(feature.words for feature in contract.features)]
    for words in sorted(theirs, key=len, reverse=True):
        text = text.replace(words, "").replace(capital(words), "")
    assert re.findall(r"\b(?:buy|buys|bought|buyers?|purchase\w*|customers?|30 days)\b", text) == []
    # A visit is nobody.
    assert re.findall(r"\b(?:some|any|every|no)(?:body|one)\b", text, re.IGNORECASE) == []
    assert "“ends in a booking”, is true of" in text
    assert "visits of the holdout" in text


def test_what_shuffling_shows_is_said_as_it_is() -> None:
    facts = ShuffledLabel(("a" * 64, "a" * 64), True, 0.8, 0.51, (0.5, 0.52))
    assert "nothing is left. The segments never use it." in ranking_chapters.of_shuffling(facts)
    assert "little is left." in ranking_chapters.of_shuffling(replace(facts, roc_auc_shuffled=0.6))
    assert "here they did" in ranking_chapters.of_shuffling(replace(facts, segments_identical=False))
    label = LabelAsFeature(4, 4, 0, ("all",), (0.1, 0.2), 0.6, 0.0)
    assert len(ranking_chapters.label_blocks(label, "bought", "customers")) == 1
    used = ranking_chapters.label_blocks(replace(label, rules_using_label=2), "bought", "customers")
    assert Text("all", "quote") in used


def test_the_same_model_gives_the_same_bytes(compared: Model, memo: tuple[Path, Path], tmp_path: Path) -> None:
    again = write_memo(compared, tmp_path / "comparison.pdf")
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in memo]


def test_the_recommendation_stands_on_top(compared: Model) -> None:
    money = compared.evaluation.money
    assert money is not None
    front = plain(memo_of(compared).page())
    front = front[: front.index("1. Two approaches")]
    for words in (
        campaign_words(money, "$"),
        f"Amount {amount(money.proposal.outlooks[0].spend, '$')} at most",
        "Owner to confirm Decide by to confirm",
        "assumptions: confirm them",
        "1,200,000 monthly active users; the table that this memo rests on holds 3,000 customers, as many as under 1%",
        "The other 1,197,000 are not in the table",
        *(amount(one.earned, "$") for one in money.proposal.outlooks),
    ):
        assert words in front, words
    named = plain(memo_of(compared, decision=Decision("Ada <Growth>", "2026-05-01")).page())
    assert "Owner Ada <Growth> Decide by 1 May 2026" in named
    # A population comes from the contract alone.
    contract = replace(compared.contract, population=None, population_words="")
    assert "users" not in plain(memo_of(replace(compared, contract=contract)).page())


def test_no_campaign_is_tabulated_where_no_contact_pays(compared: Model) -> None:
    facts = compared.evaluation
    money = money_facts(facts.audiences, facts.purchase, Economics(24.0, 20.0))
    front = plain(memo_of(replace(compared, evaluation=replace(facts, money=money))).page())
    front = front[: front.index("1. Two approaches")]
    assert "Do not pay for contacts at these amounts: in no segment and decile does a contact pay that adds" in front
    assert "Counted with a margin of $24" in front
    assert not re.findall("contact nobody|taken at random|If a contact adds|never", front)


def test_a_baseline_that_is_left_out_is_named_with_its_reason(compared: Model) -> None:
    skipped = SkippedBaseline("recency_rule", "no feature has the role recency")
    purchase = replace(compared.evaluation.purchase, baselines_skipped=(skipped,))
    blocks = baseline_blocks(replace(compared, evaluation=replace(compared.evaluation, purchase=purchase)))
    assert Text("Without a recency rule: no feature has the role recency.") in blocks


def test_without_economics_one_sentence_says_what_to_fill_in(compared: Model) -> None:
    bare = replace(compared, evaluation=replace(compared.evaluation, money=None))
    text = plain(memo_of(bare).page())
    before = text[: text.index("Appendix: calendar and commands")]
    assert before.count(TO_FILL_IN) == 1
    assert "Recommendation Use both." in before
    assert "Outcomes more" not in text


def test_commands_stand_in_the_appendix_alone(compared: Model) -> None:
    text = plain(memo_of(compared).page())
    body, appendix = text.split("Appendix: calendar and commands")
    assert not re.findall(rf"explain (?:{'|'.join(every_command())})\b", body)
    assert not re.findall(r"--[a-z]", body)
    commands = re.findall(r"explain ([a-z]+)", appendix)
    assert {"score", "monitor", "campaign", "train", "audit", "playbook", "compare"} <= set(commands)
    known = {option for one in every_command().values() for param in one.params for option in param.opts}
    assert set(re.findall(r"--[a-z-]+", appendix)) <= known


def test_weak_groups_are_those_below_all_by_more_than_chance(compared: Model) -> None:
    purchase = compared.evaluation.purchase
    (tenure,) = [one for one in purchase.subgroups if one.name.startswith("newer: ")]
    low = replace(tenure, recall=0.2, recall_interval=Interval(0.1, 0.3))
    wide = replace(tenure, name="wide", recall=0.2, recall_interval=Interval(0.0, 1.0))
    many = tuple(replace(low, by="age", name=f"group {place}", n=60 + place, recall=0.1) for place in range(9))

    def with_groups(*groups: Subgroup) -> Model:
        facts = replace(compared.evaluation, purchase=replace(purchase, subgroups=groups))
        return replace(compared, evaluation=facts)

    assert weak_groups(with_groups(low, wide)) == (low,)
    assert weak_groups(with_groups(low, replace(low, by="age", name="the same people"))) == (low,)
    assert weak_groups(with_groups(low, *many)) == many[:MOST_GROUPS]
    assert f"{low.name} {low.n:,}" in plain(memo_of(with_groups(low)).page())
    none = plain(memo_of(with_groups(wide)).page())
    assert "In no group of the checks does the flag find fewer" in none


def test_what_a_better_ranking_is_worth_is_said_as_it_is(compared: Model) -> None:
    purchase = compared.evaluation.purchase
    other = next(one for one in purchase.baselines if one.name == TO_BEAT)

    def said(behind: float, low: float, high: float) -> str:
        changed = replace(other, roc_auc_behind=behind, roc_auc_behind_interval=Interval(low, high))
        facts = replace(compared.evaluation, purchase=replace(purchase, baselines=(changed,)))
        return plain("".join(str(block) for block in baseline_blocks(replace(compared, evaluation=facts))))

    assert "may be chance" in said(0.004, -0.001, 0.009)
    assert "0.003 below the model's, too little to matter" in said(0.003, 0.001, 0.005)
    assert "0.040 below the model's." in said(0.04, 0.03, 0.05)
    assert "0.020 above the model's." in said(-0.02, -0.03, -0.01)
    assert "earns nothing more" in said(0.04, 0.03, 0.05)


def test_every_question_has_an_example_from_the_table(compared: Model) -> None:
    table = when_to_use_which(compared).blocks[0]
    assert isinstance(table, Table)
    examples = [str(row[2]) for row in table.rows]
    assert all(re.search(r"\d", one) for one in examples)
    money = compared.evaluation.money
    assert money is not None
    assert f"{money.proposal.contacted:,} contacts" in examples[2]


def test_without_experiments_the_memo_is_refused(model_dir: Path, tmp_path: Path) -> None:
    message = refused(tmp_path, "compare", "--model", model_dir, "--out", tmp_path / "memo.pdf", "--quiet")
    assert "Train again without --no-experiments" in message
    assert "an ending of .pdf" in refused(tmp_path, "compare", "--model", model_dir, "--out", tmp_path / "memo.txt")


def test_from_the_command_line(compared: Model, tmp_path: Path) -> None:
    models.save(compared, tmp_path / "model")
    done = explain("compare", "--model", tmp_path / "model", "--out", tmp_path / "memo.pdf", "--quiet")
    assert done.stdout.split() == [str(tmp_path / "memo.pdf"), str(tmp_path / "memo.html")]
    again = explain("compare", "--model", tmp_path / "model", "--out", tmp_path / "memo.pdf", "--quiet")
    assert again.exit_code == 1
    assert "--overwrite" in again.stderr


def test_a_memo_on_visits_tells_them_nothing_and_prints_a_true_minus(compared: Model) -> None:
    visits = replace(compared, contract=replace(compared.contract, noun="visits"))
    page = plain(memo_of(visits).page())
    assert not re.findall(r"visits (?:are told|who|whom)\b", page)
    assert "Segments decide what to say" in page
    assert not re.findall(r"(?<![\w-])-\d+\.\d", page)
