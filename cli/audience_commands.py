"""`explain audience` and `explain locate`, and the options that a campaign plan shares with them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from northstar_explain.cli.shared_options import FILE, MODEL, OVERWRITE, command
from northstar_explain.options import PLATFORMS, AudienceOptions


def with_delivery(required: bool) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Options that say how audiences are written and for whom, those of `AudienceOptions` as an argument `delivery`."""
    given = (
        click.option(
            "--contacts", type=FILE, required=required,
            help="A table with the id, consent, and email, phone, first_name, last_name, country, zip as far as known.",
        ),
        click.option("--consent", required=required, help="The column of contacts that says who agreed: yes or no."),
        click.option(
            "--to", type=click.Choice(PLATFORMS), default=AudienceOptions.to, show_default=True,
            help="The platform whose rules and columns the files follow.",
        ),
        click.option("--region", help="The country of phone numbers without a country code, such as DE."),
        click.option("--date", type=click.DateTime(["%Y-%m-%d"]), help="The day of the folder.  [default: today]"),
        click.option("--previous", type=FILE, help="The dated folder of the run before, for add and remove files."),
    )  # fmt: skip

    def decorated(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def with_options(**options: Any) -> None:
            delivery = {name: options.pop(name) for name in ("consent", "to", "region", "date")}
            command(delivery=delivery, **options)

        for option in reversed(given):
            with_options = option(with_options)
        return with_options

    return decorated


def audience_options(delivery: dict[str, Any], **more: Any) -> AudienceOptions:
    """The options of audiences; wrong usage where one of them is out of range."""
    date = delivery["date"]
    try:
        return AudienceOptions(**{**delivery, "date": date.date().isoformat() if date else None}, **more)
    except ValueError as error:
        raise click.UsageError(f"--{error}") from None


@command("audience")
@click.argument("scores", type=FILE)
@MODEL
@click.option("--out", type=FILE, required=True, help="The folder in which a folder of the day is made.")
@click.option("--where", help="Whom one audience is meant for.  [default: an audience per segment and deciles]")
@click.option("--name", default=AudienceOptions.name, show_default=True, help="The name of the audience of --where.")
@click.option("--customers", type=FILE, help="The table that was scored, for conditions on its features.")
@click.option("--priority", type=FILE, help="A TOML file with a list of audiences; a person is in the highest only.")
@with_delivery(required=True)
@OVERWRITE
def audience(
    scores: Path, model: Path, out: Path, where: str | None, name: str, delivery: dict[str, Any], **options: Any
) -> None:
    """Write audiences of SCORES for an e-mail tool or an ad platform; nothing is sent anywhere.

    The condition of --where is in the language of contracts, on features, traits and scores, such as
    "segment = 'S3' and decile >= 9 and country = 'DE'". The control group and customers without consent are in no
    audience, nor is a contact that one of them shares.

    In OUT/DATE/, each audience has NAME.csv with its members and NAME.suppress.csv with whoever was left out and why;
    with --previous also NAME.add.csv and NAME.remove.csv. Upload all remove files before any add file.
    """
    from northstar_explain.cli import audience_runs

    if where is not None and options["priority"] is not None:
        raise click.UsageError("--where goes without --priority: put the condition into the list.")
    audience_runs.audience(model, scores, out, audience_options(delivery, where=where, name=name), **options)


@command("locate")
@click.argument("id")
@click.argument("outputs", type=FILE, nargs=-1, required=True)
@click.option("--column", help="The only column to look into; it may hold numbers.  [default: all texts]")
def locate(id: str, outputs: tuple[Path, ...], column: str | None) -> None:
    """List where the customer ID occurs in OUTPUTS: tables, JSON files, and folders of them.

    One place a line on stdout. Files that hold neither are counted on stderr: pages and documents show no customer.
    """
    from northstar_explain.cli import audience_runs

    audience_runs.locate(id, outputs, column)
