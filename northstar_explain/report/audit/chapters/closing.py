"""The last chapters: parity certificate, known limits, how to verify and reproduce, files and checksums, sign-off."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from northstar_explain.model.folder_format import SEAL
from northstar_explain.model.learned_model import Model
from northstar_explain.model.parity import Certificate, Check
from northstar_explain.report.audit import about as texts
from northstar_explain.report.audit.about import About
from northstar_explain.report.audit.pack.checksums import sha256
from northstar_explain.report.document.blocks import (
    BlankLines,
    Chapter,
    ChapterBuilder,
    Code,
    Facts,
    Heading,
    ItemList,
    Text,
    table,
)

_CHECKED = (
    "Data lineage and contract",
    "Shapes of all terms",
    "Performance and groups",
    "Segments",
    "Parity, recomputed independently",
    "Limits and misuse understood",
    "Conditions of the approval",
)


def parity(certificate: Certificate) -> Chapter:
    """The parity certificate."""
    page = ChapterBuilder()
    # A program that was not there proves nothing, for or against, and is not counted.
    run = [check for check in certificate.checks if not check.not_checked and not check.stored]
    verdict = "agree on every row that was compared" if certificate.passed else "DO NOT AGREE"
    page.paragraphs(
        f"{certificate.golden:,} golden rows, ordinary ones and edge cases (missing values, values on a cut and "
        f"one float beside it, values far out of range, unseen categories), were scored by {len(run)} programs that "
        f"share no code. They {verdict}. Largest difference: {certificate.difference:.2e}.",
        style="lead",
    )
    rows = [
        (
            check.program,
            check.how,
            _rows(check),
            "–" if check.difference is None else f"{check.difference:.2e}",
            _result(check),
        )
        for check in certificate.checks
    ]
    heads = ("Program", "Computes from", "Rows", "Largest difference", "Result")
    page.add(table(heads, rows, words=2, widths=(16, 42, 12, 15, 15), alt_text="Parity of the programs"))
    for check in certificate.checks:
        if check.not_checked:
            page.paragraphs(f"{check.program}: not checked: {check.not_checked}.")
        for slip in check.slips:
            page.paragraphs(f"{check.program}, golden row {slip.row}: expected {slip.expected}, got {slip.got}.")
    page.paragraphs(
        "The difference is the absolute difference between the computed and the expected probability of a golden row. "
        "audit.html scores the same rows in the browser and prints its own largest difference.",
        style="fine",
    )
    return page.chapter("parity", "Parity certificate", flows=True)


def _rows(check: Check) -> str:
    return f"{check.rows:,}" if check.rows else "–"


def _result(check: Check) -> str:
    if check.passed is None:
        return "not checked"
    return f"within {check.tolerance:.0e}" if check.passed else f"{check.wrong:,} ROWS DIFFER"


def limits(model: Model, about: About) -> Chapter:
    """The known limits of the model."""
    page = ChapterBuilder()
    page.add(ItemList(texts.limits(about, model)))
    return page.chapter("limits", "Known limits", flows=True)


def checking(model: Model) -> Chapter:
    """How to verify the pack and how to reproduce the model."""
    page = ChapterBuilder()
    page.paragraphs(
        "None of these checks relies on trust in the people who made the model, and those of the first section need "
        "none of their programs.",
        style="lead",
    )
    page.section("Without our programs", ItemList((
        "Checksums: run the first line below in the folder of this pack. It names every file that changed.",
        "Spreadsheet: open scorecard.xlsx, enter somebody's values on the sheet Customer and follow the sum; the "
        "sheet Golden scores every golden row by formulas and shows the largest difference at its top.",
        "Browser: open audit.html without a network; the view “Golden rows and method” scores all golden rows in the "
        "page.",
        "Database: sql/ holds the segments and the scorecard as SQL for DuckDB. The second line below scores the "
        "golden rows with it and prints the largest difference and the number of rows in another segment than "
        "expected.",
        "Figures: the third line recomputes every figure of the chapters on performance and on groups from the "
        "evidence, with NumPy alone, beside the stored one; and it deals the rows to training, validation and holdout "
        "again.",
    ), ordered=True), Code("sha256sum --check SHA256SUMS\nduckdb < sql/check.sql\npython recompute.py"))  # fmt: skip
    page.section(
        "With our programs",
        Code(
            "pip install 'northstar-explain[audit]'\n"
            "explain verify .          # every checksum, every golden row by every program, every file made again\n"
            "explain verify model/     # checksums and golden rows of the model folder alone\n"
            "explain show model/ --json"
        ),
    )
    commands = f"{_training(model)}\nexplain audit --model again/ --out audit-again/\nsha256sum again/*"
    same = (
        "From the same table (its hash is listed under “Data lineage”), with the versions listed under “Method”, on a "
        "computer of the same kind. Words in capitals are files that are not in this pack:"
    )
    page.section("To reproduce the model", Text(same), Code(commands))
    page.add(Heading("Source of each number"), ItemList((
        "Figures of the model: model/evaluation.json, every key explained in docs/model-folder.md of the toolkit.",
        "Points, bins, intervals, spread and training rows: model/scorecard.parquet. Outcomes per bin: "
        "model/shapes.parquet.",
        "Rules, names and profiles: model/segments.json. Intercept, threshold and percentiles: model/purchase.json.",
        "Golden rows and their expected scores: model/golden.parquet. Drift baseline: model/drift.parquet.",
        "This report and audit.html only present these figures. The one exception is the parity certificate, for which "
        "the golden rows were scored when this pack was made.",
    )))  # fmt: skip
    return page.chapter("checking", "How to verify and reproduce", flows=True)


def _training(model: Model) -> str:
    """The command that reproduces the model; options without a flag are listed under its parameters only."""
    # Names of files are not stored in the model, so capitals stand for them.
    options, purchase = model.manifest["options"], model.evaluation.purchase
    update = model.evaluation.segments.update
    values: list[tuple[str, object]] = [
        ("contract", "model/contract.toml"),
        ("holdout", "LATER" if purchase.out_of_time else None),
        ("truth", "TRUTH" if purchase.gaps.true_probability else None),
        ("update", "BEFORE" if update else None),
        ("since", "SCORES" if update and update.since_scores else None),
        # Where the number was chosen from the data, it is chosen again.
        ("segments", options["segments"]["k"]),
        ("fit-rows", options.get("fit_rows")),
        ("margin", options["margin"]),
        ("contact-cost", options["contact_cost"]),
        *(("accept-leakage", shlex.quote(name)) for name in options["accept_leakage"]),
        ("seed", options["seed"]),
        ("date", options["date"]),
        ("model", "again/"),
    ]
    flags = [f"--{name} {value}" for name, value in values if value is not None]
    return " ".join(["explain train CUSTOMERS", *flags, *([] if options["experiments"] else ["--no-experiments"])])


def files(model: Model, listed: Mapping[str, bytes], what: Mapping[str, str]) -> Chapter:
    """Every file of the pack that existed when this report was typeset, with its hash."""
    page = ChapterBuilder()
    page.paragraphs(
        "SHA-256 of every file of the pack except this report, the manifest and the checksum file; these two hold the "
        "hash of this report. Tables are listed as CSV only, the largest compressed; a Parquet file of the same name "
        "holds the same table; of the golden rows, the drift baseline, and every bin and cell, model/ has the Parquet."
    )
    # Each table is listed once: its Parquet copy would double the list.
    rows = [(name, what[name], sha256(data)) for name, data in sorted(listed.items()) if not _is_parquet_copy(name)]
    page.add(
        table(("File", "What it is", "SHA-256"), rows, words=3, widths=(28, 32, 40), style="hashes", alt_text="Files")
    )
    return page.chapter("files", "Files and checksums", flows=True)


def _is_parquet_copy(name: str) -> bool:
    return name.startswith("tables/") and name.endswith(".parquet")


def sign_off(model: Model, about: About) -> Chapter:
    """The sign-off page, with lines to fill in by hand."""
    page = ChapterBuilder()
    page.paragraphs(
        "By signing I confirm that I have checked the items named below. The checksum of all checksums is printed by "
        "“explain audit” and by “sha256sum SHA256SUMS”; written here by hand, it ties this signature to the files."
    )
    page.add(
        Facts(
            (
                ("Model", model.id),
                ("Seal of the model's manifest", str(model.manifest[SEAL])),
                ("Owner", about.owner),
                ("Approver", about.approver),
            )
        )
    )
    page.add(Heading("Checked"), BlankLines(_CHECKED))
    page.add(
        Heading("Signed"),
        BlankLines(
            (
                "SHA-256 of SHA256SUMS",
                "Owner: name, date, signature",
                "Reviewer: name, date, signature",
                "Approver: name, date, signature",
                "Next review, at the latest",
            )
        ),
    )
    return page.chapter("sign-off", "Sign-off", flows=True)
