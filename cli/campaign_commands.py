"""`explain campaign`: its subcommands and their options."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from northstar_explain.cli.audience_commands import audience_options, with_delivery
from northstar_explain.cli.exit_codes import EXIT_CODES
from northstar_explain.cli.shared_options import FILE, MODEL, OVERWRITE, with_money
from northstar_explain.options import CampaignOptions, MoneyOptions


@click.group("campaign", epilog=EXIT_CODES)
def campaign() -> None:
    """Plan a campaign from scores, and read it against its control group once its outcomes are known."""


@campaign.command("plan", epilog=EXIT_CODES)
@MODEL
@click.option("--scores", type=FILE, required=True, help="What `explain score` wrote.")
@click.option("--out", type=FILE, required=True, help="The folder for audience.parquet and plan.json.")
@with_money
@click.option(
    "--power-uplift",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=CampaignOptions.power_uplift,
    show_default=True,
    help="The uplift to be detected; without --uplift also the one that is assumed.",
)
@click.option(
    "--power",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=CampaignOptions.power,
    show_default=True,
    help="The probability to detect it, which sizes the control group.",
)
@click.option("--audiences", type=FILE, help="Also a folder of audiences: the treated, as `explain audience` writes.")
@with_delivery(required=False)
@OVERWRITE
def campaign_plan(
    model: Path, scores: Path, out: Path, money: MoneyOptions, uplift: Path | None, overwrite: bool,
    audiences: Path | None, contacts: Path | None, previous: Path | None, delivery: dict[str, Any], **options: Any,
) -> None:  # fmt: skip
    """Choose whom to contact under a budget, and a control group among them.

    Customers of the standing control group are left out. Without measured uplifts, customers whose contact would pay
    are taken at random, so that the campaign measures the uplift in every segment and decile.
    """
    from northstar_explain.cli import campaign_runs

    if audiences is not None and (contacts is None or delivery["consent"] is None):
        raise click.UsageError("--audiences goes with --contacts and --consent.")
    if audiences is None and (contacts, previous, delivery["consent"]) != (None, None, None):
        raise click.UsageError("--contacts, --consent and --previous go with --audiences.")
    into = None if audiences is None else campaign_runs.Into(audiences, audience_options(delivery), contacts, previous)
    everything = CampaignOptions(**asdict(money), **options)
    campaign_runs.plan(model, scores, out, everything, uplift, overwrite, into)


@campaign.command("read", epilog=EXIT_CODES)
@click.option("--plan", type=FILE, required=True, help="The plan.json, with audience.parquet beside.")
@click.option("--outcomes", type=FILE, required=True, help="Customers with their label, once its window is over.")
@click.option("--out", type=FILE, required=True, help="The folder for readout.json, .html and .pdf.")
@click.option("--cost", type=click.FloatRange(0), help="What all contacts cost in the end.  [default: as planned]")
@click.option(
    "--returned",
    type=click.FloatRange(0, 1, max_open=True),
    help="Share of orders sent back.  [default: not known]",
)
@click.option("--overlapping", type=FILE, help="Customers of another campaign in the same days, to be left out.")
@OVERWRITE
def campaign_read(
    plan: Path, outcomes: Path, out: Path, cost: float | None, returned: float | None, overlapping: Path | None,
    overwrite: bool,
) -> None:  # fmt: skip
    """Compare treated and control: uplift per segment and band of deciles, money, and a verdict.

    The exit code is 3 when the groups were not alike before the campaign, so that nothing is concluded.
    """
    from northstar_explain.cli import campaign_runs

    sys.exit(campaign_runs.read(plan, outcomes, out, cost, returned, overlapping, overwrite))
