"""What a campaign did, as typed facts, and as `readout.json`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from northstar_explain.model.campaign.bands import BAND_NAMES, bands_of
from northstar_explain.model.campaign.campaign_plan import read_facts
from northstar_explain.model.evaluation.figure_facts import Interval

READOUT, READOUT_PAGE, READOUT_PDF = "readout.json", "readout.html", "readout.pdf"
FORMAT = 1
# Below this p-value, groups that a draw made are taken to have been changed since (Fabijan et al. 2019).
MISMATCH_P_VALUE = 0.001


@dataclass(frozen=True)
class Costs:
    """What a readout counts money with.

    Attributes
    ----------
    margin : float
        Earned per purchase.
    voucher : float
        Per purchase of a treated customer; 0 for none.
    contact_cost : float
        Per contact, as planned or as it was.
    as_it_was : bool
        Whether the cost of the contacts was given, and is not the plan's.
    returned : float or None
        Share of orders that come back and earn nothing; null where it was not given, and counted as none.
    """

    margin: float
    voucher: float
    contact_cost: float
    as_it_was: bool
    returned: float | None


@dataclass(frozen=True)
class GroupCounts:
    """Customers of a group, and what is known of them.

    Attributes
    ----------
    planned : int
        In the plan.
    overlapping : int
        Of them, contacted by another campaign, and left out.
    known : int
        Of the others, with an outcome.
    bought : int
        Of those known.
    probability : float or None
        Mean probability before the campaign of those known; null where there are none.
    """

    planned: int
    overlapping: int
    known: int
    bought: int
    probability: float | None


@dataclass(frozen=True)
class Alike:
    """Whether treated and control were alike before the campaign.

    Attributes
    ----------
    missing_p_value : float
        That outcomes are missing as often in one group as in the other (sample ratio mismatch).
    probability_p_value : float
        That customers of both groups were as likely to buy before.
    stopped : bool
        Whether one of them is too small for the groups to be compared.
    """

    missing_p_value: float
    probability_p_value: float
    stopped: bool


@dataclass(frozen=True)
class MeasuredUplift:
    """Treated against control, in some customers.

    Attributes
    ----------
    segment : str or None
        Null for all segments.
    band : str or None
        Of deciles; null for all.
    treated : int
        Customers.
    treated_bought : int
        Of them.
    control : int
        Customers.
    control_bought : int
        Of them.
    uplift : float or None
        Difference of the purchase rates; null where a group has no customers.
    interval : Interval or None
        95% by Newcombe (1998).
    shrunk_uplift : float
        Between the uplift and that of all cells, the nearer to it the fewer customers there are; what a next plan
        counts with.
    earned : float or None
        By contacting these treated, after all costs.
    earned_interval : Interval or None
        95%.
    """

    segment: str | None
    band: str | None
    treated: int
    treated_bought: int
    control: int
    control_bought: int
    uplift: float | None
    interval: Interval | None
    shrunk_uplift: float
    earned: float | None
    earned_interval: Interval | None


@dataclass(frozen=True)
class Readout:
    """A campaign's readout.

    Attributes
    ----------
    format : int
        Of these facts.
    plan_id : str
        Of the campaign.
    model_id : str
        The model that scored before it.
    treated : GroupCounts
        Those contacted.
    control : GroupCounts
        Those left out.
    alike : Alike
        Whether the two can be compared.
    overall : MeasuredUplift or None
        All of them; null where the comparison was stopped.
    segments : tuple of MeasuredUplift
        By segment.
    bands : tuple of MeasuredUplift
        By band of deciles.
    cells : tuple of MeasuredUplift
        By segment and band.
    spread : float
        Standard deviation of the true uplifts between cells, as estimated for shrinking; 0 where they differ no more
        than by chance.
    costs : Costs
        What the money is counted with.
    not_known : tuple of str
        What would change the figures and was not given, in words.
    verdict : str
        In a sentence.
    """

    format: int
    plan_id: str
    model_id: str
    treated: GroupCounts
    control: GroupCounts
    alike: Alike
    overall: MeasuredUplift | None
    segments: tuple[MeasuredUplift, ...]
    bands: tuple[MeasuredUplift, ...]
    cells: tuple[MeasuredUplift, ...]
    spread: float
    costs: Costs
    not_known: tuple[str, ...]
    verdict: str


class Uplifts:
    """Uplifts for customers who may be contacted next, from a readout.

    Parameters
    ----------
    readout : Readout
        One that was not stopped.
    """

    def __init__(self, readout: Readout):
        assert readout.overall is not None, "a readout that was stopped has no uplifts"
        self._overall = readout.overall.shrunk_uplift
        self._cells = {(cell.segment, cell.band): cell.shrunk_uplift for cell in readout.cells}
        self._segments = {cell.segment: cell.shrunk_uplift for cell in readout.segments}

    def of(self, segment: str, decile: int) -> float:
        """The uplift of a segment in a decile: its cell's, else its segment's, else that of all."""
        band = BAND_NAMES[bands_of(np.array(decile))]
        return self._cells.get((segment, band), self._segments.get(segment, self._overall))

    def each(self, segment: np.ndarray, decile: np.ndarray) -> np.ndarray:
        """The uplift of each customer: shape (n,)."""
        # Once per pair of segment and decile, of which there are some hundred, and not once per customer.
        known = {
            (id, step): self.of(id, step)
            for id, step in sorted(set(zip(segment.tolist(), decile.tolist(), strict=True)))
        }
        return np.array([known[pair] for pair in zip(segment.tolist(), decile.tolist(), strict=True)])


def read_readout_file(path: Path) -> Readout:
    """Read `readout.json`.

    Raises
    ------
    CampaignError
        When it is not one.
    """
    return read_facts(path, Readout, FORMAT, "a readout.json that `explain campaign read` wrote")
