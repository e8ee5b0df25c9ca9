"""Campaigns from Python: planned from scores, and read against their control group."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from northstar_explain import model as models
from northstar_explain import tables
from northstar_explain.api.audience_calls import delivery_of, plan_folder
from northstar_explain.errors import CampaignError, Fault
from northstar_explain.model.campaign.audience import read_audience
from northstar_explain.model.campaign.campaign_plan import AUDIENCE, PLAN, CampaignPlan, facts_bytes, read_plan_file
from northstar_explain.model.campaign.readout_facts import (
    READOUT,
    READOUT_PAGE,
    READOUT_PDF,
    Readout,
    read_readout_file,
)
from northstar_explain.options import AudienceOptions, CampaignOptions
from northstar_explain.tables.named_columns import take_columns
from northstar_explain.tables.places import sha256

if TYPE_CHECKING:
    from northstar_explain.evaluate.campaigns.plan_campaign import PlannedCampaign


def plan_campaign(
    model: models.Model,
    scores: Any,
    options: CampaignOptions | None = None,
    uplift: Readout | Path | str | None = None,
    out: Path | str | None = None,
    overwrite: bool = False,
    audiences: Path | str | None = None,
    delivery: AudienceOptions | None = None,
    contacts: Any = None,
    previous: Path | str | None = None,
) -> PlannedCampaign:
    """Plan a campaign; see `Model.plan_campaign`."""
    from northstar_explain.evaluate.campaigns.plan_campaign import PlanInputs
    from northstar_explain.evaluate.campaigns.plan_campaign import plan_campaign as plan
    from northstar_explain.evaluate.campaigns.scored_customers import read_scored
    from northstar_explain.model.campaign.given_money import economics_of, require_wanted

    options = options or CampaignOptions()
    is_file = isinstance(scores, Path | str)
    read = [Path(one) for one in (scores, uplift, contacts, previous) if isinstance(one, Path | str)]
    places = _places(out, (PLAN, AUDIENCE), overwrite, [*read, *model.inputs])
    where = None
    if audiences is not None:
        where = delivery_of(model, audiences, _needed(delivery), contacts, previous, overwrite, [scores, uplift])
        tables.require_apart([*places, where.place])
    require_wanted(model.contract, "campaign")
    economics = economics_of(options, model.contract.economics, "campaign")
    readout = read_readout_file(Path(uplift)) if isinstance(uplift, Path | str) else uplift
    table = tables.read(scores) if is_file else tables.from_frame(scores)
    scored = read_scored(table, model, str(scores) if is_file else "scores")
    inputs = PlanInputs(economics, options, readout, sha256(Path(scores)) if is_file else "")
    planned = plan(scored, model, inputs)
    folder = None
    if where is not None:
        folder = plan_folder(model, table, planned.audience, replace(where, plan_id=planned.plan.id))
    # Together: audiences of another plan than the one beside them could not be read against its control.
    with tables.Publication() as new:
        if places:
            for place, data in zip(
                places, (facts_bytes(planned.plan), tables.parquet_bytes(planned.table)), strict=True
            ):
                new.stage(place).write_bytes(data)
        if folder is not None:
            new.stage_folder(folder.place, folder.files)
    return planned


def _needed(delivery: AudienceOptions | None) -> AudienceOptions:
    if delivery is None:
        fault = Fault("delivery", "the options of audiences", "none", "Say at least which column holds consent.")
        raise CampaignError("audiences", [fault])
    return delivery


def read_campaign(
    plan: Path | str,
    outcomes: Any,
    out: Path | str | None = None,
    cost: float | None = None,
    returned: float | None = None,
    overlapping: Any = None,
    overwrite: bool = False,
) -> Readout:
    """Read a campaign against its control group: uplift, money and a verdict.

    Parameters
    ----------
    plan : path
        The ``plan.json`` that `explain campaign plan` wrote, with its ``audience.parquet`` beside.
    outcomes : path, or pandas, Polars, DuckDB or PyArrow table
        Customers with their label, once its window is over; others may be among them.
    out : path, optional
        A folder for ``readout.json``, and the same on a page, ``readout.html`` and ``readout.pdf``.
    cost : float, optional
        What all contacts cost in the end; by default as planned.
    returned : float, optional
        Share of orders that come back and earn nothing; by default not known, and counted as none.
    overlapping : path or table, optional
        Customers whom another campaign contacted in the same days; they are left out of both groups.
    overwrite : bool, default False

    Returns
    -------
    northstar_explain.model.campaign.readout_facts.Readout
        Without uplifts where treated and control were not alike.

    Raises
    ------
    CampaignError
        When the plan cannot be read, or the audience or the outcomes are not its own.
    TableError, OutputError
        When a table cannot be read, or the readout cannot be written.
    ValueError
        When `cost` or `returned` is out of range.
    """
    from northstar_explain.evaluate.campaigns.read_campaign import Known
    from northstar_explain.evaluate.campaigns.read_campaign import read_campaign as read
    from northstar_explain.evaluate.scored_runs import outcomes_of

    plan = Path(plan)
    beside = plan.with_name(AUDIENCE)
    inputs = [plan, beside, *(Path(one) for one in (outcomes, overlapping) if isinstance(one, Path | str))]
    places = _places(out, (READOUT, READOUT_PAGE, READOUT_PDF), overwrite, inputs)
    # Before any file is read, so that a number out of range is refused at once.
    known = Known(cost, returned)
    # Plan and audience are published together: a plan read before that is completed would not be the audience's.
    tables.settle(plan, beside)
    facts = read_plan_file(plan)
    audience = read_audience(tables.read(beside), facts.id_column, str(beside))
    _require_own(facts, beside)
    table, name = _table(outcomes, "outcomes")
    bought = outcomes_of(table, facts.id_column, facts.label_column, name, facts.positive)
    if overlapping is not None:
        known = Known(cost, returned, frozenset(_ids(overlapping, facts.id_column)))
    readout = read(facts, audience, bought, known)
    if places:
        from northstar_explain.report.monitor.readout_document import readout_document

        document = readout_document(readout, facts)
        contents = (facts_bytes(readout), document.web_page().encode(), document.pdf())
        tables.publish(dict(zip(places, contents, strict=True)))
    return readout


def _places(out: Path | str | None, names: Iterable[str], overwrite: bool, inputs: list[Path]) -> list[Path]:
    """The files of an output folder, checked before any work; none without a folder."""
    if out is None:
        return []
    places = [Path(out) / name for name in names]
    tables.require_apart(places, inputs)
    for path in places:
        tables.require_free(path, overwrite)
    return places


def _table(source: Any, name: str) -> tuple[Any, str]:
    if isinstance(source, Path | str):
        return tables.read(source), str(source)
    return tables.from_frame(source), name


def _ids(source: Any, id: str) -> list[str]:
    import pyarrow as pa

    table, name = _table(source, "overlapping")
    columns = take_columns(table, {id: pa.string()}, name, "Give the customers of the other campaign.")
    ids: list[str] = columns[id].to_pylist()
    return ids


def _require_own(plan: CampaignPlan, audience: Path) -> None:
    if sha256(audience) != plan.audience_sha256:
        todo = "Restore the file: groups that were changed after the draw cannot be compared."
        raise CampaignError(str(audience), [Fault("file", "the audience of the plan", "another one", todo)])
