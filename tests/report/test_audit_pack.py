"""The pack: complete, reproducible, inert, and any changed byte in it is detected."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import shlex
import subprocess
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import duckdb
import hostile as hostile_model
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pypdf
import pytest
from helpers import contents, explain, reseal, reseal_pack
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import csv as arrow_csv

from northstar_explain import api, tables
from northstar_explain.errors import OutputError, PackError
from northstar_explain.model import Model
from northstar_explain.model.evaluation.limits import THIN_BIN_CUSTOMERS
from northstar_explain.model.evaluation.metric_registry import F1, ROC_AUC
from northstar_explain.model.evaluation.purchase_facts import GroupSplit
from northstar_explain.model.folder_format import FILES, identity, json_bytes
from northstar_explain.model.golden_scores import EXPECTED, INTERPRET_PROBABILITY
from northstar_explain.model.pack_layout import CHECK, LOOKUPS, MANIFEST, SUMS
from northstar_explain.model.parity import Certificate, Check
from northstar_explain.report.audit import about
from northstar_explain.report.audit.about import About
from northstar_explain.report.audit.chapters.appendix import appendix
from northstar_explain.report.audit.chapters.audit_finding import BROKEN, OPEN
from northstar_explain.report.audit.chapters.findings import findings
from northstar_explain.report.audit.chapters.identity import _MEANINGS
from northstar_explain.report.audit.chapters.identity import data as lineage
from northstar_explain.report.audit.pack import checksums
from northstar_explain.report.audit.pack.pack_tables import FORMULA_STARTS, csv_bytes
from northstar_explain.report.audit.pack.write_pack import WrittenPack
from northstar_explain.report.audit.shapes.feature_shapes import CATEGORIES, feature_shapes
from northstar_explain.report.audit.shapes.pair_shapes import pair_shapes
from northstar_explain.report.charts.shape_chart import shape_chart
from northstar_explain.report.document.blocks import Table, Text
from northstar_explain.report.document.charts import svg
from northstar_explain.report.document.merge_pdfs import merge_pdfs
from northstar_explain.report.document.press import PdfJob, PdfWorker, typeset
from northstar_explain.training import TrainingOptions
from northstar_explain.verify import certify, run_libreoffice
from northstar_explain.verify.check_pack import Scored, verify
from northstar_explain.verify.pack_files import EXTRA, MISSING, ROW, TAMPERED
from northstar_explain.verify.run_duckdb import scripts_of


@pytest.fixture(scope="module")
def reader(pack: Path) -> pypdf.PdfReader:
    return pypdf.PdfReader(pack / "audit.pdf")


_OFFICE = run_libreoffice.program


@pytest.fixture(autouse=True)
def quick_office(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip LibreOffice: a recalculation takes seconds, and has tests of its own."""
    monkeypatch.setattr(run_libreoffice, "program", lambda: None)


def every_file(folder: Path) -> list[str]:
    return sorted(name for name, data in contents(folder).items() if data is not None)


# The files.


def test_a_pack_holds_every_file_it_promises(pack: Path, written: WrittenPack, hostile: Model) -> None:
    names = every_file(pack)
    assert {"audit.pdf", "audit.html", "scorecard.xlsx", "certificate.json", "README.md", MANIFEST, SUMS} <= set(names)
    assert {f"model/{name}" for name in (*FILES, "manifest.json")} <= set(names)
    assert written.files == len(names)
    # The largest tables are compressed; four tables are in the model's folder already, as Parquet.
    stems = {name.removesuffix(".gz").rpartition(".")[0] for name in names if name.startswith("tables/")}
    assert all({f"{stem}.csv", f"{stem}.csv.gz"} & set(names) for stem in stems)
    assert {stem for stem in stems if f"{stem}.parquet" not in names} == {
        "tables/scorecard", "tables/pairs", "tables/golden", "tables/drift",
    }  # fmt: skip
    assert len(stems) >= 15
    # Of the earlier model, what decides its scores is there whole, also where it is the same.
    found = [(pack / name).read_bytes() for name in names if not name.startswith("against/")]
    assert len(set(found)) == len(found), "two files of a pack are the same"
    for name, data in hostile.files.items():
        assert (pack / "model" / name).read_bytes() == data


def test_the_manifest_lists_every_file_and_the_sums_do_too(pack: Path, written: WrittenPack) -> None:
    manifest = json.loads((pack / MANIFEST).read_bytes())
    assert set(manifest["files"]) == set(every_file(pack)) - {MANIFEST, SUMS}
    for name, entry in manifest["files"].items():
        data = (pack / name).read_bytes()
        assert (entry["sha256"], entry["bytes"]) == (hashlib.sha256(data).hexdigest(), len(data))
        assert entry["what"]
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", SUMS], cwd=pack, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert done.stdout.count(": OK") == len(every_file(pack)) - 1
    assert written.sums == hashlib.sha256((pack / SUMS).read_bytes()).hexdigest()


