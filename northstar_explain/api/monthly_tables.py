"""A simulated shop month after month, with or without a campaign, as files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from northstar_explain import tables
from northstar_explain.api.first_table import Progress, Simulation, silent
from northstar_explain.model.campaign.audience import read_audience
from northstar_explain.model.evaluation.facts_codec import to_json

FACTS = "months.json"


@dataclass(frozen=True)
class Month:
    """A month of a simulated shop.

    Attributes
    ----------
    month : int
        1 for the first.
    snapshot : str
        The date of its features.
    customers : int
        Who visited in the 12 months before.
    new : int
        Of them, not in the table of the month before.
    gone : int
        In the table of the month before, and no longer in this one.
    bought : int
        Who bought in the 30 days after the snapshot.
    contacted : int
        Who was contacted in these days.
    true_effect : float or None
        Mean of the contacts' true effects on the probability; None without contacts.
    """

    month: int
    snapshot: str
    customers: int
    new: int
    gone: int
    bought: int
    contacted: int
    true_effect: float | None


@dataclass(frozen=True)
class Months:
    """All months of a simulated shop, as `months.json` has them."""

    months: tuple[Month, ...]


def simulate_months(
    months: int,
    customers: int = 240_000,
    seed: int = 0,
    out: Path | str | None = None,
    campaign: Path | str | None = None,
    campaign_month: int | None = None,
    overwrite: bool = False,
    progress: Progress = silent,
) -> list[Simulation]:
    """Simulate the same customers of Northstar Retail over months, 30 days apart.

    Some stay away for 12 months and leave the table, others sign up or come back. With a campaign, the treated of its
    audience are contacted in the 30 days after a snapshot, which changes what these customers do from then on and
    nothing else.

    Parameters
    ----------
    months : int
        How many, from 1 to 60.
    customers : int, default 240,000
        How many in the first month.
    seed : int, default 0
        The same seed gives the same customers; the first month is the table of `simulate_customers`.
    out : path, optional
        A folder for ``month-1.parquet``, ``month-1.truth.parquet`` and so on, and ``months.json`` with counts.
    campaign : path, optional
        An audience that `explain campaign plan` wrote.
    campaign_month : int, optional
        The month after whose snapshot they are contacted; by default the last.
    overwrite : bool, default False
    progress : callable

    Returns
    -------
    list of Simulation
        One for each month. The truth has more columns than that of `simulate_customers`: purchases with and without a
        contact and a voucher, the hidden response, and the effect of the contact that was made.

    Raises
    ------
    OutputError, TableError
        When a file cannot be written, or the audience cannot be read or is not of this shop.
    ValueError
        When a number is out of range.
    """
    from northstar_explain import simulate as shop

    folder = None if out is None else Path(out)
    if folder is not None:
        tables.require_apart([folder], [Path(campaign)] if campaign else [])
        for path in _places(folder, months):
            tables.require_free(path, overwrite)
    contacts = None if campaign is None else _contacts(Path(campaign), campaign_month or months)
    batches: list[list[tuple[pa.RecordBatch, pa.RecordBatch]]] = []
    for wave in shop.monthly(customers, seed, months, contacts):
        batches.append(wave)
        done = sum(month[0][0].num_rows for month in batches)
        progress(f"simulated {done:,} of {customers:,} customers over {months} months")
    simulations = [_joined(month) for month in zip(*batches, strict=True)]
    if folder is not None:
        _write(simulations, folder, progress)
    return simulations


def _joined(batches: Any) -> Simulation:
    return Simulation(*(pa.Table.from_batches(one) for one in zip(*batches, strict=True)))


def _contacts(path: Path, month: int) -> Any:
    from northstar_explain import simulate as shop

    audience = read_audience(tables.read(path), shop.ID, str(path))
    treated = pa.array(audience.treated)
    # In the simulation a voucher has no value: people respond to having one.
    return shop.Campaign(month, audience.ids.filter(treated), audience.voucher[audience.treated] > 0)


def _places(folder: Path, months: int) -> list[Path]:
    names = [f"month-{month}{kind}.parquet" for month in range(1, months + 1) for kind in ("", ".truth")]
    return [*(folder / name for name in names), folder / FACTS]


def _write(simulations: list[Simulation], folder: Path, progress: Progress) -> None:
    progress(f"writing {folder}")
    places = _places(folder, len(simulations))
    with tables.Publication() as new:
        for table, path in zip([table for pair in simulations for table in pair], places[:-1], strict=True):
            tables.write_to(table, new.stage(path), path.suffix)
        text = json.dumps(to_json(facts_of(simulations)), indent=1) + "\n"
        new.stage(places[-1]).write_bytes(text.encode())
        # Months that an earlier, longer simulation left would be of other customers.
        for path in sorted(folder.glob("month-*.parquet")):
            if path not in places:
                new.remove(path)


def facts_of(simulations: list[Simulation]) -> Months:
    """Counts of each month, and of who came and went."""
    from northstar_explain import simulate as shop

    facts: list[Month] = []
    before: set[str] = set()
    for number, (table, truth) in enumerate(simulations, start=1):
        ids = set(table[shop.ID].to_pylist())
        effect = truth[shop.EFFECT].to_numpy()
        contacted = truth[shop.CONTACTED].to_numpy()
        facts.append(
            Month(
                month=number,
                snapshot=shop.date_of(number).isoformat(),
                customers=len(ids),
                # Of the first month nobody knows who was there before.
                new=len(ids - before) if number > 1 else 0,
                gone=len(before - ids),
                bought=int(table[shop.LABEL].to_numpy().sum()),
                contacted=int(contacted.sum()),
                true_effect=float(np.mean(effect[contacted])) if contacted.any() else None,
            )
        )
        before = ids
    return Months(tuple(facts))
