"""The command and its subcommands. Each imports what it needs when it is called, so that help is shown at once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from northstar_explain.cli.audience_commands import audience, locate
from northstar_explain.cli.campaign_commands import campaign
from northstar_explain.cli.ending import one_line
from northstar_explain.cli.exit_codes import EXIT_CODES
from northstar_explain.cli.model_commands import init, simulate, train
from northstar_explain.cli.output import leave_stderr, open_standard_streams
from northstar_explain.cli.report_commands import audit, compare, export, playbook, show, sql, verify
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


@command("score")
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
for _one in (
    simulate, init, train, score, playbook, compare, monitor, campaign, audience, sql, export, audit, verify, show,
    locate,
):  # fmt: skip
    group.add_command(_one)


def main() -> None:
    """Run the command line."""
    open_standard_streams()
    try:
        with one_line():  # for the help too, which is printed before any command is invoked
            group(prog_name="explain")
    finally:
        leave_stderr()
