"""Options and marks that several commands share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from northstar_explain.cli.exit_codes import EXIT_CODES
from northstar_explain.options import DECIMALS, CsvOptions, MoneyOptions, ScoringOptions

FILE = click.Path(path_type=Path)
OVERWRITE = click.option("--overwrite", is_flag=True, help="Replace an existing result.")
QUIET = click.option("--quiet", is_flag=True, help="No progress on stderr.")
JSON = click.option("--json", "as_json", is_flag=True, help="Everything on stdout, as JSON.")
SEED = click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True,
                     help="Seed of every random choice.")  # fmt: skip
MODEL = click.option("--model", type=FILE, required=True, help="The model folder.")
MAX_REJECTED = click.option(
    "--max-rejected", type=click.FloatRange(0, 1), default=ScoringOptions.max_rejected, show_default=True,
    help="Share of rejected rows above which the exit code is 3.",
)  # fmt: skip
_CSV = (
    click.option("--delimiter", help="Between the cells of CSV: a character, or tab.  [default: found]"),
    click.option("--encoding", help="Of CSV, such as utf-8, cp1252 or utf-16.  [default: found]"),
    click.option("--decimal", type=click.Choice(DECIMALS), help="Decimal mark of CSV.  [default: found]"),
    click.option("--thousands", help="Mark between thousands in CSV, one of , . ' or a blank.  [default: found]"),
)


_ABOVE_0 = click.FloatRange(0, min_open=True)
_MONEY = (
    click.option("--margin", type=_ABOVE_0, help="Earned per purchase.  [default: the contract's]"),
    click.option("--contact-cost", type=click.FloatRange(0), help="Spent per contact.  [default: the contract's]"),
    click.option(
        "--voucher",
        type=click.FloatRange(0),
        help="Taken off a purchase of who was contacted.  [default: the contract's]",
    ),
    click.option("--budget", type=_ABOVE_0, help="Most to be spent, vouchers included.  [default: the contract's]"),
    click.option("--uplift", type=FILE, help="A readout.json: measured uplifts in place of assumed ones."),
)


def with_money(command: Callable[..., None]) -> Callable[..., None]:
    """Options on the money of a campaign, as arguments `money` and `uplift`."""

    @functools.wraps(command)
    def with_amounts(**options: Any) -> None:
        given = {name: options.pop(name) for name in ("margin", "contact_cost", "voucher", "budget")}
        command(money=MoneyOptions(**given), **options)

    for option in reversed(_MONEY):
        with_amounts = option(with_amounts)
    return with_amounts


def reading(command: Callable[..., None]) -> Callable[..., None]:
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


def command(name: str) -> Callable[[Callable[..., None]], click.Command]:
    """A command of this name, whose help ends with the exit codes."""
    return click.command(name, epilog=EXIT_CODES)
