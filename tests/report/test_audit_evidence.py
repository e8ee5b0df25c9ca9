"""The evidence of a pack: its figures follow from it, by a script that needs NumPy alone."""

from __future__ import annotations

import ast
import bz2
import csv
import io
import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pypdf
import pytest
from helpers import TINY, learn, with_cells

from northstar_explain import api
from northstar_explain import model as models
from northstar_explain.api import audit_calls
from northstar_explain.contract import Contract, northstar, parse
from northstar_explain.errors import ModelError, PackError
from northstar_explain.evaluate import group_chance
from northstar_explain.model import Model
from northstar_explain.model.evaluation.limits import FOUR_FIFTHS
from northstar_explain.model.holdout_evidence import (
    HOLDOUT,
    REJECTED,
    SET_NAMES,
    Evidence,
    evidence_of,
    holdout_table,
    kept_baseline,
    kept_probability,
    packed_csv,
)
from northstar_explain.report.audit.chapters.audit_finding import AuditFinding
from northstar_explain.report.audit.chapters.finding_groups import group_findings
from northstar_explain.report.audit.chapters.group_checks import groups
from northstar_explain.report.audit.chapters.identity import data as lineage
from northstar_explain.report.audit.chapters.identity import simulated
from northstar_explain.report.audit.chapters.performance import performance
from northstar_explain.report.audit.pack import recompute
from northstar_explain.report.audit.pack.evidence_files import RowNames, evidence_files
from northstar_explain.report.document.blocks import Facts
from northstar_explain.report.document.document import Document
from northstar_explain.verify.rebuild_pack import _names


def laid_out(model: Model, folder: Path, names: RowNames | None = None) -> Path:
    """What recompute.py needs of a pack."""
    models.save(model, folder / "model")
    for name, (data, _) in evidence_files(model, names).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture(scope="module")
