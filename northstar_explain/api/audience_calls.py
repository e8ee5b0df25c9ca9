"""Audiences from Python: files for e-mail tools and ad platforms, and where a customer occurs in outputs."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from northstar_explain import model as models
from northstar_explain import tables
from northstar_explain.errors import CampaignError, Fault
from northstar_explain.options import AudienceOptions, CsvOptions

if TYPE_CHECKING:
    import pyarrow as pa

    from northstar_explain.export.audiences.folder_facts import FolderFacts
    from northstar_explain.export.audiences.locate_customer import Located
    from northstar_explain.export.audiences.write_audiences import AudienceFolder, Delivery
    from northstar_explain.model.campaign.audience import Audience


def write_audiences(
    model: models.Model,
    scores: Any,
    out: Path | str,
    options: AudienceOptions,
    contacts: Any,
    customers: Any = None,
    priority: Path | str | None = None,
    previous: Path | str | None = None,
    overwrite: bool = False,
) -> FolderFacts:
    """Write audiences; see `Model.audience`."""
    from northstar_explain.export.audiences import wanted_audiences as wanting
    from northstar_explain.export.audiences.scored_table import read_scores
    from northstar_explain.export.audiences.write_audiences import folder_of, select

    if options.where is not None and priority is not None:
        fault = Fault("where", "no condition beside a list of audiences", "both", "Leave one of them out.")
        raise CampaignError("audience", [fault])
    delivery = delivery_of(model, out, options, contacts, previous, overwrite, [scores, customers, priority])
    wanted = None
    if priority is not None:
        wanted = wanting.read_wanted(Path(priority), options.to, model)
    elif options.where is not None:
        wanted = wanting.one_wanted(options.name, options.where, options.to, model)
    table, name = _table(scores, "scores")
    scored = read_scores(table, model, name)
    if wanted is None:
        cells = wanting.cells_of(scored)
    else:
        needs = any(one.where.features for one in wanted)
        accepted = _accepted(customers, model) if customers is not None and needs else None
        cells = select(wanted, scored, model, accepted, "customers")
    folder = folder_of(scored, cells, model, delivery)
    tables.publish_folder(folder.place, folder.files)
    return folder.facts


def delivery_of(
    model: models.Model,
    out: Path | str,
    options: AudienceOptions,
    contacts: Any,
    previous: Path | str | None,
    overwrite: bool,
    read: Sequence[Any],
    plan_id: str = "",
) -> Delivery:
    """Where audiences go, checked before any work against everything that is read."""
    from northstar_explain.export.audiences.write_audiences import Delivery, place_of

    date = options.date or datetime.date.today().isoformat()
    inputs = [Path(one) for one in (*read, contacts, previous) if isinstance(one, Path | str)]
    place = place_of(out, date, overwrite, [*inputs, *model.inputs])
    return Delivery(place, date, options, contacts, Path(previous) if previous is not None else None, plan_id)


def plan_folder(model: models.Model, scores: pa.Table, audience: Audience, delivery: Delivery) -> AudienceFolder:
    """The treated of a campaign plan as audiences, one for each segment and band; its control is kept out."""
    import numpy as np

    from northstar_explain.export.audiences.scored_table import read_scores
    from northstar_explain.export.audiences.wanted_audiences import cells_of
    from northstar_explain.export.audiences.write_audiences import folder_of

    scored = read_scores(scores, model, "scores")
    treated = dict(zip(audience.ids.to_pylist(), audience.treated.tolist(), strict=True))
    meant, control = (np.array([treated.get(id) is group for id in scored.ids], dtype=bool) for group in (True, False))
    return folder_of(scored, cells_of(scored, meant), model, delivery, control)


def _accepted(customers: Any, model: models.Model) -> pa.Table:
    """The valid rows of the customers, spelled as the model knows them."""
    from northstar_explain.contract.check import check
    from northstar_explain.model.known_values import with_known_values
    from northstar_explain.score.named_inputs import hints
    from northstar_explain.tables.number_format import PLAIN

    contract = with_known_values(model)
    if not isinstance(customers, Path | str):
        return check(tables.from_frame(customers), contract, source="customers").accepted
    dialect = tables.dialect_of(customers, hints(model.contract, CsvOptions()))
    table = tables.read(customers, any_text=True, dialect=dialect)
    numbers = PLAIN if dialect is None else dialect.numbers
    return check(table, contract, source=str(customers), as_text=dialect is not None, numbers=numbers).accepted


def _table(source: Any, name: str) -> tuple[pa.Table, str]:
    if isinstance(source, Path | str):
        return tables.read(source), str(source)
    return tables.from_frame(source, source=name), name


def locate(id: str, outputs: Sequence[Path | str], column: str | None = None) -> Located:
    """Where a customer occurs in outputs, such as before the customer is erased.

    Parameters
    ----------
    id : str
        Compared as ids are: without blanks around it, and without the decimals of a whole number.
    outputs : sequence of paths
        Tables, JSON files, and folders of them: scores, rejected rows, audiences, plans, model folders.
    column : str, optional
        The only column to look into, which may hold numbers too; by default every column of texts.

    Returns
    -------
    northstar_explain.export.audiences.locate_customer.Located
        The places, and the files that were not searched.

    Raises
    ------
    TableError
        When a path does not exist, or a table cannot be read.
    """
    from northstar_explain.export.audiences.locate_customer import locate_customer

    return locate_customer(id, [Path(one) for one in outputs], column)
