"""Write an audit pack: report, page, workbook, tables, SQL, the model itself, and the checksums of all files."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from northstar_explain import tables
from northstar_explain.model.deciding_part import DecidingPart
from northstar_explain.model.evaluation import to_json
from northstar_explain.model.evaluation.move_facts import Moves
from northstar_explain.model.folder_format import MANIFEST as MODEL_MANIFEST
from northstar_explain.model.folder_format import json_bytes
from northstar_explain.model.holdout_evidence import BASELINE_DIGITS, BASELINES, DECIMALS, HOLDOUT, SETS, SKIPPED
from northstar_explain.model.learned_model import Model
from northstar_explain.model.names import FILE as NAMES
from northstar_explain.model.pack_layout import (
    AGAINST,
    BOOK,
    CERTIFICATE,
    CHECK,
    EVIDENCE,
    LOOKUPS,
    MANIFEST,
    MODEL,
    MOVES,
    PAGE,
    RECOMPUTE,
    REPORT,
    SCORES,
    SEGMENTS,
    SIGNATURE,
    SUMS,
)
from northstar_explain.model.parity import Certificate
from northstar_explain.report.audit.about import About
from northstar_explain.report.audit.chapters.appendix import appendix
from northstar_explain.report.audit.chapters.audit_contents import STYLES, ReportContents, running
from northstar_explain.report.audit.pack import pack_tables
from northstar_explain.report.audit.pack.audit_page import audit_page
from northstar_explain.report.audit.pack.checksums import listed, manifest_bytes, sha256, sums_bytes
from northstar_explain.report.audit.pack.evidence_files import RowNames, evidence_files
from northstar_explain.report.audit.pack.made_with import versions
from northstar_explain.report.audit.pack.move_tables import move_files
from northstar_explain.report.audit.shapes.feature_shapes import feature_shapes
from northstar_explain.report.audit.shapes.pair_shapes import pair_shapes
from northstar_explain.report.audit.workbook import workbook
from northstar_explain.report.document import press
from northstar_explain.report.document.document import Document
from northstar_explain.report.document.merge_pdfs import merge_pdfs

_WORKERS = 2  # processes that typeset the appendix; each takes a second to start, so more would not finish sooner
_MODEL_FILES = {
    "contract.toml": "the contract",
    "segments.json": "the segments: tree, names, rules, profiles",
    "scorecard.parquet": "the scorecard",
    "purchase.json": "intercept, threshold, percentiles",
    "evaluation.json": "every measured figure",
    "golden.parquet": "golden rows with their expected scores",
    "shapes.parquet": "rows and outcomes by bin",
    "drift.parquet": "the drift baseline",
    HOLDOUT: "each row of the holdout: label, score, segment, groups",
    BASELINES: "the scores of the baselines for the same rows, in the same order",
    SETS: "each row of the table, in its order: label, and train, validation, holdout or rejected",
    NAMES: "the names of the segments that people have given",
    MODEL_MANIFEST: "hashes, options, versions of the training",
}


_SQL_FILES = {
    SEGMENTS: "the segments as SQL, for DuckDB",
    LOOKUPS: "the points as lookup tables, for DuckDB",
    SCORES: "the query that scores a table with them",
    CHECK: "scores the golden rows with it and compares the results",
}


@dataclass(frozen=True)
class WrittenPack:
    """The pack that was written.

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


class PackFiles:
    """The files of a pack with their descriptions."""

    def __init__(self) -> None:
        self.data: dict[str, bytes] = {}
        self.what: dict[str, str] = {}

    def add(self, name: str, data: bytes, what: str) -> None:
        self.data[name], self.what[name] = data, what