def evidence(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return laid_out(model, tmp_path_factory.mktemp("evidence"))


@pytest.fixture(scope="module")
def figures(evidence: Path) -> list[tuple[str, float, float]]:
    return recompute.compared(evidence)


def column(pack: Path, file: str, name: str) -> list[str]:
    with bz2.open(pack / f"{file}.csv.bz2", "rt", newline="") as text:
        return [row[name] for row in csv.DictReader(text)]


def test_the_script_in_the_pack_runs_by_itself_and_finds_every_figure(evidence: Path) -> None:
    """In a process that cannot see the package: isolated, without its path."""
    imported = {
        alias.name if isinstance(node, ast.Import) else node.module
        for node in ast.walk(ast.parse((evidence / "recompute.py").read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert {str(name).split(".")[0] for name in imported} - set(sys.stdlib_module_names) == {"numpy"}
    done = subprocess.run(
        [sys.executable, "-I", str(evidence / "recompute.py")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert re.search(r"[1-9],\d\d\d figures; largest difference \d\.\de-1[5-9]", done.stdout)
    assert "6,000 rows dealt to train, validation and holdout again: 0 in another set" in done.stdout
    assert not re.search(r"\bnan\b", done.stdout)


def test_a_figure_that_only_one_has_is_printed_as_not_available(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    nan = float("nan")
    rows = [("kept", 0.5, 0.5), ("neither", nan, nan), ("lost", 0.25, nan)]
    monkeypatch.setattr(recompute, "compared", lambda pack: rows)
    monkeypatch.setattr(recompute, "other_sets", lambda pack: (0, 10))
    monkeypatch.setattr(recompute, "odd_rows", lambda pack: 0)
    assert recompute.main(Path()) == 1  # one that is stored and not recomputed is a difference
    shown = capsys.readouterr().out
    assert re.search(r"lost +0\.25 +not available +inf", shown)
    assert "neither" not in shown and "nan" not in shown
    assert "2 figures; largest difference inf" in shown and "1 figures are not available in either" in shown


def test_every_figure_of_the_purchase_facts_is_recomputed(
    evidence: Path, figures: list[tuple[str, float, float]]
) -> None:
    stored = json.loads((evidence / "model" / "evaluation.json").read_bytes())["purchase"]
    numbers = {path for path, value in recompute.leaves(stored) if isinstance(value, int | float)}
    # What does not follow from the holdout: choices made elsewhere, and the sizes of other sets.
    beside = {path for path in numbers if re.match(
        r"(terms|black_box_search|directions|bootstrap_draws|out_of_time|group_split|train_n|validation_n|baselines\[\d\]\.threshold"
        r"|deciles\[\d\]\.decile|operating\[\d+\]\.chosen|flags\[\d\]\.(assumed_uplift|at\.chosen))", path)}  # fmt: skip
    assert numbers - beside - {path for path, _, _ in figures} == set()


def test_a_changed_label_score_group_or_set_is_found(evidence: Path, tmp_path: Path) -> None:
    for file, name, other in (
        ("holdout", "label", {"0": "1", "1": "0"}),
        ("holdout", "probability", {}),
        ("holdout", "groups", {}),
        ("holdout", "skipped", {}),
        ("holdout", "segment", {}),
        ("sets", "set", {"train": "holdout"}),
    ):
        pack = Path(shutil.copytree(evidence, tmp_path / f"{file}-{name}"))
        path = pack / "model" / f"{file}.csv.bz2"
        with bz2.open(path, "rt", newline="") as text:
            head, *rows = csv.reader(text)
        place = head.index(name)
        # Of a row in the middle, one cell.
        cell = rows[600][place]
        rows[600][place] = other.get(cell, "0.5" if name == "probability" else cell.rpartition(" ")[0] or cell + "1")
        if cell != rows[600][place] and len(rows) > 600:
            path.write_bytes(bz2.compress("\n".join(map(",".join, [head, *rows])).encode()))
        rows_differ = any(recompute.apart(a, b) > recompute.TOLERANCE for _, a, b in recompute.compared(pack))
        assert rows_differ or recompute.other_sets(pack)[0] or recompute.odd_rows(pack), name


def test_each_number_of_the_two_chapters_in_the_pdf_is_a_recomputed_one(
    model: Model, figures: list[tuple[str, float, float]]
) -> None:
    chapters = (performance(model), groups(model))
    pdf = Document("Figures", "audit", chapters, styles=("audit.css",)).pdf()
    text = " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)
    # Names of groups, years of sources and columns' names are no figures; a name may be broken into lines.
    named = {one.name for one in model.evaluation.purchase.subgroups} | {one.words for one in model.contract.features}
    for name in sorted(named, key=len, reverse=True):
        text = re.sub(r"\s+".join(map(re.escape, name.split())), " ", text)
    numbers = re.findall(r"\d[\d,]*(?:\.\d+)?", re.sub(r"\b(?:19|20)\d\d\)|EEOC\s+\d{4}", "", text))
    values = [abs(value) for _, _, value in figures if not np.isnan(value)]
    # Differences of predicted and actual rate, which the table of calibration shows.
    values += [abs(one.purchase_rate - one.predicted_rate) for one in model.evaluation.purchase.reliability]
    # What the settings of the black box reached on the validation rows.
    values += [one.roc_auc for one in model.evaluation.purchase.black_box_search.settings]
    found = np.array(values)
    # Draws, numbers of bins and ticks of axes, sizes and limits that sentences state.
    beside = {FOUR_FIFTHS, float(model.evaluation.purchase.bootstrap_draws), *map(float, range(101))}
    unknown = []
    for number in numbers:
        value = float(number.replace(",", ""))
        half = 0.5000001 * 10.0 ** -len(number.partition(".")[2])
        # As it stands, or in percent.
        if value not in beside and not any(np.abs(found * scale - value).min() <= half for scale in (1, 100)):
            unknown.append(number)
    assert len(numbers) > 500
    assert unknown == []


@pytest.mark.parametrize("together", [False, True])
def test_figures_follow_from_the_evidence_of_a_later_table_and_of_groups(
    together: bool, few: pa.Table, customers: pa.Table, tmp_path: Path
) -> None:
    """Rows that belong together are dealt and drawn together; with a later table, it is the holdout."""
    contract, later = northstar(), customers.slice(1_500, 800)
    if together:
        text = contract.text.replace('id = "customer_id"', 'id = "customer_id"\ngroup = "house"')
        contract = parse(text)
        houses = pa.array([f"h{row // 3}" for row in range(few.num_rows)])
        few = few.append_column("house", houses)
        trained = learn(few, contract, TINY)
    else:
        trained = learn(few, contract, TINY, later)
    pack = laid_out(trained.model, tmp_path)
    assert max(recompute.apart(a, b) for _, a, b in recompute.compared(pack)) <= recompute.TOLERANCE
    assert recompute.other_sets(pack) == (0, 1_500)
    assert recompute.odd_rows(pack) == 0
    assert len(column(pack, "model/holdout", "label")) == trained.model.evaluation.purchase.holdout.n
    if together:
        # Numbers, and not the names of the houses.
        assert all(cell.isdigit() for cell in column(pack, "model/sets", "together"))


def test_rows_are_those_of_the_table_though_some_were_rejected(few: pa.Table, contract: Contract) -> None:
    spoiled = with_cells(few, "orders_365d", {0: -1, 7: -5})
    trained = learn(spoiled, contract, TINY)
    sets = trained.model.evidence.sets
    assert [row for row, name in enumerate(sets["set"].to_pylist(), 1) if name == REJECTED] == [1, 8]
    assert sets["label"].null_count == 2 and sets.num_rows == 1_500
    label = spoiled["purchased_next_30d"].to_pylist()
    held = trained.model.evidence.holdout
    assert [label[row - 1] for row in held["row"].to_pylist()] == held["label"].to_pylist()
    assert set(sets["set"].to_pylist()) == {*SET_NAMES, REJECTED}


def test_the_evidence_names_nobody_unless_asked(model: Model, evidence: Path, customers: pa.Table) -> None:
    ids = set(customers["customer_id"].to_pylist())
    for file in ("holdout", "sets", "baselines"):
        with bz2.open(evidence / "model" / f"{file}.csv.bz2", "rt", newline="") as text:
            assert not ids & {cell for row in csv.reader(text) for cell in row}
    assert not any(pa.types.is_string(f.type) and f.name not in ("segment", "groups")
                   for f in model.evidence.holdout.schema)  # fmt: skip
    assert not (evidence / "evidence" / "ids.csv.bz2").exists()


def test_ids_and_pseudonyms_are_those_of_the_rows(
    model: Model, customers: pa.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from northstar_explain.report.audit.pack import write_pack as writing

    given: list[RowNames | None] = []
    monkeypatch.setattr(writing, "write_pack", lambda *args: given.append(args[8]))
    key, short = tmp_path / "key", tmp_path / "short"
    key.write_bytes(b"k" * 32)
    short.write_bytes(b"k" * 15)
    for secret in (None, key):
        api.Model(model).audit(tmp_path / "pack", customers=customers, key=secret)
    plain, hidden = given
    rows = model.evidence.holdout["row"].to_pylist()
    ids = customers["customer_id"].to_pylist()
    assert plain is not None and list(plain.values) == [ids[row - 1] for row in rows]
    assert hidden is not None and hidden.column == "pseudonym"
    assert len(set(hidden.values)) == len(rows) and not set(hidden.values) & set(ids)
    with pytest.raises(PackError, match="expected 16 bytes or more; got 15"):
        api.Model(model).audit(tmp_path / "pack", customers=customers, key=short)
    with pytest.raises(PackError, match="expected the table that the model was trained on"):
        api.Model(model).audit(tmp_path / "pack", customers=customers.slice(1))


def test_ids_survive_commas_and_quotes(model: Model, tmp_path: Path) -> None:
    n = model.evidence.holdout.num_rows
    hard = ['a,"b"', "=1+1", "ü\nx", *(str(i) for i in range(n - 3))]
    pack = laid_out(model, tmp_path, RowNames("id", hard))
    found = column(pack, "evidence/ids", "id")
    assert found[:4] == ['a,"b"', "'=1+1", "ü\nx", "0"]
    assert column(pack, "evidence/ids", "skipped") == column(pack, "model/holdout", "skipped")
    assert _names(pack) == RowNames("id", found)  # as `verify` takes them


def test_an_evidence_without_a_column_is_refused() -> None:
    one = pa.table({"row": [1], "label": [0], "probability": [0.5], "groups": ["1"]})
    with pytest.raises(ModelError, match=r"m-1: holdout.csv.bz2: .*no column segment"):
        evidence_of(Evidence(one, one, one).files(), "m-1")
    with pytest.raises(ModelError, match=r"holdout.csv.bz2: expected what `explain train` writes there"):
        evidence_of(dict.fromkeys(Evidence(one, one, one).files(), b"BZh9"), "m-1")


def held_out(row: np.ndarray) -> pa.Table:
    """A holdout of rows at these positions, scored and labelled at random, each in the group of its segment."""
    rng, n = np.random.default_rng(2), len(row)
    segment, none = rng.integers(0, 8, n), np.zeros((n, 8), dtype=bool)
    none[np.arange(n), segment] = True
    return holdout_table(
        row,
        rng.integers(0, 2, n),
        np.round(rng.random(n), 8),
        np.array([f"S{one + 1}" for one in segment], dtype=object),
        none,
        None,
    )


@pytest.mark.parametrize(
    "row", [np.arange(0), np.array([1]), np.array([7]), np.arange(900) + 1, np.flatnonzero(np.arange(900) % 5) + 1]
)
def test_positions_are_read_back_from_the_rows_that_are_left_out(row: np.ndarray, tmp_path: Path) -> None:
    kept = held_out(row)
    files = Evidence(
        kept, pa.table({"base_rate": np.zeros(len(row))}), pa.table({"label": [0], "set": ["train"]})
    ).files()
    found = evidence_of(files, "m-1").holdout
    assert found.select(kept.column_names).equals(kept)
    # A file of before says the positions themselves: the same to whoever reads it.
    assert evidence_of({**files, HOLDOUT: packed_csv(kept)}, "m-1").holdout.equals(kept)
    for data in files[HOLDOUT], packed_csv(kept):
        (tmp_path / HOLDOUT).write_bytes(data)
        if len(row):
            assert recompute.positions(tmp_path / HOLDOUT).tolist() == row.tolist()
    for odd in ("-1", ""):
        spoiled = bz2.compress(f"skipped,label,segment,groups,probability\n{odd},0,S1,1,0.5\n".encode())
        with pytest.raises(ModelError, match="skipped: a cell that is no number of rows"):
            evidence_of({**files, HOLDOUT: spoiled}, "m-1")


def test_a_row_of_evidence_takes_few_bytes_and_its_position_next_to_none() -> None:
    """Positions were a third of the demo's holdout, and its pack of 12.5 MB is to have 12 at most."""
    kept = held_out(np.arange(30_000) + 1)
    data = Evidence(kept, kept, kept).files()[HOLDOUT]
    # Label, segment and eight digits of a score, at random, hold 1/8 + 3/8 + 8 x 3.32/8 = 3.8 bytes.
    assert len(data) / 30_000 < 4.6
    without = packed_csv(kept.select(["label", "segment", "groups", "probability"]))
    assert (len(data) - len(without)) / 30_000 < 0.05
    assert len(packed_csv(kept)) / 30_000 > 5.5  # as it was


def test_kept_scores_are_read_back_as_they_are_and_pass_no_threshold() -> None:
    rng = np.random.default_rng(3)
    probability = np.concatenate([10.0 ** rng.uniform(-12, 0, 3_000), [0.0, 1.0, 0.5]])
    bounds = probability[:40]  # thresholds are scores, which those who have them meet
    kept = kept_probability(probability, bounds)
    assert np.array_equal(probability[:, None] >= bounds, kept[:, None] >= bounds)
    assert np.abs(kept - probability).max() <= 0.5e-8 and len({*map(repr, kept[40:])}) < 3_000
    baseline = kept_baseline(probability)
    assert baseline.tolist() == [float(f"{value:.4g}") for value in probability]


def test_pseudonyms_are_as_short_as_tells_all_ids_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [f"C{number}" for number in range(3_000)]
    assert {len(one) for one in audit_calls.pseudonyms(b"k" * 16, ids)} == {12}
    monkeypatch.setattr(audit_calls, "_DIGITS", 4)
    found = audit_calls.pseudonyms(b"k" * 16, [*ids, "C0"])
    assert {len(one) for one in found} == {8} and found[-1] == found[0] and len(set(found)) == 3_000


# What chance alone would give.


def test_calibration_z_is_normal_where_probabilities_are_right() -> None:
    rng = np.random.default_rng(4)
    probability = rng.uniform(0.02, 0.4, 400)
    draws = (rng.random((2_000, 400)) < probability).astype(int)
    z = np.array([group_chance.calibration_z(label, probability) for label in draws])
    low, high = group_chance.rate_by_chance(probability)
    assert abs(z.mean()) < 0.1 and abs(z.std() - 1) < 0.06
    inside = float(((draws.mean(axis=1) >= low) & (draws.mean(axis=1) <= high)).mean())
    assert 0.93 < inside < 0.97
    # The calibration error that chance gives, against its mean over these draws.
    from northstar_explain.metrics import expected_calibration_error

    errors = [expected_calibration_error(label, probability, 8) for label in draws[:400]]
    assert abs(group_chance.ece_by_chance(probability, 8) / np.mean(errors) - 1) < 0.05


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    rng = np.random.default_rng(5)
    hits = auc_hits = 0
    for _ in range(400):
        label = (rng.random(300) < 0.3).astype(int)
        score = rng.normal(label, 1.0)
        ends = group_chance.roc_auc_interval(label, score)
        assert ends is not None
        auc_hits += ends.low <= 0.7602 <= ends.high  # Phi(1 / sqrt 2), of two normals one deviation apart
        one, other = rng.binomial(200, 0.2), rng.binomial(300, 0.4)
        ratio = group_chance.ratio_interval(int(one), 200, int(other), 300)
        assert ratio is not None
        hits += ratio.low <= 0.5 <= ratio.high
    assert 0.92 < auc_hits / 400 < 0.98
    assert 0.92 < hits / 400 < 0.98


def test_what_has_no_interval_has_none() -> None:
    sure = np.array([0.0, 1.0])
    assert group_chance.calibration_z(np.array([0, 1]), sure) is None
    assert group_chance.roc_auc_interval(np.array([0, 1]), sure) is None
    assert group_chance.ratio_interval(0, 10, 3, 10) is None


def test_flag_ratios_compare_groups_of_one_kind(model: Model) -> None:
    found = [one for one in model.evaluation.purchase.subgroups if one.flag_ratio is not None]
    assert found
    for one in found:
        alike = [o for o in model.evaluation.purchase.subgroups if o.by == one.by and o.flag_rate is not None]
        assert one.by not in ("segment", "unknown")
        assert one.flag_ratio == pytest.approx(one.flag_rate / max(o.flag_rate for o in alike))  # type: ignore[operator, type-var]
        assert one.flag_ratio is not None and one.flag_ratio <= 1


def test_groups_that_stand_out_are_named_with_figure_and_interval(model: Model) -> None:
    purchase = model.evaluation.purchase

    def found(**changes: object) -> list[AuditFinding]:
        of = next(one for one in purchase.subgroups if one.by == "age_band" and one.flag_ratio_interval)
        others = [one for one in purchase.subgroups if one is not of]
        quiet = [replace(one, calibration_z=0.0, flag_ratio=None, recall_interval=None) for one in others]
        groups = (replace(of, **{"calibration_z": 0.0, "flag_ratio": 1.0, **changes}), *quiet)  # type: ignore[arg-type]
        changed = replace(model.evaluation, purchase=replace(purchase, subgroups=groups))
        return list(group_findings(replace(model, evaluation=changed)))

    assert found(calibration_z=2.9, flag_ratio=0.81) == []
    (off,) = found(calibration_z=-3.2)
    assert (off.figure, off.chapter) == ("z −3.2", "Group checks")
    assert off.interval.endswith("by chance") and "predicted" in off.text
    (seldom,) = found(flag_ratio=0.55)
    assert seldom.figure == "0.55" and re.fullmatch(r"\d\.\d\d to \d\.\d\d", seldom.interval)


def test_simulated_data_are_called_simulated(model: Model, hostile: Model) -> None:
    # A real table under Northstar's own contract has customers, of whom no true probability is known.
    gaps = model.evaluation.purchase.gaps
    assert gaps.true_probability is None
    purchase = replace(model.evaluation.purchase, gaps=replace(gaps, true_probability=gaps.black_box))
    known = replace(model, evaluation=replace(model.evaluation, purchase=purchase))
    for one, expected in ((known, True), (model, False), (hostile, False)):
        assert simulated(one) is expected
        text = " ".join(value for block in lineage(one).blocks if isinstance(block, Facts) for _, value in block.rows)
        assert ("simulated by" in text) is expected
