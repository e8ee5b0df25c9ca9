"""Writing a pack: the report, the page, the workbook, the tables, the model itself, and the checksums of all."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from northstar_explain import tables
from northstar_explain.export.sql import segments_sql
from northstar_explain.model import Model
from northstar_explain.model.folder import MANIFEST as MODEL_MANIFEST
from northstar_explain.model.folder import json_bytes
from northstar_explain.model.names import FILE as NAMES
from northstar_explain.report.audit.about import About
from northstar_explain.report.audit.chapters.appendix import appendix
from northstar_explain.report.audit.chapters.contents import Said, running
from northstar_explain.report.audit.pack import pack_tables
from northstar_explain.report.audit.pack.audit_page import audit_page
from northstar_explain.report.audit.pack.checksums import MANIFEST, SUMS, manifest_bytes, sha256, sums_bytes
from northstar_explain.report.audit.pack.report_pdf import Report, whole
from northstar_explain.report.audit.shapes.feature_shapes import shapes
from northstar_explain.report.audit.shapes.pairs import pairs
from northstar_explain.report.audit.workbook import workbook
from northstar_explain.verify import certify
from northstar_explain.verify.certify import Certificate
from northstar_explain.verify.check_pack import BOOK, CERTIFICATE, MODEL
from northstar_explain.verify.run_duckdb import CHECK, LOOKUPS, SCORES, Scripts, check_sql, scripts_of

REPORT, PAGE = "audit.pdf", "audit.html"
_ASIDE = 2  # processes beside this one; two stretches end sooner than one, and more would only start up
_MODEL_FILES = {
    "contract.toml": "the contract",
    "segments.json": "the segments: tree, names, rules, profiles",
    "scorecard.parquet": "the scorecard",
    "purchase.json": "intercept, threshold, percentiles",
    "evaluation.json": "every measured figure",
    "golden.parquet": "golden rows and what they must score",
    "shapes.parquet": "who bought, by bin",
    "drift.parquet": "the baseline for later tables",
    NAMES: "what people call the segments",
    MODEL_MANIFEST: "hashes, options, versions of the training",
}


@dataclass(frozen=True)
class Written:
    """What was written.

    Attributes
    ----------
    folder : Path
    files : int
    certificate : Certificate
    sums : str
        SHA-256 of ``SHA256SUMS``: the checksum of all checksums.
    """

    folder: Path
    files: int
    certificate: Certificate
    sums: str


class _Files:
    """Files of a pack with what they are."""

    def __init__(self) -> None:
        self.data: dict[str, bytes] = {}
        self.what: dict[str, str] = {}

    def add(self, name: str, data: bytes, what: str) -> None:
        self.data[name], self.what[name] = data, what


def write_pack(
    model: Model,
    folder: Path,
    about: About | None = None,
    date: str | None = None,
    overwrite: bool = False,
    progress: Callable[[str], None] = lambda stage: None,
) -> Written:
    """Write an audit pack, whole or not at all.

    Parameters
    ----------
    model : Model
    folder : Path
        Where to put it.
    about : About, optional
        Who owns the model and what it is for.
    date : str, optional
        The date of the pack; the model's own where not given, so that the same model gives the same pack.
    overwrite : bool, default False
        Replace a pack that is there already; anything else there is left alone.
    progress : callable
        Told each stage as it begins.

    Returns
    -------
    Written

    Raises
    ------
    OutputError
        When something stands at the place, or it cannot be written.
    """
    # Only a pack may be replaced: a mistyped --out must not cost somebody their home directory.
    tables.require_free(folder, overwrite and (folder / SUMS).is_file(), folder=True)
    pack, certificate = _made(model, about or About(), date or str(model.manifest["date"]), progress)
    manifest = manifest_bytes(pack.data, pack.what, {"model_id": model.id, "date": date or model.manifest["date"]})
    sums = sums_bytes(manifest)
    progress(f"writing {folder}")
    with tables.replacing(folder) as beside:
        shutil.rmtree(beside, ignore_errors=True)
        for name, data in {**pack.data, MANIFEST: manifest, SUMS: sums}.items():
            path = beside / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    return Written(folder, len(pack.data) + 2, certificate, sha256(sums))


def _made(model: Model, about: About, date: str, progress: Callable[[str], None]) -> tuple[_Files, Certificate]:
    progress("collecting the facts")
    found, crossed = shapes(model), pairs(model)
    later = Report(f"Appendix: {model.contract.title}", "appendix", appendix(model, found, crossed), running(model))
    progress("setting the appendix, and meanwhile the workbook and the page")
    settings = later.set_aside(_ASIDE)
    try:
        pack = _Files()
        _add_model(pack, model)
        scripts = scripts_of(model)
        _add_sql(pack, model, scripts)
        book = workbook(model)
        pack.add(BOOK, book, "the scorecard as a workbook that scores by live formulas")
        pack.add(PAGE, audit_page(model, found, crossed).encode(), "shapes to browse and a customer to try, offline")
        progress("scoring the golden rows by every program there is")
        certificate = certify.certify(model, book, scripts)
        pack.add(CERTIFICATE, json_bytes(certificate.to_json()), "the parity certificate")
        for name, (table, words) in pack_tables.pack_tables(model, found, certificate).items():
            pack.add(f"tables/{name}.csv", pack_tables.csv_bytes(table), words)
            pack.add(f"tables/{name}.parquet", tables.parquet_bytes(table), words)
        pack.add("README.md", _read_me(model).encode(), "what is what, and how to check it")
        progress("setting the report")
        said = Said(model, about, date, found, crossed, certificate, pack.data, pack.what)
        front = said.report().set()
        pack.add(REPORT, whole(front, [setting.result() for setting in settings]), "the report")
    finally:
        for setting in settings:
            setting.stop()
    return pack, certificate


def _add_model(pack: _Files, model: Model) -> None:
    people = {NAMES: model.names.text.encode()} if model.names.text else {}
    for name, data in {**model.files, MODEL_MANIFEST: json_bytes(model.manifest), **people}.items():
        pack.add(f"{MODEL}/{name}", data, _MODEL_FILES.get(name, "a part of the model"))


def _add_sql(pack: _Files, model: Model, scripts: Scripts) -> None:
    pack.add("sql/segments.sql", segments_sql(model, "duckdb").encode(), "the segments as SQL, for DuckDB")
    pack.add(LOOKUPS, scripts.lookups.encode(), "the points as lookup tables, for DuckDB")
    pack.add(SCORES, scripts.scores.encode(), "the query that scores a table of customers with them")
    pack.add(CHECK, check_sql(model).encode(), "what scores the golden rows with it and compares")


def _read_me(model: Model) -> str:
    return f"""# Audit pack of model {model.id}

- `{REPORT}`: the report. Begin at "Where to look first".
- `{PAGE}`: every shape to browse, and a customer to try; one file, no network.
- `{BOOK}`: the scorecard with live formulas.
- `tables/`: everything that is too long for a page, as CSV and as Parquet. In the CSV, a text that a spreadsheet would
  take for a formula has an apostrophe before it; the Parquet has it as it is.
- `{MODEL}/`: the model itself, byte for byte.
- `sql/`: the same for a database. `duckdb < {CHECK}`, in this folder, scores the golden rows with it and compares.
- `{CERTIFICATE}`: how far apart the programs are that scored the golden rows.
- `{MANIFEST}`, `{SUMS}`: every file with its SHA-256.

To check that nothing has changed: `sha256sum --check {SUMS}`. Or `explain verify .`, which scores the golden rows again
as well.
"""