def write_pack(
    model: Model,
    folder: Path,
    sql: Mapping[str, str],
    certify: Callable[[Model, Callable[[], bytes]], Certificate],
    about: About | None = None,
    date: str | None = None,
    overwrite: bool = False,
    progress: Callable[[str], None] = lambda stage: None,
    names: RowNames | None = None,
    against: DecidingPart | None = None,
    sign: Callable[[bytes], bytes] | None = None,
    moves: Moves | None = None,
) -> WrittenPack:
    """Write an audit pack, whole or not at all.

    Parameters
    ----------
    model : Model
    folder : Path
        The pack's folder.
    sql : mapping of str to str
        Path within the pack to the text of each SQL file, as made by `export.sql.pack_sql`.
    certify : callable
        Scores the golden rows by every available program, given the model and the workbook's bytes; see
        `verify.certify`.
    about : About, optional
        Who owns the model and what it is for.
    date : str, optional
        The date of the pack; by default the model's, so that the same model gives the same pack.
    overwrite : bool, default False
        Replace an existing pack; anything else at the path is never replaced.
    progress : callable
        Called with the name of each stage as it begins.
    names : RowNames, optional
        Ids or pseudonyms of the holdout's rows, for the evidence.
    against : DecidingPart, optional
        An earlier model: a chapter says what changed since.
    sign : callable, optional
        Makes the signature of the sums, which lies beside them.
    moves : Moves, optional
        The holdout scored by this model and by `against`.

    Returns
    -------
    WrittenPack

    Raises
    ------
    OutputError
        If the path is taken or cannot be written.
    """
    tables.require_apart([folder], model.inputs, replaces=folder)
    tables.settle(folder)  # a pack that a killed run had begun to publish is completed, and counts as existing
    tables.require_free(folder, overwrite and (folder / SUMS).is_file(), folder=True)
    if folder.is_dir():
        tables.require_only(folder, listed(folder).__contains__, "an audit pack")
    pack, certificate = made_pack(
        model, sql, certify, about or About(), date or str(model.manifest["date"]), progress, names, against, moves
    )
    # No clock: the manifest holds the given date, so that the same inputs give the same bytes.
    # What the pack is made from beside the model, so that it can be made again from itself.
    statements = {key: list(one) if isinstance(one, tuple) else one for key, one in asdict(about or About()).items()}
    made_from = {"model_id": model.id, "date": date or model.manifest["date"], "statements": statements}
    manifest = manifest_bytes(pack.data, pack.what, {**made_from, "versions": versions()})
    sums = sums_bytes(manifest)
    progress(f"writing {folder}")
    files = {**pack.data, MANIFEST: manifest, SUMS: sums, **({SIGNATURE: sign(sums)} if sign else {})}
    tables.publish_folder(folder, files)
    return WrittenPack(folder, len(files), certificate, sha256(sums))


def made_pack(
    model: Model,
    sql: Mapping[str, str],
    certify: Callable[[Model, Callable[[], bytes]], Certificate],
    about: About,
    date: str,
    progress: Callable[[str], None],
    names: RowNames | None,
    against: DecidingPart | None,
    moves: Moves | None,
) -> tuple[PackFiles, Certificate]:
    """Every file of a pack but manifest and sums; parameters as of `write_pack`."""
    progress("collecting the facts")
    shapes, pairs = feature_shapes(model), pair_shapes(model)
    title, pages = f"Appendix: {model.contract.title}", appendix(model, shapes, pairs)
    back = Document(title, "appendix", pages, running=running(model), styles=STYLES)
    progress("typesetting the appendix, and meanwhile making the workbook and the page")
    # The appendix takes longest, so it begins first, beside everything that this process does.
    workers = press.start(back.jobs(_WORKERS))
    try:
        pack = PackFiles()
        _add_model(pack, model)
        for name, data in (against.files if against else {}).items():
            pack.add(f"{AGAINST}/{name}", data, f"of the model that this one is compared with: {_MODEL_FILES[name]}")
        if moves is not None:
            pack.add(MOVES, json_bytes(to_json(moves)), "the holdout scored by both models: who is in another decile")
            for name, (data, words) in move_files(moves).items():
                pack.add(name, data, words)
        for name, text in sql.items():
            pack.add(name, text.encode(), _SQL_FILES[name])
        book = workbook(model)
        pack.add(BOOK, book, "the scorecard as a workbook that scores by live formulas")
        pack.add(PAGE, audit_page(model, shapes, pairs).encode(), "interactive shapes and a what-if customer, offline")
        progress("scoring the golden rows by every available program")
        # Handed in by the caller: a report presents, and must not depend on what runs the programs.
        certificate = certify(model, lambda: book)
        pack.add(CERTIFICATE, json_bytes(certificate.to_json()), "the parity certificate")
        for name, (table, words) in pack_tables.pack_tables(model, shapes, certificate).items():
            for path, data in pack_tables.table_files(name, table).items():
                pack.add(path, data, words)
        for name, (data, words) in evidence_files(model, names).items():
            pack.add(name, data, words)
        pack.add("README.md", _read_me(model).encode(), "the contents of the pack, and how to verify it")
        progress("typesetting the report")
        # Last, because it lists the hashes of all other files.
        contents = ReportContents(model, about, date, shapes, pairs, certificate, pack.data, pack.what, against, moves)
        parts = [contents.report().pdf(), *(pdf for worker in workers for pdf in worker.result())]
        # PDF asks for a unique identifier; a hash of the content is unique and reproducible.
        pack.add(REPORT, merge_pdfs(parts, "A", hashlib.sha256(b"".join(parts)).digest()[:16]), "the report")
    finally:
        # Whatever failed, no worker process is left behind.
        for worker in workers:
            worker.stop()
    return pack, certificate


