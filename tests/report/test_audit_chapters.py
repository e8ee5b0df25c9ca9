"""Chapters of the audit report: what they say follows from the model and from what people state."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import northstar_explain
from northstar_explain.errors import PackError
from northstar_explain.model import Model
from northstar_explain.model.evaluation import Interval, limits
from northstar_explain.model.golden_scores import EXPECTED
from northstar_explain.model.monitoring.trigger_list import monitor_triggers
from northstar_explain.model.parity import Certificate
from northstar_explain.model.scorecard import NumberBins, Scorecard, Term
from northstar_explain.report.audit.about import DATA, INVENTORY, UNASSIGNED, About, parse, snapshot_date, unstated
from northstar_explain.report.audit.chapters import by_hand, frameworks, group_checks, identity, reliance
from northstar_explain.report.audit.chapters.audit_contents import ReportContents
from northstar_explain.report.audit.chapters.finding_groups import group_findings
from northstar_explain.report.audit.shapes.compensation import strongest_compensation
from northstar_explain.report.audit.shapes.feature_shapes import feature_shapes
from northstar_explain.report.audit.shapes.pair_shapes import pair_shapes
from northstar_explain.report.audit.shapes.point_ranges import common_range, predicted_points
from northstar_explain.report.charts.threshold_curves import precision_recall_curve, roc_curve
from northstar_explain.report.document.blocks import Chapter, Facts, ItemList, Link, Table, Text

PACKAGE = Path(northstar_explain.__file__).parent


def facts(chapter: Chapter) -> dict[str, str]:
    return {name: value for block in chapter.blocks if isinstance(block, Facts) for name, value in block.rows}


def tables(chapter: Chapter) -> list[Table]:
    return [block for block in chapter.blocks if isinstance(block, Table)]


def test_the_contract_chapter_lists_every_relation(model: Model, hostile: Model) -> None:
    listed = [item for b in identity.contract(model).blocks if isinstance(b, ItemList) for item in b.items]
    assert [item.split(" (")[0] for item in listed] == [one.text for one in model.contract.relations] != []
    assert listed[0] == "sessions_30d <= sessions_90d (visits in the last 30 days; visits in the last 90 days)"
    assert any(isinstance(b, Text) and "states none" in b.text for b in identity.contract(hostile).blocks)


# Triggers.


def limits_compared_with() -> set[str]:
    """The limits that the code of monitoring, and the drift of a run, compare with."""
    found = set()
    for path in (*(PACKAGE / "evaluate" / "monitoring").glob("*.py"), PACKAGE / "score" / "feature_drift.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "northstar_explain.model.evaluation.limits":
                found |= {one.name for one in node.names}
    return {name for name in found if name.isupper()}


def test_every_limit_of_monitoring_is_a_trigger_that_the_report_prints() -> None:
    named = {name for one in monitor_triggers() for name in one.limits}
    # Below the first, a group has no figures; the other refuses outcomes of the training rows.
    refusals = {"SUBGROUP_MIN_CUSTOMERS", "MONITOR_TRAINED_ROWS"}
    assert named == limits_compared_with() - refusals
    for one in monitor_triggers():
        for name in set(one.limits) - {"CHANCE_Z", "MONITOR_CELLS_CHANCE"}:
            value = getattr(limits, name)
            assert any(text in one.words for text in (f"{value:g}", f"{value:.0%}", limits.points(value))), name


# One customer by hand.


def number(text: str) -> float:
    return float(text.replace("−", "-").replace("+", ""))


@pytest.mark.parametrize("which", ["model", "hostile"])
def test_the_customer_worked_out_by_hand_has_the_expected_score(which: str, request: pytest.FixtureRequest) -> None:
    one: Model = request.getfixturevalue(which)
    page = by_hand.by_hand(one)
    (table,) = tables(page)
    said = facts(page)
    points = [number(str(row[-1])) for row in table.rows]
    assert len(points) == len(one.scorecard.terms)
    total = number(said[f"Points of the {len(points)} terms"])
    assert sum(points) == pytest.approx(total, abs=1e-6 * len(points))
    assert number(said["Intercept"].split(" ")[0]) + total == pytest.approx(
        number(said["Log-odds, their sum"]), abs=2e-6
    )
    probability = float(said["Probability"].split("= ")[1])
    assert probability == pytest.approx(1 / (1 + np.exp(-number(said["Log-odds, their sum"]))), abs=1e-6)
    lead = next(block.text for block in page.blocks if isinstance(block, Text))
    row = int(re.findall(r"Golden row (\d+)", lead)[0]) - 1
    assert probability == pytest.approx(one.golden[EXPECTED[1]][row].as_py(), abs=1e-6)
    (steps,) = (block.items for block in page.blocks if hasattr(block, "items"))
    assert f"Therefore {one.golden[EXPECTED[0]][row].as_py()}, " in steps[-1]


# Statements.


def test_what_nobody_states_is_unassigned_and_named(model: Model) -> None:
    said = facts(identity.inventory(model, About())) | facts(identity.data(model))
    assert said["Tier"] == said["Source"] == said["Exclusions"] == UNASSIGNED
    # What the contract says is not missing.
    assert model.contract.label in said["Label definition"]
    assert set(unstated(About(), model)) == {
        name.replace("_", " ") for name in (*DATA, *INVENTORY) if name != "label_definition"
    } - ({"snapshot date"} if model.manifest.get("as_of") else set())
    given = {name: ["a", "b"] if isinstance(getattr(About(), name), tuple) else "said" for name in (*DATA, *INVENTORY)}
    about = parse(given, "about.toml")
    assert unstated(about, model) == ()
    said = facts(identity.inventory(model, about)) | facts(identity.data(model, about))
    assert said["Users"] == "a; b" and said["Query"] == "said" and said["Label definition"] == "said"
    with pytest.raises(PackError, match="an unknown key"):
        parse({"tiers": "2"}, "about.toml")


def test_both_frameworks_lead_to_chapters_that_there_are(hostile: Model) -> None:
    files = {"sql/segments.sql": b"select 1"}
    certificate = Certificate(hostile.id, hostile.golden.num_rows, ())
    shapes, pairs = feature_shapes(hostile), pair_shapes(hostile)
    what = {"sql/segments.sql": "SQL"}
    report = ReportContents(hostile, About(), "2026-01-01", shapes, pairs, certificate, files, what).report()
    chapters = {f"#{one.id}": one.title for one in report.chapters}
    page = next(one for one in report.chapters if one.id == "frameworks")
    links = [cell for table in tables(page) for row in table.rows for cell in row if isinstance(cell, Link)]
    assert len(links) > 20
    assert all(chapters[link.address] == link.text for link in links)
    # Every heading has its chapters, or says that this pack has none.
    assert all(row[1] == "–" or isinstance(row[1], Link) for table in tables(page) for row in table.rows)
    assert "claims no compliance" in next(block.text for block in page.blocks if isinstance(block, Text))
    assert frameworks.frameworks() == page


# Where to look first.


def test_groups_that_features_tell_are_named_only_beyond_the_limit(model: Model) -> None:
    purchase = model.evaluation.purchase
    quiet = tuple(replace(g, calibration_z=0.0, flag_ratio=None, recall_interval=None) for g in purchase.subgroups)

    def found(low: float) -> list[str]:
        first = purchase.proxies[0]
        score = replace(first.together, roc_auc=0.643, roc_auc_interval=Interval(low, 0.68))
        changed = replace(purchase, subgroups=quiet, proxies=(replace(first, together=score),))
        one = replace(model, evaluation=replace(model.evaluation, purchase=changed))
        return [f"{finding.text} {finding.figure} {finding.interval}" for finding in group_findings(one)]

    assert found(limits.WEAK_PROXY_AUC) == []
    (said,) = found(0.61)
    words = {feature.name: feature.words for feature in model.contract.features}
    assert words[purchase.proxies[0].alone.feature or ""] in said and "ROC-AUC 0.643 0.610 to 0.680" in said


def test_no_column_holds_dashes_alone(model: Model) -> None:
    """Directions and flag ratios stand in the report where the contract requires or compares any."""
    purchase = model.evaluation.purchase
    quiet = replace(purchase, subgroups=tuple(replace(one, flag_ratio=None) for one in purchase.subgroups))
    features = tuple(replace(one, monotone=None) for one in model.contract.features)
    bare = replace(
        model,
        contract=replace(model.contract, features=features),
        evaluation=replace(model.evaluation, purchase=quiet),
    )
    for one, shown in ((model, True), (bare, False)):
        checks = group_checks.groups(one)
        terms = reliance.overview(one, feature_shapes(one), [])
        heads = [head for chapter in (checks, terms) for table in tables(chapter) for head in table.head]
        assert ("Flag ratio" in heads, "Expected" in heads) == (shown, shown)
        text = " ".join(str(block.text) for block in (*checks.blocks, *terms.blocks) if isinstance(block, Text))
        assert ("The flag ratio is" in text, "Expected: the direction" in text) == (shown, shown)


def with_points(model: Model, pair_points: float) -> Model:
    """The model with main effects of +1 everywhere, and one cell of its pair that has other points than none."""
    terms = []
    for term in model.scorecard.terms:
        points = np.ones_like(term.points) if len(term.axes) == 1 else np.zeros_like(term.points)
        if len(term.axes) == 2:
            points[np.unravel_index(int(np.argmax(term.customers)), term.customers.shape)] = pair_points
        terms.append(replace(term, points=points))
    return replace(model, scorecard=Scorecard(model.scorecard.intercept, tuple(terms)))


def test_a_cell_that_takes_back_what_its_features_give_is_found(hostile: Model) -> None:
    for points, taken in ((-1.5, 1.5), (-0.2, 0.2), (0.7, None)):
        one = with_points(hostile, points)
        # Of a small table's pair, no cell has enough customers: here each has many.
        pairs = [replace(pair, train_n=1_000 * pair.train_n) for pair in pair_shapes(one)]
        assert strongest_compensation(one, pair_shapes(one)) is None
        found = strongest_compensation(one, pairs)
        if taken is None:
            assert found is None
        else:
            assert found is not None
            assert found.points == points and found.taken_back == pytest.approx(taken)
            # A feature that is in a pair alone gives nothing by itself.
            mains = {term.name for term in one.scorecard.terms}
            sides = (found.pair.first, found.pair.second)
            assert found.apart == pytest.approx(sum(side.feature.name in mains for side in sides))


def test_points_of_finer_bins_are_averaged_over_the_bin_of_a_pair() -> None:
    from northstar_explain.report.audit.shapes.compensation import _means

    own = NumberBins("x", np.array([1.0, 2.0, 3.0]))
    customers = np.array([0, 10, 30, 10, 50, 0])
    points = np.array([9.0, 1.0, 2.0, 4.0, 8.0, 9.0])
    term = Term((own,), points, points, customers)
    assert _means(term, NumberBins("x", np.array([2.0]))).tolist() == [0, 70 / 40, 440 / 60, 0]


# Charts.


def test_the_curves_go_through_the_stored_thresholds(model: Model) -> None:
    purchase = model.evaluation.purchase
    roc = roc_curve(purchase.operating).spec["layer"]
    assert [(v["x"], v["y"]) for v in roc[1]["data"]["values"]] == [
        (0.0, 0.0), *((one.false_positive_rate, one.recall) for one in purchase.operating), (1.0, 1.0)
    ]  # fmt: skip
    (chosen,) = (value for value in roc[2]["data"]["values"] if value["chosen"])
    own = next(one for one in purchase.operating if one.chosen)
    assert (chosen["x"], chosen["y"], own.threshold) == (
        own.false_positive_rate, own.recall, model.purchase.threshold
    )  # fmt: skip
    drawn = precision_recall_curve(purchase.operating, purchase.holdout.base_rate).spec["layer"][1]["data"]["values"]
    assert [(v["x"], v["y"]) for v in drawn][:-1] == [
        (one.recall, one.precision) for one in purchase.operating if one.precision is not None
    ]
    # Everybody flagged: the base rate.
    assert (drawn[-1]["x"], drawn[-1]["y"]) == (1.0, purchase.holdout.base_rate)


def test_predicted_rates_stand_beside_actual_ones(model: Model) -> None:
    shapes = feature_shapes(model)
    common = common_range(shapes, model.purchase.intercept)
    shape = next(one for one in shapes if one.axis is not None)
    shown = [bin for bin in shape.groups if bin.holdout_n >= limits.THIN_BIN_CUSTOMERS]
    for bin in shown:
        points = predicted_points(bin, model.purchase.intercept, common)
        if points is not None:
            rate = 1 / (1 + np.exp(-model.purchase.intercept - points))
            assert rate == pytest.approx(bin.predicted / bin.holdout_n)
    few = replace(shown[0], holdout_n=limits.THIN_BIN_CUSTOMERS - 1)
    assert predicted_points(few, model.purchase.intercept, common) is None


@pytest.mark.parametrize(
    ("stated", "option", "key", "words"),
    [
        ("2026-03-01", None, "", "2026-03-01"),
        (UNASSIGNED, "2026-02-01", "seen_on", "2026-02-01 (given to “explain train”)"),
        (UNASSIGNED, None, "2026-02-01", "2026-02-01 (from the contract)"),
        (UNASSIGNED, None, "seen_on", "2026-02-01 (the latest day in the column seen_on)"),
    ],
)
def test_the_report_says_where_the_day_of_the_table_comes_from(
    stated: str, option: str | None, key: str, words: str, hostile: Model
) -> None:
    options = hostile.manifest["options"] | {"as_of": option}
    manifest = {**hostile.manifest, "as_of": "2026-02-01", "options": options}
    dated = replace(hostile, manifest=manifest, contract=replace(hostile.contract, as_of=key))
    assert snapshot_date(About(snapshot_date=stated), dated) == words
