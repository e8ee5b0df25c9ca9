"""The command and its subcommands. Each imports what it needs when it is called, so that help is shown at once."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from northstar_explain.cli import commands
from northstar_explain.cli.campaign import campaign
from northstar_explain.cli.ending import one_line
from northstar_explain.cli.exit_codes import EXIT_CODES
from northstar_explain.cli.output import open_standard_streams
from northstar_explain.options import DECIMALS, DIALECTS, ENGINES, Control, CsvOptions, ScoringOptions, SqlOptions

_FILE = click.Path(path_type=Path)
_OVERWRITE = click.option("--overwrite", is_flag=True, help="Replace an existing result.")
_QUIET = click.option("--quiet", is_flag=True, help="No progress on stderr.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Everything on stdout, as JSON.")
_SEED = click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True,
                     help="Seed of every random choice.")  # fmt: skip
_MODEL = click.option("--model", type=_FILE, required=True, help="The model folder.")
_MAX_REJECTED = click.option(
    "--max-rejected", type=click.FloatRange(0, 1), default=ScoringOptions.max_rejected, show_default=True,
    help="Share of rejected rows above which the exit code is 3.",
)  # fmt: skip
_CSV = (
    click.option("--delimiter", help="Between the cells of CSV: a character, or tab.  [default: found]"),
    click.option("--encoding", help="Of CSV, such as utf-8, cp1252 or utf-16.  [default: found]"),
    click.option("--decimal", type=click.Choice(DECIMALS), help="Decimal mark of CSV.  [default: found]"),
    click.option("--thousands", help="Mark between thousands in CSV, one of , . ' or a blank.  [default: found]"),
)


def _reading(command: Callable[..., None]) -> Callable[..., None]:
    """Options that say how CSV files are written, as one argument `csv`."""

    @functools.wraps(command)
    def with_csv(**options: Any) -> None:
        given = {name: options.pop(name) for name in ("delimiter", "encoding", "decimal", "thousands")}
        try:
            csv = CsvOptions(**given)
        except ValueError as error:
            raise click.UsageError(f"--{error}") from None
        command(csv=csv, **options)

    for option in reversed(_CSV):
        with_csv = option(with_csv)
    return with_csv


class _Commands(click.Group):
    """Turns the errors that a user can fix into one message and exit code 1."""

    def invoke(self, context: click.Context) -> Any:
        with one_line():
            return super().invoke(context)

    def list_commands(self, context: click.Context) -> list[str]:
        return list(self.commands)  # in the order of use, not of the alphabet


def _command(name: str) -> Callable[[Callable[..., None]], click.Command]:
    return group.command(name, epilog=EXIT_CODES)


@click.group(cls=_Commands, epilog=EXIT_CODES, context_settings={"max_content_width": 110})
@click.version_option(package_name="northstar-explain", prog_name="explain")
def group() -> None:
    """Customer segments as rules, purchase probabilities as points, and playbooks that people can read.

    A table of customers (Parquet, CSV or Arrow) and a contract file that says what its columns mean go in. Start
    with `explain init` for your own table, or with `explain simulate` for a made-up shop.
    """


@_command("simulate")
@click.argument("out", type=_FILE)
@click.option("--customers", type=click.IntRange(min=1), default=240_000, show_default=True, help="How many.")
@click.option("--months", type=click.IntRange(1, 60), help="Months of the same people; OUT is then a folder.")
@click.option("--campaign", type=_FILE, help="An audience.parquet: its treated are contacted, which changes a month.")
@click.option("--campaign-month", type=click.IntRange(min=1), help="Which month.  [default: the last]")
@_SEED
@_OVERWRITE
@_QUIET
def simulate(
    out: Path, customers: int, months: int | None, campaign: Path | None, campaign_month: int | None, seed: int,
    overwrite: bool, quiet: bool,
) -> None:  # fmt: skip
    """Simulate Northstar Retail's customers and write them to OUT.

    Each customer visits, browses, buys and reads e-mails over 12 months; the features are computed from that, and
    the label from the 30 days after. Beside OUT goes NAME.truth.parquet with each customer's true probability,
    which is never used in training.

    With --months, the same people live on: OUT gets month-1.parquet, which is the same table, month-2.parquet 30 days
    later and so on, each with its truth beside, and months.json with counts. With --campaign, the treated customers
    of an audience are contacted in the 30 days after the snapshot of a month; the truth has the effect on each.
    """
    if months is None:
        if campaign or campaign_month:
            raise click.UsageError("--campaign and --campaign-month go with --months.")
        commands.simulate(out, customers, seed, overwrite, quiet)
        return
    if campaign_month and not campaign:
        raise click.UsageError("--campaign-month goes with --campaign.")
    if campaign_month and campaign_month > months:
        raise click.UsageError(f"--campaign-month: expected 1 to {months}, the number of months; got {campaign_month}.")
    commands.simulate_months(out, customers, seed, months, campaign, campaign_month, overwrite, quiet)


@_command("init")
@click.argument("table", type=_FILE)
@click.option(
    "--id", "id_column", help="The column that names each customer; row numbers the rows.  [default: guessed]"
)
@click.option("--label", help="The column to be predicted: two values.  [default: guessed]")
@click.option("--positive", help="The value of the label to be predicted; others stand for 0.  [default: guessed]")
@click.option("--ask", is_flag=True, help="Ask what is open here; otherwise it is marked CONFIRM in the contract.")
@click.option("--out", type=_FILE, default=Path("contract.toml"), show_default=True, help="Where to write it.")
@_reading
@_OVERWRITE
def init(
    table: Path, id_column: str | None, label: str | None, positive: str | None, ask: bool, out: Path,
    overwrite: bool, csv: CsvOptions,
) -> None:  # fmt: skip
    """Draft a contract for TABLE, which can be used as it is.

    Kinds, units, words, bounds and what may be missing follow from names and values. At most five questions remain,
    each with what was seen: they are asked here, or marked CONFIRM in the contract.
    """
    commands.init(table, id_column, label, positive, ask, out, overwrite, csv)


@_command("train")
@click.argument("customers", type=_FILE)
@click.option("--model", type=_FILE, help="The model folder to write.  [with --update: NAME.updated beside that]")
@click.option("--update", type=_FILE, help="A model to follow: segments found again keep their ids and names.")
@click.option("--since", type=_FILE, help="Its last scores, to see who moved because the customer changed.")
@click.option(
    "--contract", type=_FILE, help="What the columns mean.  [default: the updated model's, else Northstar Retail's]"
)
@click.option(
    "--holdout",
    type=_FILE,
    help="Customers at a later date, to evaluate on.  [default: a fifth of CUSTOMERS]",
)
@click.option("--segments", type=click.IntRange(2, 12), help="How many segments.  [default: chosen from 3 to 9]")
@click.option(
    "--rules",
    type=click.IntRange(1, 4),
    help="Most rules of a segment.  [default: one, and a second where it is worth it]",
)
@click.option("--conditions", type=click.IntRange(2, 10), help="Most conditions on the way to a segment.  [default: 6]")
@click.option(
    "--fit-rows",
    type=click.IntRange(min=1_000),
    default=200_000,
    show_default=True,
    help="Most rows that a fit uses; more are sampled down to so many. Evaluation uses the whole holdout.",
)
@click.option("--margin", type=click.FloatRange(0, min_open=True), help="Earned per purchase, for the profit curve.")
@click.option("--contact-cost", type=click.FloatRange(0), help="Spent per customer contacted, for the profit curve.")
@click.option(
    "--truth", type=_FILE, help="True probabilities of a simulation, for the evaluation; never used in fitting."
)
@click.option(
    "--accept-leakage",
    multiple=True,
    metavar="FEATURE",
    help="Train although the leakage check warns of this feature; may be given again.",
)
@click.option(
    "--experiments/--no-experiments",
    default=True,
    show_default=True,
    help="Run the experiments that `explain compare` reports.",
)
@click.option("--date", type=click.DateTime(["%Y-%m-%d"]), help="The day that the model is made on.  [default: today]")
@click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), help="The day that CUSTOMERS looks up to.  [default: the contract's]"
)
@_SEED
@_MAX_REJECTED
@_reading
@_OVERWRITE
@_JSON
@_QUIET
def train(
    customers: Path, model: Path | None, overwrite: bool, as_json: bool, quiet: bool, csv: CsvOptions,
    **options: Any,
) -> None:  # fmt: skip
    """Learn segments and a purchase model from CUSTOMERS and write the model folder.

    With --update, segments are fitted again and matched to those of an earlier model by the customers they share.

    Segments are learned without the label and defined by rules; the purchase model is an Explainable Boosting Machine,
    compiled into a table of points, and evaluated once on customers it has not seen. Rejected rows are written beside
    the folder (NAME.rejected.parquet) with their reasons.
    """
    # An update goes beside the model that it follows, unless that is named: what people use stays until they say so.
    model = model or (options["update"] and options["update"].absolute().with_name(options["update"].name + ".updated"))
    if model is None:
        raise click.UsageError("Missing --model FOLDER, where the model is to be written.")
    if (options["margin"] is None) != (options["contact_cost"] is None):
        raise click.UsageError("--margin and --contact-cost go together.")
    if options["since"] and not options["update"]:
        raise click.UsageError("--since goes with --update.")
    # What remains are fields of TrainingOptions, which cannot be imported here: --help must not wait for scikit-learn.
    files = commands.TrainingFiles(**{name: options.pop(name) for name in commands.TrainingFiles._fields})
    sys.exit(commands.train(customers, model, files, options, overwrite, as_json, quiet, csv))


@_command("score")
@click.argument("customers", nargs=-1, required=True)
@_MODEL
@click.option("--out", required=True, help="Where to write: a .parquet, .csv or .arrow file, or a folder of Parquet.")
@_MAX_REJECTED
@click.option("--publish-anyway", is_flag=True, help="Publish the results even when too many rows are rejected.")
@click.option(
    "--control-share",
    type=click.FloatRange(0, 1),
    default=Control.share,
    show_default=True,
    help="Share of customers in the control group: a hash of the id, so always the same ones.",
)
@click.option("--control-salt", default=Control.salt, show_default=True, help="Another salt selects another group.")
@click.option("--resume", is_flag=True, help="Continue a killed run after its finished chunks.")
@click.option(
    "--engine",
    type=click.Choice(ENGINES),
    default="local",
    show_default=True,
    help="What scores: this machine, or Spark.",
)
@click.option(
    "--accept-unseen",
    multiple=True,
    metavar="COLUMN",
    help="Score although most values of this column are unseen in training; may be given again.",
)
@_reading
@_OVERWRITE
@_JSON
@_QUIET
def score(
    customers: tuple[str, ...], model: Path, out: str, control_share: float, control_salt: str, engine: str,
    as_json: bool, quiet: bool, **options: Any,
) -> None:  # fmt: skip
    """Score CUSTOMERS: segment, probability, rank and reasons, one row per valid row.

    CUSTOMERS are Parquet, CSV or Arrow files, folders of them, quoted patterns such as "week/*.parquet", or - for
    Arrow or CSV on standard input. Beside OUT go OUT.rejected.parquet (rejected rows, with reasons) and
    OUT.report.json (counts, hashes, drift), such as s.csv.report.json beside s.csv. The label may be in the table and
    is not used.

    Memory does not grow with the input. Nothing is published until all is done; when too many rows are rejected,
    nothing is published at all. One line on stdout sums up the run; with --json, the whole report goes there.

    With --engine spark, Spark reads and writes wherever it can, OUT is a folder, and each worker scores as this
    machine would: under spark-submit on its cluster, otherwise on this machine.
    """
    from northstar_explain.cli import scoring

    if options["resume"] and engine == "spark":
        raise click.UsageError("--resume is for the local engine; Spark runs lost tasks again by itself.")
    settings = ScoringOptions(**options, control=Control(control_share, control_salt))
    sys.exit(scoring.score(customers, model, out, settings, engine, as_json, quiet))


@_command("playbook")
@_MODEL
@click.option(
    "--out", type=_FILE, help="The folder for the playbook as PDF, HTML and Word, a PDF per segment, the summary."
)
@click.option("--plan", type=_FILE, help="playbook.toml: names, owners, actions, offers, KPIs, colours, logo.")
@click.option("--check", is_flag=True, help="Write nothing; list what is unassigned or contradicts the data.")
@click.option("--write-plan", type=_FILE, help="Write only this playbook.toml, with what is proposed, to be edited.")
@click.option("--memo", type=_FILE, help="This model's memo, for a link in the page.")
@click.option("--audit", type=_FILE, help="The folder of this model's audit pack, for a link in the page.")
@_OVERWRITE
@_QUIET
def playbook(
    model: Path, out: Path | None, plan: Path | None, check: bool, write_plan: Path | None, **options: Any
) -> None:
    """Write the playbook for marketing: all segments, one page each, and whom to contact first.

    With --check, findings go to stdout, one a line, and the exit code is 1 when there are any.
    """
    if check + (out is not None) + (write_plan is not None) != 1:
        raise click.UsageError("Missing --out FOLDER; or --check, which writes nothing, or --write-plan FILE.")
    if write_plan is not None:
        if plan is not None:
            raise click.UsageError("--write-plan writes what is proposed without a plan; leave out --plan.")
        sys.exit(commands.write_plan(model, write_plan, options["overwrite"]))
    sys.exit(commands.playbook(model, out, plan, check, **options))


@_command("compare")
@_MODEL
@click.option("--out", type=_FILE, required=True, help="The memo, .pdf; the same as .html goes beside it.")
@click.option("--playbook", type=_FILE, help="The folder of this model's playbook, for a link in the page.")
@click.option("--audit", type=_FILE, help="The folder of this model's audit pack, for a link in the page.")
@_OVERWRITE
@_QUIET
def compare(model: Path, out: Path, playbook: Path | None, audit: Path | None, overwrite: bool, quiet: bool) -> None:
    """Write a memo on segments and probabilities: why, when, and how to run the two together.

    Its experiments were run by `explain train`; every number comes from the model folder.
    """
    commands.compare(model, out, playbook, audit, overwrite, quiet)


@_command("monitor")
@_MODEL
@click.option("--scores", type=_FILE, multiple=True, required=True, help="Twice: the earlier scores, then the later.")
@click.option("--outcomes", type=_FILE, help="Customers with their label, once its window is over.")
@click.option("--json", "as_json", is_flag=True, help="Everything, as JSON.")
@_reading
def monitor(
    model: Path, scores: tuple[Path, ...], outcomes: Path | None, as_json: bool, csv: CsvOptions
) -> None:  # fmt: skip
    """Compare two scoring runs: drift, segments, who moved, and whether probabilities held.

    Drift of the features is read from the run report beside the later scores. The exit code is 3 when a trigger fired.
    """
    if len(scores) != 2:
        raise click.UsageError("Missing --scores: expected it twice, the earlier run, then the later.")
    from northstar_explain.cli import monitoring

    sys.exit(monitoring.monitor(model, scores, outcomes, as_json, csv))


group.add_command(campaign)


@_command("sql")
@click.argument("model", type=_FILE)
@click.option("--dialect", type=click.Choice(DIALECTS), required=True, help="The SQL dialect.")
@click.option("--table", default=SqlOptions.table, show_default=True, help="The table of customers.")
@click.option("--view", help="Make a view of this name.  [default: a query]")
@click.option("--scores", is_flag=True, help="The whole scorecard: logit, probability, likely_buyer as well.")
@click.option("--prefix", help="How names of the scorecard's tables begin.  [default: northstar_ and the model's id]")
@click.option("--out", type=_FILE, help="Where to write it.  [default: stdout]")
@_OVERWRITE
def sql(model: Path, out: Path | None, overwrite: bool, **options: Any) -> None:
    """Write the segments, or with --scores all scores, of the model folder MODEL as SQL.

    One statement gives each row of the table its id, segment_id and segment_name, the same as `explain score` does,
    on thresholds and for missing values too, and a column of 0 and 1 for each trait of the contract.

    With --scores, the statement looks values up in three small tables. Beside OUT they go into NAME.tables.sql
    (CREATE TABLE and INSERT) and, for loading, into NAME.cuts.parquet, NAME.categories.parquet and
    NAME.points.parquet.
    """
    if options["scores"] and out is None:
        raise click.UsageError("--scores goes with --out: the tables that the statement reads are written beside it.")
    if options["prefix"] and not options["scores"]:
        raise click.UsageError("--prefix goes with --scores.")
    commands.sql(model, SqlOptions(**options), out, overwrite)


@_command("audit")
@_MODEL
@click.option("--out", type=_FILE, required=True, help="The folder for the pack.")
@click.option("--about", type=_FILE, help="A TOML file with owner, approver, intended_use, misuse, limits.")
@click.option("--date", type=click.DateTime(["%Y-%m-%d"]), help="The date of the pack.  [default: the model's]")
@_OVERWRITE
@_QUIET
def audit(model: Path, out: Path, about: Path | None, date: Any, overwrite: bool, quiet: bool) -> None:
    """Write an audit pack: report, page to browse, workbook, tables, the model itself and checksums.

    It stands alone: it can be checked without this program, and by `explain verify` with it.
    """
    commands.audit(model, out, about, date.date().isoformat() if date else None, overwrite, quiet)


@_command("verify")
@click.argument("path", type=_FILE)
@_QUIET
def verify(path: Path, quiet: bool) -> None:
    """Check the audit pack or model folder PATH: every checksum, and every golden row with every program available.

    Names every file that was tampered with, is missing or does not belong there, and every golden row that is scored
    differently.
    """
    commands.verify(path, quiet)


@_command("show")
@click.argument("model", type=_FILE)
@click.option("--json", "as_json", is_flag=True, help="Everything, as JSON.")
def show(model: Path, as_json: bool) -> None:
    """Print the facts of the model folder MODEL."""
    commands.show(model, as_json)


def main() -> None:
    """Run the command line."""
    open_standard_streams()
    with one_line():  # for the help too, which is printed before any command is invoked
        group(prog_name="explain")
