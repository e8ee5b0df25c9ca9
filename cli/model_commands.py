"""`explain simulate`, `init` and `train`: from a table to a model; their options."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from northstar_explain.cli import commands, training_run
from northstar_explain.cli.shared_options import (
    FILE,
    JSON,
    MAX_REJECTED,
    OVERWRITE,
    QUIET,
    SEED,
    command,
    reading,
)
from northstar_explain.options import CsvOptions


@command("simulate")
@click.argument("out", type=FILE)
@click.option("--customers", type=click.IntRange(min=1), default=240_000, show_default=True, help="How many.")
@click.option("--months", type=click.IntRange(1, 60), help="Months of the same people; OUT is then a folder.")
@click.option("--campaign", type=FILE, help="An audience.parquet: its treated are contacted, which changes a month.")
@click.option("--campaign-month", type=click.IntRange(min=1), help="Which month.  [default: the last]")
@SEED
@OVERWRITE
@QUIET
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


@command("init")
@click.argument("table", type=FILE)
@click.option(
    "--id", "id_column", help="The column that names each customer; row numbers the rows.  [default: guessed]"
)
@click.option("--label", help="The column to be predicted: two values.  [default: guessed]")
@click.option("--positive", help="The value of the label to be predicted; others stand for 0.  [default: guessed]")
@click.option("--ask", is_flag=True, help="Ask what is open here; otherwise it is marked CONFIRM in the contract.")
@click.option("--out", type=FILE, default=Path("contract.toml"), show_default=True, help="Where to write it.")
@reading
@OVERWRITE
def init(
    table: Path, id_column: str | None, label: str | None, positive: str | None, ask: bool, out: Path,
    overwrite: bool, csv: CsvOptions,
) -> None:  # fmt: skip
    """Draft a contract for TABLE, which can be used as it is.

    Kinds, units, words, bounds and what may be missing follow from names and values. At most five questions remain,
    each with what was seen: they are asked here, or marked CONFIRM in the contract.
    """
    commands.init(table, id_column, label, positive, ask, out, overwrite, csv)


@command("train")
@click.argument("customers", type=FILE)
@click.option("--model", type=FILE, help="The model folder to write.  [with --update: NAME.updated beside that]")
@click.option("--update", type=FILE, help="A model to follow: segments found again keep their ids and names.")
@click.option("--since", type=FILE, help="Its last scores, to see who moved because the customer changed.")
@click.option(
    "--contract", type=FILE, help="What the columns mean.  [default: the updated model's, else Northstar Retail's]"
)
@click.option(
    "--holdout",
    type=FILE,
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
@click.option(
    "--margin", type=click.FloatRange(0, min_open=True), help="Earned per purchase.  [default: the contract's]"
)
@click.option("--contact-cost", type=click.FloatRange(0), help="Spent per contact.  [default: the contract's]")
@click.option(
    "--truth", type=FILE, help="True probabilities of a simulation, for the evaluation; never used in fitting."
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
@click.option(
    "--deep",
    is_flag=True,
    help="Tune the black box over thirty settings, prove how far the segments' rules are from the best, and fit the "
    "model ten times more: minutes on a large table.",
)
@click.option("--date", type=click.DateTime(["%Y-%m-%d"]), help="The day that the model is made on.  [default: today]")
@click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), help="The day that CUSTOMERS looks up to.  [default: the contract's]"
)
@SEED
@MAX_REJECTED
@reading
@OVERWRITE
@JSON
@QUIET
def train(
    customers: Path, model: Path | None, overwrite: bool, as_json: bool, quiet: bool, csv: CsvOptions,
    **options: Any,
) -> None:  # fmt: skip
    """Learn segments and a purchase model from CUSTOMERS and write the model folder.

    With --update, segments are fitted again and matched to those of an earlier model by the customers they share.

    Segments are learned without the label and defined by rules; the purchase model is an Explainable Boosting Machine,
    compiled into a table of points, and evaluated once on customers it has not seen. Rejected rows are written beside
    the folder with their reasons (NAME.rejected.parquet, or .csv where CUSTOMERS are CSV).
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
    files = training_run.TrainingFiles(**{name: options.pop(name) for name in training_run.TrainingFiles._fields})
    sys.exit(training_run.train(customers, model, files, options, overwrite, as_json, quiet, csv))
