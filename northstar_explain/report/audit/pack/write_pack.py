"""Writing a pack: the report, the page, the workbook, the tables, the model itself, and the checksums of all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from northstar_explain import tables
from northstar_explain.model import Model
from northstar_explain.model.folder import MANIFEST as MODEL_MANIFEST
from northstar_explain.model.folder import json_bytes
from northstar_explain.model.names import FILE as NAMES
from northstar_explain.model.pack_layout import (
    BOOK,
    CERTIFICATE,
    CHECK,
    LOOKUPS,
    MANIFEST,
    MODEL,
    PAGE,
    REPORT,
    SCORES,
    SEGMENTS,
    SUMS,
)
from northstar_explain.model.parity import Certificate
from northstar_explain.report.audit.about import About
from northstar_explain.report.audit.chapters.appendix import appendix
from northstar_explain.report.audit.chapters.contents import ReportContents, running
from northstar_explain.report.audit.pack import pack_tables
from northstar_explain.report.audit.pack.audit_page import audit_page
from northstar_explain.report.audit.pack.checksums import listed, manifest_bytes, sha256, sums_bytes
from northstar_explain.report.audit.pack.report_pdf import Report, whole
from northstar_explain.report.audit.shapes.feature_shapes import feature_shapes
from northstar_explain.report.audit.shapes.pair_shapes import pair_shapes
from northstar_explain.report.audit.workbook import workbook

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


_SQL_FILES = {
    SEGMENTS: "the segments as SQL, for DuckDB",
    LOOKUPS: "the points as lookup tables, for DuckDB",
    SCORES: "the query that scores a table of customers with them",
    CHECK: "what scores the golden rows with it and compares",
}


@dataclass(frozen=True)
class WrittenPack:
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
    sql: Mapping[str, str],
    certify: Callable[[Model, bytes], Certificate],
    about: About | None = None,
    date: str | None = None,
    overwrite: bool = False,
    progress: Callable[[str], None] = lambda stage: None,
) -> WrittenPack:
    """Write an audit pack, whole or not at all.

    Parameters
    ----------
    model : Model
    folder : Path
        Where to put it.
    sql : mapping of str to str
        Path within the pack to text of each SQL file, as `export.sql.pack_sql` makes them.
    certify : callable
        Given the model and the workbook's bytes, scores the golden rows by every program there is; as
        `verify.certify` does.
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
    WrittenPack

    Raises
    ------
    OutputError
        When something stands at the place, or it cannot be written.
    """
    tables.require_apart([folder], model.inputs, replaces=folder)
    tables.settle(folder)  # a pack that a killed run had begun to put there counts as being there
    tables.require_free(folder, overwrite and (folder / SUMS).is_file(), folder=True)
    if folder.is_dir():
        tables.require_only(folder, listed(folder).__contains__, "an audit pack")
    pack, certificate = _made(model, sql, certify, about or About(), date or str(model.manifest["date"]), progress)
    manifest = manifest_bytes(pack.data, pack.what, {"model_id": model.id, "date": date or model.manifest["date"]})
    sums = sums_bytes(manifest)
    progress(f"writing {folder}")
    tables.publish_folder(folder, {**pack.data, MANIFEST: manifest, SUMS: sums})
    return WrittenPack(folder, len(pack.data) + 2, certificate, sha256(sums))


def _made(
    model: Model,
    sql: Mapping[str, str],
    certify: Callable[[Model, bytes], Certificate],
    about: About,
    date: str,
    progress: Callable[[str], None],
) -> tuple[_Files, Certificate]:
    progress("collecting the facts")
    found, crossed = feature_shapes(model), pair_shapes(model)
    later = Report(f"Appendix: {model.contract.title}", "appendix", appendix(model, found, crossed), running(model))
    progress("setting the appendix, and meanwhile the workbook and the page")
    settings = later.start_jobs(_ASIDE)
    try:
        pack = _Files()
        _add_model(pack, model)
        for name, text in sql.items():
            pack.add(name, text.encode(), _SQL_FILES[name])
        book = workbook(model)
        pack.add(BOOK, book, "the scorecard as a workbook that scores by live formulas")
        pack.add(PAGE, audit_page(model, found, crossed).encode(), "shapes to browse and a customer to try, offline")
        progress("scoring the golden rows by every program there is")
        certificate = certify(model, book)
        pack.add(CERTIFICATE, json_bytes(certificate.to_json()), "the parity certificate")
        for name, (table, words) in pack_tables.pack_tables(model, found, certificate).items():
            pack.add(f"tables/{name}.csv", pack_tables.csv_bytes(table), words)
            pack.add(f"tables/{name}.parquet", tables.parquet_bytes(table), words)
        pack.add("README.md", _read_me(model).encode(), "what is what, and how to check it")
        progress("setting the report")
        said = ReportContents(model, about, date, found, crossed, certificate, pack.data, pack.what)
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
