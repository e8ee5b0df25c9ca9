"""The command and its subcommands. Each imports what it needs when it is called, so that help is shown at once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from northstar_explain.cli.campaign import campaign
from northstar_explain.cli.ending import one_line
from northstar_explain.cli.exit_codes import EXIT_CODES
from northstar_explain.cli.model_commands import init, simulate, train
from northstar_explain.cli.output import leave_stderr, open_standard_streams
from northstar_explain.cli.report_commands import audit, compare, playbook, show, sql, verify
from northstar_explain.cli.shared_options import FILE, JSON, MAX_REJECTED, MODEL, OVERWRITE, QUIET, command, reading
from northstar_explain.options import ENGINES, Control, CsvOptions, ScoringOptions


class _Commands(click.Group):
    """Turns the errors that a user can fix into one message and exit code 1."""

    def invoke(self, context: click.Context) -> Any:
        with one_line():
            return super().invoke(context)

    def list_commands(self, context: click.Context) -> list[str]:
        return list(self.commands)  # in the order of use, not of the alphabet


@click.group(cls=_Commands, epilog=EXIT_CODES, context_settings={"max_content_width": 110})
@click.version_option(package_name="northstar-explain", prog_name="explain")
def group() -> None:
    """Customer segments as rules, purchase probabilities as points, and playbooks that people can read.

    A table of customers (Parquet, CSV or Arrow) and a contract file that says what its columns mean go in. Start
    with `explain init` for your own table, or with `explain simulate` for a made-up shop.
    """


<<<<<<< HEAD
@command("score")
=======
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
>>>>>>> segs
@click.argument("customers", nargs=-1, required=True)
@MODEL
@click.option("--out", required=True, help="Where to write: a .parquet, .csv or .arrow file, or a folder of Parquet.")
@MAX_REJECTED
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
@reading
@OVERWRITE
@JSON
@QUIET
def score(
    customers: tuple[str, ...], model: Path, out: str, control_share: float, control_salt: str, engine: str,
    as_json: bool, quiet: bool, **options: Any,
) -> None:  # fmt: skip
    """Score CUSTOMERS: segment, probability, rank and reasons, one row per valid row.

    CUSTOMERS are Parquet, CSV or Arrow files, folders of them, quoted patterns such as "week/*.parquet", or - for
    Arrow or CSV on standard input. Beside OUT go OUT.rejected.parquet (rejected rows, with reasons; of a CSV
    OUT.rejected.csv) and OUT.report.json (counts, hashes, drift), such as s.csv.report.json beside s.csv. The
    label may be in the table and is not used.

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


@command("monitor")
@MODEL
@click.option("--scores", type=FILE, multiple=True, required=True, help="Twice or more: runs, the earliest first.")
@click.option("--outcomes", type=FILE, help="Customers with their label, once its window is over: of the first run.")
@click.option("--html", type=FILE, help="A page with migration, segment sizes and what fired.")
@click.option("--out", type=FILE, help="A file for everything, as JSON.")
@JSON
@OVERWRITE
@reading
def monitor(
    model: Path, scores: tuple[Path, ...], outcomes: Path | None, html: Path | None, out: Path | None, as_json: bool,
    overwrite: bool, csv: CsvOptions,
) -> None:  # fmt: skip
    """Compare the last two scoring runs: drift, segments, who moved, and what performance to expect.

    Drift of the features is read from the run report beside the last scores. Performance is estimated from the
    probabilities alone; --outcomes shows whether those of the first run held. Exit code 3: a trigger fired.
    """
    if len(scores) < 2:
        raise click.UsageError("Missing --scores: expected it twice or more, the earliest run first.")
    from northstar_explain.cli import monitoring

    sys.exit(monitoring.monitor(model, scores, outcomes, out, html, as_json, overwrite, csv))


# In the order of use.
for _one in (simulate, init, train, score, playbook, compare, monitor, campaign, sql, audit, verify, show):
    group.add_command(_one)


def main() -> None:
    """Run the command line."""
    open_standard_streams()
    try:
        with one_line():  # for the help too, which is printed before any command is invoked
            group(prog_name="explain")
    finally:
        leave_stderr()
