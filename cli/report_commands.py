"""`explain playbook`, `compare`, `sql`, `export`, `audit`, `verify`, `show`: what is made of a model; their options."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from northstar_explain.cli import commands
from northstar_explain.cli.shared_options import FILE, MODEL, OVERWRITE, QUIET, command, with_money
from northstar_explain.options import DIALECTS, MoneyOptions, SqlOptions


@command("playbook")
@MODEL
@click.option(
    "--out", type=FILE, help="The folder for the playbook as PDF, HTML and Word, a PDF per segment, the summary."
)
@click.option("--plan", type=FILE, help="playbook.toml: names, owners, actions, offers, KPIs, colours, logo.")
@click.option("--check", is_flag=True, help="Write nothing; list what is unassigned or contradicts the data.")
@click.option("--write-plan", type=FILE, help="Write only this playbook.toml, with what is proposed, to be edited.")
@click.option("--memo", type=FILE, help="This model's memo, for a link in the page.")
@click.option("--audit", type=FILE, help="The folder of this model's audit pack, for a link in the page.")
@with_money
@OVERWRITE
@QUIET
def playbook(
    model: Path, out: Path | None, plan: Path | None, check: bool, write_plan: Path | None, **options: Any
) -> None:
    """Write the playbook for marketing: all segments, one page each, and whom to contact first.

    With --check, findings go to stdout, one a line, and the exit code is 1 when there are any.
    """
    if check + (out is not None) + (write_plan is not None) != 1:
        raise click.UsageError("Missing --out FOLDER; or --check, which writes nothing, or --write-plan FILE.")
    if out is None and (options["money"] != MoneyOptions() or options["uplift"] is not None):
        raise click.UsageError("Amounts and --uplift are for the page on money: they go with --out.")
    if write_plan is not None:
        if plan is not None:
            raise click.UsageError("--write-plan writes what is proposed without a plan; leave out --plan.")
        sys.exit(commands.write_plan(model, write_plan, options["overwrite"]))
    sys.exit(commands.playbook(model, out, plan, check, **options))


@command("compare")
@MODEL
@click.option("--out", type=FILE, required=True, help="The memo, .pdf; the same as .html goes beside it.")
@click.option("--playbook", type=FILE, help="The folder of this model's playbook, for a link in the page.")
@click.option("--audit", type=FILE, help="The folder of this model's audit pack, for a link in the page.")
@with_money
@click.option("--owner", default="", help="Who carries out the recommendation.  [default: to confirm]")
@click.option("--decide-by", type=click.DateTime(["%Y-%m-%d"]), help="The day to decide by.  [default: to confirm]")
@OVERWRITE
@QUIET
def compare(model: Path, out: Path, **options: Any) -> None:
    """Write a memo on segments and probabilities: why, when, and how to run the two together.

    Its experiments were run by `explain train`; every number comes from the model folder.
    """
    commands.compare(model, out, **options)


@command("sql")
@click.argument("model", type=FILE)
@click.option("--dialect", type=click.Choice(DIALECTS), required=True, help="The SQL dialect.")
@click.option("--table", default=SqlOptions.table, show_default=True, help="The table of customers.")
@click.option("--view", help="Make a view of this name.  [default: a query]")
@click.option("--scores", is_flag=True, help="The whole scorecard: logit, probability, flag_f1 as well.")
@click.option("--prefix", help="How names of the scorecard's tables begin.  [default: northstar_ and the model's id]")
@click.option("--out", type=FILE, help="Where to write it.  [default: stdout]")
@click.option("--dbt", type=FILE, help="Write a dbt package into this folder instead.")
@OVERWRITE
def sql(model: Path, out: Path | None, dbt: Path | None, overwrite: bool, **options: Any) -> None:
    """Write the segments, or with --scores all scores, of the model folder MODEL as SQL.

    One statement gives each row of the table its id, segment_id and segment_name, the same as `explain score` does,
    on thresholds and for missing values too, and a column of 0 and 1 for each trait of the contract.

    With --scores, the statement looks values up in three small tables. Beside OUT they go into NAME.tables.sql
    (CREATE TABLE and INSERT) and, for loading, into NAME.cuts.parquet, NAME.categories.parquet and
    NAME.points.parquet.

    With --dbt, a folder is written that dbt builds: segments, scores day after day, the tables as seeds, and tests by
    which the model's golden rows must score in the database as they do here. Its README says who runs what.
    """
    if dbt is not None:
        if out is not None or options["view"] or options["scores"] or options["prefix"]:
            raise click.UsageError("--dbt goes with --dialect and --table alone: the package has all of it.")
        commands.dbt(model, options["dialect"], options["table"], dbt, overwrite)
        return
    if options["scores"] and out is None:
        raise click.UsageError("--scores goes with --out: the tables that the statement reads are written beside it.")
    if options["prefix"] and not options["scores"]:
        raise click.UsageError("--prefix goes with --scores.")
    commands.sql(model, SqlOptions(**options), out, overwrite)


@command("export")
@click.argument("model", type=FILE)
@click.option("--onnx", type=FILE, required=True, help="The ONNX file to write, such as scorecard.onnx.")
@OVERWRITE
def export(model: Path, onnx: Path, overwrite: bool) -> None:
    """Write the model folder MODEL for services that run ONNX: segments, traits, probability and reasons.

    Columns of the table go in, numbers as doubles and categories as texts. Before the file is written, it must score
    the model's golden rows as the model does.
    """
    commands.export(model, onnx, overwrite)


@command("audit")
@MODEL
@click.option("--out", type=FILE, required=True, help="The folder for the pack.")
@click.option("--about", type=FILE, help="A TOML file with what people state: owner, purpose, data, inventory.")
@click.option("--date", type=click.DateTime(["%Y-%m-%d"]), help="The date of the pack.  [default: the model's]")
@click.option(
    "--customers",
    type=FILE,
    help="The table that the holdout is of, to name its rows by id; with --against, who moved.",
)
@click.option("--key", type=FILE, help="A file of 16 bytes or more that turns these ids into pseudonyms.")
@click.option(
    "--against", type=FILE, help="An earlier model: what changed since; with --customers, whose decile moved and why."
)
@click.option("--sign", type=FILE, help="A secret key of minisign, which signs SHA256SUMS.")
@OVERWRITE
@QUIET
def audit(
    model: Path, out: Path, about: Path | None, date: Any, customers: Path | None, key: Path | None,
    against: Path | None, sign: Path | None, overwrite: bool, quiet: bool,
) -> None:  # fmt: skip
    """Write an audit pack: report, page to browse, workbook, tables, the model itself and checksums.

    It stands alone: it can be checked without this program, and by `explain verify` with it.
    """
    if key and not customers:
        raise click.UsageError("--key goes with --customers.")
    day = date.date().isoformat() if date else None
    commands.audit(model, out, about, day, overwrite, quiet, customers, key, against, sign)


@command("verify")
@click.argument("path", type=FILE)
@click.option("--sums", help="The SHA-256 that `explain audit` printed, or a file with it, kept elsewhere.")
@click.option("--public-key", help="A public key of minisign, or a file with it, that SHA256SUMS must be signed with.")
@QUIET
def verify(path: Path, sums: str | None, public_key: str | None, quiet: bool) -> None:
    """Check the audit pack or model folder PATH: every checksum, and every golden row with every program available.

    Names every file that was tampered with, is missing or does not belong there, and every golden row that is scored
    differently.
    """
    commands.verify(path, quiet, sums, public_key)


@command("show")
@click.argument("model", type=FILE)
@click.option("--json", "as_json", is_flag=True, help="Everything, as JSON.")
def show(model: Path, as_json: bool) -> None:
    """Print the facts of the model folder MODEL."""
    commands.show(model, as_json)
