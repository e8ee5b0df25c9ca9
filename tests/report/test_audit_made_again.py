"""What is sealed and still wrong: golden rows reach every part of a model, and a pack is made again from its model."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers import explain, reseal, reseal_pack

from northstar_explain import tables
from northstar_explain.contract.columns import columns_of
from northstar_explain.contract.conditions import NumberCondition
from northstar_explain.errors import ModelError
from northstar_explain.model import Model
from northstar_explain.model.evaluation import FactError
from northstar_explain.model.golden_reach import reach_of
from northstar_explain.model.golden_scores import require_golden
from northstar_explain.model.parity import Certificate
from northstar_explain.model.rules import Node, assign
from northstar_explain.model.scorecard import Scorecard
from northstar_explain.model.tree import Leaf, leaves
from northstar_explain.verify import run_libreoffice
from northstar_explain.verify.check_pack import verify
from northstar_explain.verify.pack_files import DERIVED, TAMPERED

pytestmark = pytest.mark.usefixtures("typeset_once")


@pytest.fixture(autouse=True)
def quick_office(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip LibreOffice: it has tests of its own."""
    monkeypatch.setattr(run_libreoffice, "program", lambda: None)


# Golden rows.


def test_golden_rows_reach_every_populated_bin_and_cell(model: Model, hostile: Model) -> None:
    for one in (model, hostile):
        reach = reach_of(one)
        assert (reach.bins, reach.rules) == (reach.populated, reach.all_rules)
        assert reach.populated > 20
        assert set(assign(one.segmentation.tree, columns_of(one.golden, one.contract.features))) == {
            leaf.segment for leaf in leaves(one.segmentation.tree)
        }


def test_golden_rows_stand_on_both_sides_of_every_border_with_the_rest_of_its_rule_met(model: Model) -> None:
    columns = columns_of(model.golden, model.contract.features)

    def check(tree: Node, here: np.ndarray) -> int:
        if isinstance(tree, Leaf):
            return 0
        test = tree.test
        column = columns[test.feature]
        fits = here & test.matches(column)  # type: ignore[arg-type]
        assert fits.any() and (here & ~fits).any()
        if isinstance(test, NumberCondition):
            assert isinstance(column, np.ndarray)
            for edge in (test.lower, test.upper):
                if edge is not None:
                    assert {edge, float(np.nextafter(edge, -np.inf))} <= set(column[here])
        return 1 + check(tree.yes, fits) + check(tree.no, here & ~fits)

    assert check(model.segmentation.tree, np.ones(model.golden.num_rows, dtype=bool)) >= 3


def test_any_change_of_points_with_customers_changes_a_golden_row(model: Model) -> None:
    rng, changed = np.random.default_rng(3), 0
    for place, term in enumerate(model.scorecard.terms):
        for at in rng.permutation(np.argwhere(term.customers > 0))[:12]:
            points = term.points.copy()
            points[tuple(at)] += 1e-6
            terms = list(model.scorecard.terms)
            terms[place] = replace(term, points=points)
            other = replace(model, scorecard=Scorecard(model.scorecard.intercept, tuple(terms)))
            with pytest.raises(ModelError, match="golden row"):
                require_golden(Path("model"), other)
            changed += 1
    assert changed > 300


# A pack made again.


def as_text(change: Callable[[str], str]) -> Callable[[Path], None]:
    def apply(path: Path) -> None:
        before = path.read_text(encoding="utf-8")
        assert change(before) != before
        path.write_text(change(before), encoding="utf-8")

    return apply