@pytest.mark.slow
def test_the_same_model_and_date_give_the_same_bytes(
    hostile: Model,
    statements: About,
    earlier: Path,
    written: WrittenPack,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # As `written` is made, before any test skips LibreOffice: the report says what it found.
    monkeypatch.setattr(run_libreoffice, "program", _OFFICE)
    again = api.Model(hostile).audit(
        tmp_path / "again", statements, against=earlier, customers=hostile_model.customers()
    )
    assert contents(again.folder) == contents(written.folder)
    assert again.sums == written.sums


def test_the_sql_of_a_pack_is_what_explain_sql_writes(pack: Path, tmp_path: Path) -> None:
    for name, options in (("segments.sql", ()), ("scores.sql", ("--scores",))):
        done = explain("sql", pack / "model", "--dialect", "duckdb", *options, "--out", tmp_path / name)
        assert done.exit_code == 0, done.stderr
    for name in ("segments.sql", "scores.sql", "scores.tables.sql"):
        assert (pack / "sql" / name).read_bytes() == (tmp_path / name).read_bytes(), name


def test_a_database_alone_can_check_the_pack(pack: Path, hostile: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check needs DuckDB only; the one command of its shell, `.read`, is emulated here."""
    monkeypatch.chdir(pack)
    text = (pack / CHECK).read_text(encoding="utf-8")
    assert text.count(f".read {LOOKUPS}\n") == 1
    with duckdb.connect() as connection:
        for part in (pack / LOOKUPS).read_text(encoding="utf-8"), text.split(f".read {LOOKUPS}\n")[1]:
            result = connection.execute(part)
        rows, difference, elsewhere = result.fetchall()[0]
    assert (rows, elsewhere) == (hostile.golden.num_rows, 0)
    assert difference <= 1e-12


def test_a_folder_that_is_not_a_pack_is_not_replaced(hostile: Model, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "precious").write_text("mine")
    before = contents(tmp_path)
    for overwrite in (False, True):
        with pytest.raises(OutputError):
            api.Model(hostile).audit(tmp_path / "home", overwrite=overwrite)
    assert contents(tmp_path) == before


def test_a_pack_that_fails_leaves_nothing(hostile: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[PdfWorker] = []

    class Recorded(PdfWorker):
        def __init__(self) -> None:
            super().__init__()
            started.append(self)

    def fail(*args: object) -> bytes:
        raise OutputError("scorecard.xlsx", [])

    monkeypatch.setattr("northstar_explain.report.document.press.PdfWorker", Recorded)
    monkeypatch.setattr("northstar_explain.report.audit.pack.write_pack.workbook", fail)
    with pytest.raises(OutputError):
        api.Model(hostile).audit(tmp_path / "pack")
    assert contents(tmp_path) == {}
    assert len(started) == 2
    assert all(job._process.returncode is not None for job in started)  # no process is left behind


def test_tables_hold_the_models_figures(pack: Path, hostile: Model) -> None:
    card, cells = (arrow_csv.read_csv(pack / "tables" / f"{name}.csv.gz") for name in ("scorecard", "pairs"))
    sides = tables.read(pack / "tables" / "pair_bins.parquet")
    alone, pairs = ([t for t in hostile.scorecard.terms if len(t.axes) == n] for n in (1, 2))
    assert pairs
    assert card["points"].to_pylist() == [float(p) for t in alone for p in t.points]
    assert card["train_n"].to_pylist() == [int(n) for t in alone for n in t.customers]
    assert card["bin"].to_pylist() == [bin for t in alone for bin in range(len(t.points))]
    assert cells["points"].to_pylist() == [float(p) for t in pairs for p in t.points.ravel()]
    stored = hostile.shapes.filter(hostile.shapes["bin_2"].is_valid())
    for name in ("train_n", "train_buyers", "holdout_n", "holdout_buyers"):
        assert cells[name].to_pylist() == stored[name].to_pylist()
    pages = dict(zip(sides["page"].to_pylist(), sides["term"].to_pylist(), strict=True))
    terms = [(page, pages[page]) for page in dict.fromkeys(cells["page"].to_pylist())]
    ranks = {item.term: f"A{rank}" for rank, item in enumerate(hostile.evaluation.purchase.terms, start=1)}
    assert terms == [(ranks[t.name], t.name) for t in pairs]
    for term in pairs:  # each cell can be identified by the bounds of its axes
        mine = cells.filter(pc.equal(cells["page"], ranks[term.name]))
        for side, axis in enumerate(term.axes, start=1):
            there = pc.and_(pc.equal(sides["page"], ranks[term.name]), pc.equal(sides["side"], side))
            assert sides.filter(there)["bin"].to_pylist() == list(range(axis.count))
            assert set(mine[f"bin_{side}"].to_pylist()) == set(range(axis.count))
    figures = {row["figure"]: row["value"] for row in tables.read(pack / "tables" / "performance.parquet").to_pylist()}
    assert figures["roc_auc"] == hostile.evaluation.purchase.holdout.figures[ROC_AUC]
    golden = arrow_csv.read_csv(pack / "tables" / "golden.csv.gz")
    assert golden["expected_probability"].to_pylist() == hostile.golden["expected_probability"].to_pylist()


def test_no_cell_of_a_csv_begins_a_formula(pack: Path) -> None:
    seen = set()
    for path in sorted((pack / "tables").glob("*.csv")):
        for row in csv.reader(io.StringIO(path.read_text(encoding="utf-8"))):
            for cell in row:
                seen |= {text for text in hostile_model.TEXTS if cell == f"'{text}"}
                assert not cell.startswith(tuple(FORMULA_STARTS)) or is_number(cell), (path.name, cell)
    assert {"=1+1", "+SUM(A1:A9)", "-2+3", "@cmd"} <= seen


def is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def test_csv_escapes_headings_and_lists_as_well() -> None:
    table = pa.table({"=head": ["x"], "list": [["=1", "b"]], "none": pa.array([None], pa.string())})
    result = list(csv.reader(io.StringIO(csv_bytes(table).decode())))
    assert result == [["'=head", "list", "none"], ["x", '["=1", "b"]', ""]]


# The report.


def joined_text(text: str) -> str:
    return re.sub(r"[\s\u00ad\u2010-]", "", text)


def test_the_appendix_has_a_page_for_every_term(reader: pypdf.PdfReader, hostile: Model) -> None:
    terms = hostile.evaluation.purchase.terms
    labels = reader.page_labels
    appendix = [page for page, label in zip(reader.pages, labels, strict=True) if label.startswith("A")]
    assert [label for label in labels if label.startswith("A")] == [f"A{i + 1}" for i in range(len(terms))]
    for rank, (term, page) in enumerate(zip(terms, appendix, strict=True), start=1):
        text = joined_text(page.extract_text())
        assert joined_text(f"{term.term} · rank {rank} of {len(terms)}") in text
        assert joined_text(f"{term.share:.1%} of all importance") in text


def test_every_bin_that_fits_on_a_page_is_in_its_table(model: Model) -> None:
    chapters = {chapter.id: chapter for chapter in appendix(model, feature_shapes(model), pair_shapes(model))}
    for shape in feature_shapes(model):
        (shown,) = [block for block in chapters[f"A{shape.rank}"].blocks if isinstance(block, Table)]
        bins = (*shape.shown_groups, shape.missing, shape.unseen)
        assert len(shown.rows) == len(bins)
        for row, bin in zip(shown.rows, bins, strict=True):
            assert row[0] == bin.label + (" *" if bin.thin else "")
            assert (row[2], row[7]) == (f"{bin.train_n:,}", f"{bin.holdout_n:,}")
            assert f"{abs(bin.lowest):.2f}" in str(row[3])
            low = bin.holdout_n < THIN_BIN_CUSTOMERS or bin.holdout_rate is None
            assert row[8] == ("–" if low else f"{bin.holdout_rate:.1%}")


def test_a_table_of_many_categories_lists_the_largest(model: Model) -> None:
    shape = next(s for s in feature_shapes(model) if s.axis is None)
    many = tuple(replace(shape.bins[0], label=f"c{i}", train_n=i % 17, number=i + 1) for i in range(40))
    crowded = replace(shape, bins=many, groups=many)
    assert len(crowded.shown_groups) == CATEGORIES
    least = min(bin.train_n for bin in crowded.shown_groups)
    assert all(bin.train_n <= least for bin in many if bin not in crowded.shown_groups)
    assert [bin.number for bin in crowded.shown_groups] == sorted(bin.number for bin in crowded.shown_groups)


def test_the_report_shows_what_the_model_folder_holds(reader: pypdf.PdfReader, hostile: Model) -> None:
    text = joined_text("".join(page.extract_text() for page in reader.pages))
    held = hostile.evaluation.purchase.holdout
    for figure in (
        hostile.id,
        f"{held.figures[ROC_AUC]:.4f}",
        f"{held.figures[F1]:.4f}",
        f"{held.n:,}",
        hostile.contract.sha256,
    ):
        assert joined_text(figure) in text, figure
    for segment in hostile.segmentation.segments:
        assert joined_text(segment.name) in text
    for name, digest in hostile.manifest["files"].items():
        assert joined_text(name) in text
        assert digest in text, name
    assert joined_text("<b>Ada</b> =1+1") in text
    assert "UNASSIGNED" in text  # the approver


def test_figures_read_from_the_pdf_are_those_of_evaluation_json(pack: Path, reader: pypdf.PdfReader) -> None:
    """Whole rows, read back: a figure beside another name, or with another interval, would be missing."""
    evaluation = json.loads((pack / "model" / "evaluation.json").read_bytes())
    purchase, segments, robust = evaluation["purchase"], evaluation["segments"], evaluation["robustness"]
    held, figures = purchase["holdout"], purchase["holdout"]["figures"]["values"]
    ends = purchase["holdout"]["figures"]["intervals"]
    group = next(one for one in purchase["subgroups"] if one["by"] == "segment" and one["roc_auc"] is not None)
    tenth, split, null = purchase["deciles"][0], evaluation["data"]["splits"][0], segments["null_test"]
    base = next(one["figures"] for one in purchase["baselines"] if one["name"] == "base_rate")
    by_chance = "{:.3f}–{:.3f}".format(*base["intervals"]["roc_auc"])
    first = purchase["terms"][0]
    between = {key: f"{low:.4f} to {high:.4f}" for key, (low, high) in ((k, ends[k]) for k in ("roc_auc", "brier"))}
    bought, recall = (
        f"{group[key]:.1%} {100 * group[f'{key}_interval'][0]:.1f} to {100 * group[f'{key}_interval'][1]:.1f}"
        for key in ("base_rate", "recall")
    )
    expected = (
        f"0.5 is chance {figures['roc_auc']:.4f} {between['roc_auc']}",
        f"lower is better {figures['brier']:.4f} {between['brier']}",
        f"over ten bins {figures['ece']:.4f}",
        f"from which a row is flagged {held['threshold']:.4f}",
        f"{tenth['decile']} {tenth['n']:,} {tenth['predicted_rate']:.2%} {tenth['purchase_rate']:.2%}",
        f"every row {base['values']['roc_auc']:.4f} {by_chance} {base['values']['average_precision']:.4f}",
        f"{group['name']} {group['n']:,} {bought} {group['predicted_rate']:.1%} {group['flag_rate']:.1%} {recall}",
        f"fit the purchase model {split['n']:,} {split['buyers']:,} {split['base_rate']:.2%}",
        f"Price of explainability {segments['price_of_explainability']:.4f}",
        f"Fidelity {segments['fidelity']:.1%} of {segments['fidelity_n']:,}",
        f"mean {null['null_mean']:.3f}, highest {null['null_max']:.3f}; p = {null['p_value']:.3f}",
        f"Flag of the likely the same for {robust['bags']['same_flag']:.1%}",
        f"{100 * evaluation['robustness']['bags']['probability_spread']['p95']:.2f} at the 95th",
        f"{first['term']} · rank 1 of {len(purchase['terms'])} · {first['share']:.1%} of all importance",
    )
    text = joined_text("".join(page.extract_text() for page in reader.pages))
    assert [row for row in expected if joined_text(row) not in text] == []


def test_the_group_split_is_described_with_its_numbers(hostile: Model) -> None:
    groups = GroupSplit("house", 1678, 251, 511, train_rows_excluded=2759, holdout_rows_excluded=0)
    for facts, expected in ((groups, True), (None, False)):
        purchase = replace(hostile.evaluation.purchase, group_split=facts)
        model = replace(hostile, evaluation=replace(hostile.evaluation, purchase=purchase))
        text = " ".join(block.text for block in lineage(model).blocks if isinstance(block, Text))
        for phrase in (
            "the same house",
            "1,678 groups in training",
            "251 in validation",
            "511 in the holdout",
            "2,759 rows of the table were excluded from training",
        ):
            assert (phrase in text) is expected


def test_every_training_option_has_a_meaning() -> None:
    given = asdict(TrainingOptions())
    flat = {f"{part}.{name}" for part in given if isinstance(given[part], dict) for name in given[part]}
    assert flat | {name for name in given if not isinstance(given[name], dict)} == set(_MEANINGS)


def flat(outline: list[Any]) -> list[Any]:
    """The entries of an outline, those below others included."""
    return [one for item in outline for one in (flat(item) if isinstance(item, list) else [item])]


def test_contents_and_rankings_lead_to_their_pages(reader: pypdf.PdfReader, hostile: Model) -> None:
    labels, pages = reader.page_labels, {page.indirect_reference.idnum: i for i, page in enumerate(reader.pages)}  # type: ignore[union-attr]
    targets = []
    for page in reader.pages:
        for reference in page.get("/Annots", ()):
            link = reference.get_object()
            assert "/URI" not in link.get("/A", {}), link
            if "/A" in link:
                targets.append(
                    labels[
                        pages[
                            link["/A"]["/D"][0].idnum
                            if hasattr(link["/A"]["/D"][0], "idnum")
                            else link["/A"]["/D"].raw_get(0).idnum
                        ]
                    ]
                )
    count = len(hostile.evaluation.purchase.terms)
    assert sorted(set(targets)) == sorted(f"A{i + 1}" for i in range(count))
    titles = [item.title for item in flat(reader.outline)]
    assert "Parity certificate" in titles
    assert "Sign-off" in titles


def test_the_pdf_is_tagged_from_first_to_last_page(reader: pypdf.PdfReader) -> None:
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]  # type: ignore[index]
    assert root["/Lang"] == "en"  # type: ignore[index]
    assert reader.metadata is not None
    assert reader.metadata.title
    numbers = structure_numbers(reader)
    parents: list[Any] = [page["/StructParents"] for page in reader.pages]
    assert parents == sorted(parents)
    assert set(parents) <= set(numbers)
    kinds = structure_kinds(reader)
    assert {"/H1", "/H2", "/P", "/Table", "/TH", "/TD", "/Figure", "/L", "/LI"} <= set(kinds)


def structure_numbers(reader: pypdf.PdfReader) -> dict[int, object]:
    tree = reader.trailer["/Root"]["/StructTreeRoot"]["/ParentTree"]["/Nums"]  # type: ignore[index]
    return {int(tree[i]): tree[i + 1].get_object() for i in range(0, len(tree), 2)}


def structure_kinds(reader: pypdf.PdfReader) -> dict[str, int]:
    """How many elements of each kind the tree holds; each has its parent, each figure its alternative text."""
    counts: dict[str, int] = {}

    def walk(element: object, parent: object) -> None:
        node = element.get_object()  # type: ignore[attr-defined]
        if isinstance(node, list):
            for one in node:
                walk(one, parent)
        elif isinstance(node, dict) and "/S" in node:
            counts[str(node["/S"])] = counts.get(str(node["/S"]), 0) + 1
            assert node["/P"].get_object() == parent
            if node["/S"] == "/Figure":
                assert node["/Alt"]
            if "/K" in node:
                walk(node["/K"], node)

    root = reader.trailer["/Root"]["/StructTreeRoot"]  # type: ignore[index]
    walk(root["/K"], root)
    return counts


def test_fonts_are_embedded_and_nothing_can_be_fetched_or_run(pack: Path, reader: pypdf.PdfReader) -> None:
    assert not reader.attachments
    for page in reader.pages:
        assert not page.images
        for font in page["/Resources"].get("/Font", {}).values():  # type: ignore[attr-defined]
            (inner,) = font.get_object().get("/DescendantFonts", [font])
            assert {"/FontFile2", "/FontFile3"} & set(inner.get_object()["/FontDescriptor"].get_object())
    data = (pack / "audit.pdf").read_bytes()
    for sign in (b"/JavaScript", b"/Launch", b"/OpenAction", b"/EmbeddedFile"):
        assert sign not in data


def pdf(page: str, pictures: dict[str, bytes]) -> bytes:
    assets = {url: (data, "image/svg+xml") for url, data in pictures.items()}
    return typeset(PdfJob((page,), ("audit.css",), assets))[0]


def test_three_documents_become_one_tagged_document() -> None:
    page = "<html lang=en><head><title>t</title></head><body class=appendix>{}</body></html>"
    first = pdf(page.format("<h1>One</h1><p><a href='appendix:2'>A2</a></p>"), {})
    second = pdf(page.format("<section><h1>Two</h1></section><section><h1>Three</h1><p>text</p></section>"), {})
    third = pdf(page.format("<section><h1>Four</h1></section>"), {})
    data = merge_pdfs([first, second, third], "A", b"0123456789abcdef")
    assert data == merge_pdfs([first, second, third], "A", b"0123456789abcdef")
    merged = pypdf.PdfReader(io.BytesIO(data))
    assert merged.page_labels == ["1", "A1", "A2", "A3"]
    parents: list[Any] = [page["/StructParents"] for page in merged.pages]
    assert parents == [0, 2, 3, 4]
    assert structure_kinds(merged)["/H1"] == 4
    owners = structure_numbers(merged)
    for key, words in ((3, "Three"), (4, "Four")):
        span = owners[key][0].get_object()  # type: ignore[index]
        assert span["/P"].get_object()["/S"] == "/H1", words
        assert span["/Pg"].get_object() == merged.pages[key - 1].get_object()
    assert [item.title for item in merged.outline if not isinstance(item, list)] == ["One", "Two", "Three", "Four"]
    outline: list[Any] = merged.outline
    assert [merged.get_destination_page_number(item) for item in outline] == [0, 1, 2, 3]


def test_pictures_have_alternative_text_and_nothing_else_is_fetched() -> None:
    picture = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" width="9mm" height="9mm"><path d="M0,0h9v9z"/></svg>'
    page = "<html lang=en><head><title>t</title></head><body><img src='asset:1' alt='a triangle'>{}</body></html>"
    data = pdf(
        page.format("<img src='file:///etc/hostname' alt='b'><img src='http://127.0.0.1:9/' alt='c'>"),
        {"asset:1": picture},
    )
    result = pypdf.PdfReader(io.BytesIO(data))
    assert structure_kinds(result)["/Figure"] >= 1
    assert not result.pages[0].images
    assert b" re" in result.pages[0].get_contents().get_data() or b" l" in result.pages[0].get_contents().get_data()  # type: ignore[union-attr]


def test_control_characters_do_not_break_a_picture(model: Model) -> None:
    from xml.etree import ElementTree

    shape = next(s for s in feature_shapes(model) if s.axis is None)
    odd = replace(
        shape,
        bins=(replace(shape.bins[0], label="a\x00b\x1f<&>\ud800"),),
        groups=(replace(shape.bins[0], label="a\x00b\x1f<&>\ud800"),),
    )
    picture = svg(shape_chart(odd, (-1.0, 1.0), 0.0))
    assert "<&>" in "".join(ElementTree.fromstring(picture).itertext())


@pytest.mark.parametrize("length", [0, 1_000_000], ids=["fits in a pipe", "longer than a pipe holds"])
def test_a_failed_worker_is_replaced_by_this_process(length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    page = f"<html lang=en><head><title>t</title></head><body><!--{'x' * length}--><p>hello</p></body></html>"
    monkeypatch.setattr("sys.executable", "/bin/false")
    worker = PdfWorker()
    worker.begin(PdfJob((page,), ("audit.css",)))
    assert pypdf.PdfReader(io.BytesIO(worker.result()[0])).pages[0].extract_text().startswith("hello")
    worker.stop()


# Findings, and statements made by people.


def test_what_is_open_or_broken_is_found(hostile: Model) -> None:
    book = b""
    bad = Certificate("m", 3, (Check("program", "how", rows=3, difference=1.0, wrong=2),))
    listed = findings(hostile, about.About(), feature_shapes(hostile), bad)
    assert listed[0].level == BROKEN
    assert "program gives 2 golden rows a different result" in listed[0].text
    assert {"No owner is named.", "No approver is named."} <= {one.text for one in listed if one.level == OPEN}
    named = findings(hostile, about.About("Ada", "Grace"), feature_shapes(hostile), Certificate("m", 3))
    assert not any("is named" in one.text for one in named)
    assert book == b""


def test_people_and_purpose_come_from_a_file(tmp_path: Path, hostile: Model) -> None:
    path = tmp_path / "about.toml"
    path.write_text('owner = "Ada"\nmisuse = ["No loans."]\n', encoding="utf-8")
    loaded = about.load(path)
    assert (loaded.owner, loaded.approver) == ("Ada", "UNASSIGNED")
    assert about.misuse(loaded, hostile) == ("No loans.",)
    assert len(about.intended_use(loaded, hostile)) == 3
    path.write_text("owner = 3\nlimits = 'x'\nnobody = 1\n", encoding="utf-8")
    with pytest.raises(PackError) as caught:
        about.load(path)
    assert [fault.where for fault in caught.value.faults] == ["key nobody", "key owner", "key limits"]
    with pytest.raises(PackError, match="a TOML file"):
        about.load(tmp_path / "none.toml")


def test_train_accepts_the_command_that_reproduces_the_model(hostile: Model) -> None:
    from northstar_explain.cli.model_commands import train
    from northstar_explain.report.audit.chapters.closing import _training

    options = {**hostile.manifest["options"], "seed": 31, "date": "2027-02-03", "margin": 12.5, "contact_cost": 0.4,
               "accept_leakage": ["one two", "--three"], "experiments": False}  # fmt: skip
    options["segments"] = {**options["segments"], "k": 5}
    purchase = replace(hostile.evaluation.purchase, out_of_time=True)
    evaluation = replace(hostile.evaluation, purchase=purchase)
    model = replace(hostile, manifest={**hostile.manifest, "options": options}, evaluation=evaluation)
    words = shlex.split(_training(model))
    assert words[:2] == ["explain", "train"]
    given = train.make_context("train", words[2:], resilient_parsing=True).params
    expected = {"seed": 31, "segments": 5, "margin": 12.5, "contact_cost": 0.4, "experiments": False,
              "accept_leakage": ("one two", "--three"), "update": None, "since": None, "truth": None}  # fmt: skip
    assert {name: given[name] for name in expected} == expected
    assert (str(given["holdout"]), given["date"].date().isoformat()) == ("LATER", "2027-02-03")


# Verifying.


def test_a_pack_as_written_verifies(pack: Path, hostile: Model) -> None:
    result = verify(pack)
    assert (result.what, result.model_id, result.findings) == ("audit pack", hostile.id, ())
    assert result.certificate is not None
    assert result.certificate.passed
    assert result.certificate.golden == hostile.golden.num_rows
    assert verify(pack / "model").findings == ()


def test_tampered_missing_and_extra_files_are_distinguished(pack_copy: Path) -> None:
    with (pack_copy / "tables" / "terms.csv").open("ab") as file:
        file.write(b"\n")
    (pack_copy / "tables" / "splits.parquet").unlink()
    (pack_copy / "notes.txt").write_text("mine")
    result = {(one.kind, one.where) for one in verify(pack_copy).findings}
    assert result == {(TAMPERED, "tables/terms.csv"), (MISSING, "tables/splits.parquet"), (EXTRA, "notes.txt")}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.data())
def test_any_changed_byte_of_any_file_is_found(pack_copy: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(every_file(pack_copy)))
    path = pack_copy / name
    before = path.read_bytes()
    place = data.draw(st.integers(0, len(before) - 1))
    flip = data.draw(st.integers(1, 255))
    path.write_bytes(before[:place] + bytes([before[place] ^ flip]) + before[place + 1 :])
    try:
        result = verify(pack_copy).findings
        assert name in {one.where for one in result}, result
    finally:
        path.write_bytes(before)


@pytest.mark.parametrize("name", [MANIFEST, SUMS])
def test_every_single_byte_of_manifest_and_sums_matters(pack: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All bytes, one after the other, without reading the other files each time."""
    raw, sums = (pack / MANIFEST).read_bytes(), (pack / SUMS).read_bytes()
    for place in range(0, len(raw if name == MANIFEST else sums)):
        changed = bytearray(raw if name == MANIFEST else sums)
        changed[place] ^= 1
        if name == SUMS:
            assert bytes(changed) != checksums.sums_bytes(raw)
            continue
        try:
            manifest = json.loads(bytes(changed))
        except ValueError:
            continue
        sealed = checksums.seal(manifest) == manifest.get("manifest_sha256")
        assert not (sealed and json_bytes(manifest) == bytes(changed)), place


def test_a_longer_or_shorter_file_is_found(pack_copy: Path) -> None:
    for change in (lambda data: data + b"\0", lambda data: data[:-1], lambda data: b""):
        for name in (MANIFEST, SUMS, "audit.html", "model/golden.parquet"):
            path = pack_copy / name
            before = path.read_bytes()
            path.write_bytes(change(before))
            assert name in {one.where for one in verify(pack_copy).findings}, name
            path.write_bytes(before)


def test_a_flipped_byte_in_each_file_in_turn_is_found(pack_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The golden rows are scored again in the tests below; here each file is read a hundred times.
    monkeypatch.setattr("northstar_explain.verify.check_pack._recomputed", lambda *_: Scored())
    for name in every_file(pack_copy):
        path = pack_copy / name
        before = path.read_bytes()
        for place in {0, len(before) // 2, len(before) - 1}:
            path.write_bytes(before[:place] + bytes([before[place] ^ 1]) + before[place + 1 :])
            result = verify(pack_copy).findings
            assert [one for one in result if one.where == name and one.kind == TAMPERED], (name, place, result)
        path.write_bytes(before)
    assert verify(pack_copy).findings == ()


def as_link(path: Path) -> None:
    """A link to the same bytes elsewhere, where they can be changed later."""
    target = path.rename(path.parent.parent.parent / "elsewhere")
    path.symlink_to(target)


def as_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def as_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def as_nothing(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize(
    ("change", "got"), [(as_link, "a link"), (as_folder, "a folder"), (as_pipe, "not a regular file"), (as_nothing, "")]
)
@pytest.mark.parametrize("name", ["tables/terms.csv", "model/golden.parquet", "sql/scores.sql", MANIFEST, SUMS])
def test_links_and_special_files_are_found_and_not_followed(
    pack_copy: Path, name: str, change: Callable[[Path], None], got: str
) -> None:
    change(pack_copy / name)
    result = [one for one in verify(pack_copy).findings if one.where == name]
    assert [(one.kind, got in one.got) for one in result] == [(TAMPERED, True)]


def test_a_folder_of_a_pack_that_is_a_link_is_found(pack_copy: Path, tmp_path: Path) -> None:
    (pack_copy / "sql").rename(tmp_path / "sql")
    (pack_copy / "sql").symlink_to(tmp_path / "sql")
    result = {(one.kind, one.where) for one in verify(pack_copy).findings}
    assert {(TAMPERED, f"sql/{name}") for name in ("scores.sql", "scores.tables.sql", "segments.sql")} <= result


@pytest.mark.parametrize("line", ["/etc/hostname", "../secret", "tables/../../secret", "\\a\nb"])
def test_other_paths_in_the_sums_are_found_and_not_read(pack_copy: Path, tmp_path: Path, line: str) -> None:
    (tmp_path / "secret").write_text("secret")
    with (pack_copy / SUMS).open("a") as file:
        file.write(f"{hashlib.sha256(b'secret').hexdigest()}  {line}\n")
    (result,) = verify(pack_copy).findings
    assert (result.kind, result.where) == (TAMPERED, SUMS)
    assert "another line" in result.got


@pytest.mark.parametrize(
    "text",
    ["1e400", "-1e400", "9" * 5000, "NaN", "[" * 100_000, '"\\ud800"', "{}", "0", '{"sha256": 1e308}', "null"],
)
def test_a_manifest_with_absurd_values_is_tampered(pack_copy: Path, model_copy: Path, text: str) -> None:
    for folder, key in ((pack_copy, '"bytes": '), (model_copy, '"scorecard.parquet": ')):
        raw = (folder / MANIFEST).read_text(encoding="utf-8")
        at = raw.index(key) + len(key)
        (folder / MANIFEST).write_text(raw[:at] + text + raw[at:], encoding="utf-8")
        assert places_of_faults(folder)
        end = raw.index("\n", at)
        (folder / MANIFEST).write_text(raw[:at] + text + raw[end:].replace("\n", ",\n", 1), encoding="utf-8")
        assert places_of_faults(folder)


def places_of_faults(folder: Path) -> list[str]:
    """Where verification reports a fault, as a finding or an error."""
    try:
        return [one.where for one in verify(folder).findings]
    except PackError as error:
        return [fault.where for fault in error.faults]


@pytest.mark.parametrize("name", FILES)
def test_an_invalid_file_with_all_hashes_updated_is_named(model_copy: Path, name: str) -> None:
    for data in (b"", b"\0" * 9, b"[1e400]", b"[" * 100_000, b"x = 1e400\n", b"PAR1" * 9):
        (model_copy / name).write_bytes(data)
        reseal(model_copy, model_id=identity({one: (model_copy / one).read_bytes() for one in FILES}))
        result = places_of_faults(model_copy)
        assert result, data
        assert all(name in where for where in result) or name == "contract.toml", (data, result)


def test_sql_of_a_pack_can_read_no_file_whatever_its_settings(hostile: Model, tmp_path: Path) -> None:
    scripts = scripts_of(hostile)
    for text in (
        f"COPY (SELECT 1) TO '{tmp_path}/x'",
        "SELECT * FROM read_text('/etc/hostname')",
        "SET enable_external_access = true",
        "ATTACH '/etc/hostname' AS x",
        "",
        "SELECT 'a' AS customer_id",
    ):
        check = certify._duckdb(hostile, replace(scripts, scores=text))
        assert check.wrong == hostile.golden.num_rows, text
    assert not list(tmp_path.iterdir())


def change_golden(folder: Path, row: int, column: str, value: object) -> None:
    path = folder / "golden.parquet"
    table = tables.read(path)
    values = table[column].to_pylist()
    values[row] = value
    place = table.column_names.index(column)
    path.write_bytes(tables.parquet_bytes(table.set_column(place, column, pa.array(values, table[column].type))))
    reseal(folder)


def test_a_changed_expected_score_is_found_though_all_hashes_were_updated(pack_copy: Path) -> None:
    change_golden(pack_copy / "model", 6, EXPECTED[1], 0.123)
    reseal_pack(pack_copy)
    (result,) = verify(pack_copy).findings
    assert (result.kind, result.where) == (ROW, "golden row 7")
    assert "0.123000" in result.expected


def test_a_changed_probability_of_interpret_is_found_with_its_row(pack_copy: Path) -> None:
    change_golden(pack_copy / "model", 11, INTERPRET_PROBABILITY, 0.5)
    reseal_pack(pack_copy)
    (result,) = verify(pack_copy).findings
    assert (result.kind, result.where) == (ROW, "golden row 12, fitted EBM")
    assert "0.5" in result.got


def test_a_model_of_another_pack_is_found(pack_copy: Path) -> None:
    manifest = json.loads((pack_copy / MANIFEST).read_bytes())
    manifest["model_id"] = "m-000000000000"
    del manifest["manifest_sha256"]
    (pack_copy / MANIFEST).write_bytes(json_bytes({**manifest, "manifest_sha256": checksums.seal(manifest)}))
    (pack_copy / SUMS).write_bytes(checksums.sums_bytes((pack_copy / MANIFEST).read_bytes()))
    (result,) = verify(pack_copy).findings
    assert (result.kind, result.where, result.got) == (TAMPERED, MANIFEST, "m-000000000000")


def test_paths_that_leave_the_folder_are_not_read(pack_copy: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    manifest = json.loads((pack_copy / MANIFEST).read_bytes())
    manifest["files"]["../secret"] = {"sha256": hashlib.sha256(b"secret").hexdigest(), "bytes": 6, "what": "x"}
    del manifest["manifest_sha256"]
    (pack_copy / MANIFEST).write_bytes(json_bytes({**manifest, "manifest_sha256": checksums.seal(manifest)}))
    assert any(one.got == "'../secret'" for one in verify(pack_copy).findings)


@pytest.mark.parametrize("name", [*FILES, "manifest.json"])
def test_a_model_folder_is_verified_file_by_file(model_copy: Path, name: str) -> None:
    path = model_copy / name
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    try:
        result = verify(model_copy).findings
    except PackError as error:  # a manifest that is no longer JSON
        assert name == "manifest.json"
        assert error.faults[0].where == "manifest.json"
        return
    assert [(one.kind, one.where) for one in result] == [(TAMPERED, name)]


def test_a_model_folder_with_a_file_too_few_or_too_many(model_copy: Path) -> None:
    (model_copy / "drift.parquet").unlink()
    (model_copy / "more.txt").write_text("x")
    result = verify(model_copy)
    assert result.what == "model folder"
    assert {(one.kind, one.where) for one in result.findings} == {(MISSING, "drift.parquet"), (EXTRA, "more.txt")}


def test_names_given_by_people_are_not_a_finding(model_copy: Path) -> None:
    (model_copy / "names.toml").write_text('[segments]\nS1 = "Regulars"\n', encoding="utf-8")
    assert verify(model_copy).findings == ()


def test_a_folder_that_is_neither_pack_nor_model_is_reported(tmp_path: Path) -> None:
    for path, got in ((tmp_path, "no manifest.json"), (tmp_path / "none", "no such folder")):
        with pytest.raises(PackError, match=got):
            verify(path)
    (tmp_path / MANIFEST).write_text("[]")
    with pytest.raises(PackError, match="something else"):
        verify(tmp_path)


# The certificate.


def test_every_program_is_compared_with_the_golden_rows(hostile: Model) -> None:
    certificate = certify.certify(hostile, bytes)
    by_name = {check.program: check for check in certificate.checks}
    assert list(by_name) == ["interpret", "fitted EBM", "scorecard", "SQL in DuckDB", "spreadsheet"]
    for name in ("interpret", "scorecard", "SQL in DuckDB"):
        check = by_name[name]
        assert check.passed, check
        assert check.rows == hostile.golden.num_rows
        assert check.difference is not None
        assert check.difference <= 1e-12
    assert by_name["spreadsheet"].not_checked == "LibreOffice is not installed"
    assert certificate.passed
    assert not certificate.complete


def test_sql_that_scores_differently_is_found(hostile: Model) -> None:
    scripts = scripts_of(hostile)
    query, id = scripts.scores.rstrip().removesuffix(";"), hostile.contract.id
    wrong = f"SELECT {id}, CASE WHEN {id} = '5' THEN 0.5 ELSE probability END AS probability, segment_id FROM ({query})"
    check = certify._duckdb(hostile, replace(scripts, scores=wrong))
    assert (check.wrong, check.slips[0].row) == (1, 5)
    other = f"SELECT {id}, probability, 'S9' AS segment_id FROM ({query})"
    check = certify._duckdb(hostile, replace(scripts, scores=other))
    assert check.wrong == hostile.golden.num_rows
    assert check.slips[0].got == "segment S9"
    check = certify._duckdb(hostile, replace(scripts, lookups="SELECT 1;"))
    assert check.wrong == hostile.golden.num_rows
    fewer = f"SELECT * FROM ({query}) WHERE {id} <> '5'"
    assert certify._duckdb(hostile, replace(scripts, scores=fewer)).wrong


def test_a_program_that_cannot_run_is_reported_as_not_checked(hostile: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "duckdb", None)
    check = next(c for c in certify.certify(hostile, bytes).checks if c.program == "SQL in DuckDB")
    assert (check.passed, check.rows) == (None, 0)
    assert "pip install 'northstar-explain[audit]'" in check.not_checked


@given(st.integers(0, 50), st.floats(1e-11, 0.5))
def test_a_wrong_result_is_reported_with_its_row(hostile: Model, row: int, by: float) -> None:
    expected = hostile.golden[EXPECTED[1]].to_numpy().copy()
    expected[row] += by
    check = certify._compared(hostile, "p", "h", expected)
    assert (check.wrong, check.slips[0].row) == (1, row + 1)
    assert check.difference == pytest.approx(by)


def test_a_result_that_is_not_a_number_is_wrong(hostile: Model) -> None:
    expected = hostile.golden[EXPECTED[1]].to_numpy().copy()
    expected[3] = np.nan
    check = certify._compared(hostile, "p", "h", expected)
    assert (check.wrong, check.slips[0].row, check.difference) == (1, 4, np.inf)
    assert certify._compared(hostile, "p", "h", expected[:-1]).wrong == 1


# The commands.


@pytest.mark.usefixtures("typeset_once")
def test_the_commands_write_and_verify(model_dir: Path, hostile: Model, pack: Path, pack_copy: Path) -> None:
    result = explain("verify", pack, "--quiet")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[-1] == "verified"
    assert f"audit pack of model {hostile.id}" in result.stdout
    (pack_copy / "audit.html").write_text("x")
    result = explain("verify", pack_copy, "--quiet")
    assert result.exit_code == 1
    assert f"explain: {pack_copy}: tampered: audit.html: expected SHA-256" in result.stderr
    assert "verified" not in result.stdout.splitlines()
    assert "Traceback" not in result.stderr


def test_explain_audit_prints_the_checksum_of_all_checksums(
    hostile: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from northstar_explain import model as models

    models.save(hostile, tmp_path / "model")
    monkeypatch.setattr("northstar_explain.report.document.press.start", lambda jobs: [])
    monkeypatch.setattr("northstar_explain.report.document.document.Document.jobs", lambda report, count: [])
    monkeypatch.setattr("northstar_explain.report.document.document.Document.pdf", lambda report: b"%PDF")
    monkeypatch.setattr("northstar_explain.report.audit.pack.write_pack.merge_pdfs", lambda parts, prefix, id: parts[0])
    result = explain(
        "audit", "--model", tmp_path / "model", "--out", tmp_path / "pack", "--quiet", "--date", "2027-01-31"
    )
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[-1].split() == [
        "SHA256SUMS",
        hashlib.sha256((tmp_path / "pack" / SUMS).read_bytes()).hexdigest(),
    ]
    assert json.loads((tmp_path / "pack" / MANIFEST).read_bytes())["date"] == "2027-01-31"


def test_a_model_without_probabilities_of_interpret_is_reported(hostile: Model) -> None:
    bare = replace(hostile, golden=hostile.golden.drop_columns([INTERPRET_PROBABILITY]))
    check = certify.certify(bare, bytes).checks[1]
    assert check.not_checked == "the model folder does not hold it"
