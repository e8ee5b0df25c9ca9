"""A campaign read against its control group: uplift per cell, money, and a verdict.

What is estimated. For the customers of a cell (a segment, a band of deciles, both, or all of the audience): the mean
effect on the purchase rate, in the label's window, of being assigned to the contact. Treated and control of a plan are
a random division of the same audience, so the difference of their rates estimates it without a model. It is the effect
of the assignment: a contact that did not arrive counts as one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np

from northstar_explain.errors import CampaignError, Fault
from northstar_explain.evaluate.campaigns.shrink_uplifts import Shrunk, shrink
from northstar_explain.evaluate.campaigns.uplift_intervals import (
    Counts,
    earned,
    missing_p_value,
    money_interval,
    newcombe,
    same_mean_p_value,
)
from northstar_explain.evaluate.campaigns.verdict import verdict_of
from northstar_explain.model.campaign.audience import Audience
from northstar_explain.model.campaign.bands import BAND_NAMES, bands_of
from northstar_explain.model.campaign.campaign_plan import CampaignPlan
from northstar_explain.model.campaign.readout_facts import (
    FORMAT,
    MISMATCH_P_VALUE,
    Alike,
    Costs,
    GroupCounts,
    MeasuredUplift,
    Readout,
)


@dataclass(frozen=True)
class Known:
    """What is known after a campaign, beside the outcomes.

    Attributes
    ----------
    cost : float or None
        Of all contacts, as it was; None for the plan's.
    returned : float or None
        Share of orders that come back and earn nothing; None where it is not known, and counted as none.
    overlapping : collection of str, or None
        Customers whom another campaign contacted in the same days, who are left out; None where it is not known.
    """

    cost: float | None = None
    returned: float | None = None
    overlapping: Collection[str] | None = field(default=None)

    def __post_init__(self) -> None:
        if self.cost is not None and not 0 <= self.cost < float("inf"):
            raise ValueError(f"cost: expected 0 or more; got {self.cost}")
        if self.returned is not None and not 0 <= self.returned < 1:
            raise ValueError(f"returned: expected a share from 0 to below 1; got {self.returned}")

    @property
    def missing(self) -> tuple[str, ...]:
        """What is not known, in words."""
        words = {
            "what the contacts cost in the end": self.cost,
            "orders that come back later": self.returned,
            "contacts by other campaigns in the same days": self.overlapping,
        }
        return tuple(name for name, value in words.items() if value is None)


def read_campaign(plan: CampaignPlan, audience: Audience, outcomes: Mapping[str, int], known: Known) -> Readout:
    """Read a campaign.

    Parameters
    ----------
    plan : CampaignPlan
    audience : Audience
        The plan's.
    outcomes : mapping of str to int
        Customer to 1 who bought in the label's window, else 0; customers of no campaign may be among them.
    known : Known

    Returns
    -------
    Readout
        Without uplifts where the groups were not alike.

    Raises
    ------
    CampaignError
        When no outcome of a group is known.
    """
    rows = _Rows(audience, outcomes, known.overlapping or ())
    groups = [rows.group(plan_group) for plan_group in (True, False)]
    # Before any comparison: without an outcome in one group there is nothing to compare with.
    _require_both(groups)
    alike = rows.alike(groups)
    costs = Costs(
        margin=plan.margin,
        voucher=plan.voucher,
        # Over all treated of the plan, as those who are left out below were contacted too.
        contact_cost=plan.contact_cost if known.cost is None else known.cost / max(1, plan.treated),
        as_it_was=known.cost is not None,
        returned=known.returned,
    )
    segments, bands, cells = (() if alike.stopped else rows.measured(by, costs) for by in ("segment", "band", "both"))
    overall = None if alike.stopped else rows.measured("all", costs)[0]
    readout = Readout(
        format=FORMAT,
        plan_id=plan.id,
        model_id=plan.model_id,
        treated=groups[0],
        control=groups[1],
        alike=alike,
        overall=overall,
        segments=segments,
        bands=bands,
        cells=cells,
        spread=0.0 if alike.stopped else rows.spread(),
        costs=costs,
        not_known=known.missing,
        verdict="",
    )
    return verdict_of(readout, plan.currency)


class _Rows:
    """The audience with its outcomes, without customers of overlapping campaigns."""

    def __init__(self, audience: Audience, outcomes: Mapping[str, int], overlapping: Collection[str]):
        ids = audience.ids.to_pylist()
        others = set(overlapping)
        self._planned = audience.treated
        self._apart = np.array([id in others for id in ids], dtype=bool)
        # -1 where no outcome is known, which must not count as no purchase.
        bought = np.array([outcomes.get(id, -1) for id in ids], dtype=np.int64)
        self._known = (bought >= 0) & ~self._apart
        rows = self._known
        self._treated, self._bought = audience.treated[rows], bought[rows]
        self._probability = audience.probability[rows]
        segments, of_segment = np.unique(audience.segment[rows], return_inverse=True)
        band = bands_of(audience.decile[rows])
        one = np.zeros(len(band), dtype=np.int64)
        names: list[str | None] = [str(id) for id in segments]
        self._keys: dict[str, tuple[np.ndarray, list[tuple[str | None, str | None]]]] = {
            "all": (one, [(None, None)]),
            "segment": (of_segment, [(id, None) for id in names]),
            "band": (band, [(None, name) for name in BAND_NAMES]),
            "both": (of_segment * len(BAND_NAMES) + band, [(id, name) for id in names for name in BAND_NAMES]),
        }

    def group(self, treated: bool) -> GroupCounts:
        """Counts of treated or control."""
        planned, inside = self._planned == treated, self._treated == treated
        return GroupCounts(
            planned=int(planned.sum()),
            overlapping=int((planned & self._apart).sum()),
            known=int(inside.sum()),
            bought=int(self._bought[inside].sum()),
            probability=float(self._probability[inside].mean()) if inside.any() else None,
        )

    def alike(self, groups: list[GroupCounts]) -> Alike:
        """Whether treated and control were alike before."""
        left = [group.planned - group.overlapping for group in groups]
        missing = missing_p_value((left[0], left[1]), (groups[0].known, groups[1].known))
        same = same_mean_p_value(self._probability[self._treated], self._probability[~self._treated])
        return Alike(missing, same, bool(min(missing, same) < MISMATCH_P_VALUE))

    def measured(self, by: str, costs: Costs) -> tuple[MeasuredUplift, ...]:
        """Uplifts of every cell that has customers."""
        counts, names = self._counts(by)
        shrunk = self._shrunk(by).uplifts
        return tuple(
            _measured(*name, one, float(uplift), costs) for name, one, uplift in zip(names, counts, shrunk, strict=True)
        )

    def spread(self) -> float:
        """Standard deviation of true uplifts between segments and bands."""
        return self._shrunk("both").spread

    def _shrunk(self, by: str) -> Shrunk:
        ((whole,), _), (counts, _) = self._counts("all"), self._counts(by)
        return shrink(counts, whole.uplift)

    def _counts(self, by: str) -> tuple[list[Counts], list[tuple[str | None, str | None]]]:
        code, names = self._keys[by]
        size = len(names)
        tallies = [
            np.bincount(code[inside], weights=weights[inside], minlength=size).astype(int).tolist()
            for inside in (self._treated, ~self._treated)
            for weights in (np.ones(len(code)), self._bought)
        ]
        counts = [Counts(*values) for values in zip(*tallies, strict=True)]
        filled = [place for place, one in enumerate(counts) if one.treated or one.control]
        return [counts[place] for place in filled], [names[place] for place in filled]


def _measured(segment: str | None, band: str | None, counts: Counts, shrunk: float, costs: Costs) -> MeasuredUplift:
    # An order that comes back earns nothing and redeems no voucher; the contact has been paid for all the same.
    kept = 1.0 - (costs.returned or 0.0)
    per_treated, per_control = kept * (costs.margin - costs.voucher), kept * costs.margin
    money = (counts, per_treated, per_control, counts.treated * costs.contact_cost)
    return MeasuredUplift(
        segment=segment,
        band=band,
        treated=counts.treated,
        treated_bought=counts.treated_bought,
        control=counts.control,
        control_bought=counts.control_bought,
        uplift=counts.uplift if counts.compared else None,
        interval=newcombe(counts) if counts.compared else None,
        shrunk_uplift=shrunk,
        earned=earned(*money) if counts.compared else None,
        earned_interval=money_interval(*money) if counts.compared else None,
    )


def _require_both(groups: list[GroupCounts]) -> None:
    for group, name in zip(groups, ("treated", "control"), strict=True):
        if not group.known:
            got = f"none of {group.planned:,}" + (
                f", {group.overlapping:,} of them overlapping" * bool(group.overlapping)
            )
            todo = "Check that the outcomes are of the month after the plan, with the same ids."
            raise CampaignError("outcomes", [Fault("rows", f"{name} customers of the plan", got, todo)])