def other_digit(text: str) -> str:
    """The text with one digit in its middle changed."""
    place = next(i for i in range(len(text) // 2, len(text)) if text[i] in "12345678")
    return text[:place] + str(int(text[place]) + 1) + text[place + 1 :]


def other_cell(path: Path) -> None:
    table = tables.read(path)
    place = next(i for i, field in enumerate(table.schema) if str(field.type) == "double")
    column = np.array(table.column(place).to_pylist(), dtype=float) + 1e-9
    path.write_bytes(tables.parquet_bytes(table.set_column(place, table.schema.names[place], [column])))


def other_formula(path: Path) -> None:
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    name = "xl/worksheets/sheet1.xml"
    parts[name] = other_digit(parts[name].decode()).encode()
    with zipfile.ZipFile(path, "w") as book:
        for one, data in parts.items():
            book.writestr(one, data)


def other_packed(path: Path) -> None:
    path.write_bytes(gzip.compress(other_digit(gzip.decompress(path.read_bytes()).decode()).encode()))


def other_pdf(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\n")


def other_table(path: Path) -> None:
    as_text(other_digit)(path)


CHANGES: dict[str, Callable[[Path], None]] = {
    "tables/performance.csv": other_table,
    "tables/subgroups.csv": other_table,
    "tables/scorecard.csv.gz": other_packed,
    "tables/golden.csv.gz": other_packed,
    "tables/terms.parquet": other_cell,
    "tables/baselines.parquet": other_cell,
    "sql/check.sql": as_text(lambda text: text.replace("max(abs", "min(abs")),
    "sql/segments.sql": as_text(lambda text: text + "-- and more\n"),
    "evidence/groups.csv": other_table,
    "evidence/proxies.csv": other_table,
    "recompute.py": as_text(lambda text: text.replace("abs(stored - value)", "0.0")),
    "README.md": as_text(lambda text: text + "Trust us.\n"),
    "audit.html": as_text(lambda text: text.replace("<title>", "<title>Better ")),
    "audit.pdf": other_pdf,
}


def test_every_changed_file_is_found_though_all_hashes_were_updated(pack_copy: Path) -> None:
    for name, change in CHANGES.items():
        change(pack_copy / name)
    other_formula(pack_copy / "scorecard.xlsx")
    (pack_copy / "tables" / "more.csv").write_text("a\n1\n")
    manifest = json.loads((pack_copy / "manifest.json").read_bytes())
    manifest["files"]["tables/more.csv"] = {"sha256": "", "bytes": 4, "what": "more"}
    (pack_copy / "manifest.json").write_text(json.dumps(manifest))
    reseal_pack(pack_copy)
    found = {one.where for one in verify(pack_copy).findings if one.kind == DERIVED}
    assert {*CHANGES, "scorecard.xlsx", "tables/more.csv"} <= found
    # Nothing else differs, but the figures that the changed evidence no longer gives.
    assert all(
        one in CHANGES or one in ("scorecard.xlsx", "tables/more.csv") or one.startswith("model/evaluation.json, ")
        for one in found
    )


def test_a_better_metric_is_found_though_the_model_was_sealed_again(pack_copy: Path) -> None:
    path = pack_copy / "model" / "evaluation.json"
    facts = json.loads(path.read_bytes())
    facts["purchase"]["holdout"]["figures"]["values"]["roc_auc"] += 1e-6
    path.write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    reseal(pack_copy / "model")
    reseal_pack(pack_copy)
    found = {one.where for one in verify(pack_copy).findings if one.kind == DERIVED}
    assert "model/evaluation.json, purchase.holdout.figures.values.roc_auc" in found
    assert {"tables/performance.csv", "audit.pdf"} <= found


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("[]", "certificate.json, the whole"),
        ('{"model_id": 3, "golden": "x", "checks": []}', "certificate.json, model_id"),
        ("{", "certificate.json"),
    ],
)
def test_a_certificate_of_another_form_is_named(text: str, where: str, pack_copy: Path) -> None:
    (pack_copy / "certificate.json").write_text(text)
    reseal_pack(pack_copy)
    checked = verify(pack_copy)
    assert (checked.findings[0].kind, checked.findings[0].where) == (TAMPERED, where)
    assert checked.rebuilt is None


def test_a_certificate_is_the_same_after_json(pack: Path) -> None:
    data = json.loads((pack / "certificate.json").read_bytes())
    assert json.loads(json.dumps(Certificate.from_json(data).to_json())) == data
    with pytest.raises(FactError):
        Certificate.from_json({**data, "golden": None})


def test_verify_says_what_ran_and_what_did_not(pack: Path) -> None:
    result = explain("verify", pack, "--quiet")
    assert result.exit_code == 0, result.output
    said = " ".join(result.output.split())
    checked = verify(pack)
    assert checked.rebuilt is not None and checked.reach is not None
    assert f"reach {checked.reach.bins:,} of {checked.reach.populated:,} bins and cells" in said
    assert f"made again {checked.rebuilt.same} files are what the model gives, 0 are not" in said
    assert f"recomputed {checked.rebuilt.figures:,} figures from the evidence, 0 differ" in said
    assert "spreadsheet not checked: LibreOffice is not installed" in said
    assert "interpret 0." in said


def test_a_pack_of_other_versions_is_compared_as_far_as_its_bytes_are_ours(pack_copy: Path) -> None:
    path = pack_copy / "manifest.json"
    manifest = json.loads(path.read_bytes())
    manifest["versions"]["weasyprint"] = "1.0"
    path.write_text(json.dumps(manifest))
    other_pdf(pack_copy / "audit.pdf")
    as_text(other_digit)(pack_copy / "tables" / "performance.csv")
    reseal_pack(pack_copy)
    rebuilt = verify(pack_copy).rebuilt
    assert rebuilt is not None
    assert rebuilt.not_compared == (("audit.pdf", "made with another version of weasyprint"),)
    assert rebuilt.differ == ("tables/performance.csv",)