def _add_model(pack: PackFiles, model: Model) -> None:
    names = {NAMES: model.names.text.encode()} if model.names.text else {}
    for name, data in {**model.files, MODEL_MANIFEST: json_bytes(model.manifest), **names}.items():
        pack.add(f"{MODEL}/{name}", data, _MODEL_FILES.get(name, "a file of the model"))


def _read_me(model: Model) -> str:
    return f"""# Audit pack of model {model.id}

- `{REPORT}`: the report. Begin with "Where to look first".
- `{PAGE}`: interactive shapes and a what-if customer; one file, no network.
- `{BOOK}`: the scorecard with live formulas.
- `tables/`: tables that are too long for a page, as CSV and as Parquet. In the CSV, a text that a spreadsheet would
  take for a formula has an apostrophe in front; the Parquet has it unchanged. Every bin and every cell of a pair are
  in `scorecard.csv.gz` and `pairs.csv.gz`, and in the workbook. These two, the golden rows and the drift baseline are
  Parquet in `{MODEL}/`, and not twice.
- `{MODEL}/`: the model itself, byte for byte, and with it the evidence: `{HOLDOUT}` (label, score, segment and groups
  of each row of the holdout), `{BASELINES}` (the scores of the baselines for the same rows) and `{SETS}` (the
  set of every row of the table).
- `sql/`: segments and scores as SQL for DuckDB. `duckdb < {CHECK}`, run in this folder, scores the golden rows with it
  and compares the results.
- `{CERTIFICATE}`: the differences between the programs that scored the golden rows.
- `{EVIDENCE}/`: what each number of a group stands for, the counts behind the proxies, and `ids.csv.bz2` where ids or
  pseudonyms were asked for.
- `{RECOMPUTE}`: `python {RECOMPUTE}`, with NumPy alone, recomputes every figure of the performance and of the groups
  from the evidence, and deals the rows to their sets again.
- `{AGAINST}/`, where there is one: of the model that this one is compared with, what decides its scores; and, where the
  table of the holdout was given, in `moves.json` who is in another decile, in `deciles.csv` all rows by decile before
  and now, and in `terms.csv` what each term added to their log-odds, summed by the number of deciles that rows moved.
- `{MANIFEST}`, `{SUMS}`: every file with its SHA-256; `{SIGNATURE}`, where there is one, signs the latter.

`.csv.bz2` and `.csv.gz` are compressed CSV: `bunzip2 FILE` and `gunzip FILE` (or 7-Zip) give the CSV, and
`pandas.read_csv` and R's `read.csv` open them as they are. Scores have {DECIMALS} decimals, those of the baselines
{BASELINE_DIGITS} significant digits; every figure is computed from them as they stand there. `{SKIPPED}` is how many
rows of the table are left out just before this one: the position of a row in its table is the running sum of
1 + {SKIPPED}, which is its line below the heading where nothing is left out.

To check that nothing has changed, run `sha256sum --check {SUMS}`; or `explain verify .`, which also scores the golden
rows again, makes every other file again from `{MODEL}/`, and compares.
"""
