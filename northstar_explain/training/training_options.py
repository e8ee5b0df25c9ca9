"""What a training run is given: options, and tables to train or to evaluate on."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pyarrow as pa

from northstar_explain.contract.economics import Economics
from northstar_explain.contract.features import Contract
from northstar_explain.evaluate.model_quality import DRAWS
from northstar_explain.learn import fit_purchase_model
from northstar_explain.learn.segment_options import SegmentOptions
from northstar_explain.learn.splits import FIT_ROWS
from northstar_explain.options import ScoringOptions
from northstar_explain.tables.number_format import PLAIN, NumberFormat

# With fewer, intervals are so wide that nothing can be concluded from a fit.
FEWEST_FIT_ROWS = 1_000


@dataclass(frozen=True)
class TrainingOptions:
    """Options of a training run.

    Attributes
    ----------
    seed : int
        Decides every random choice.
    date : datetime.date
        The day that the model is made on.
    as_of : datetime.date or None
        The day up to which the table looks; where not given, what the contract says.
    validation, holdout : float
        Shares of the customers. When a later table is given, the holdout share is used only where the two tables share
        groups of rows that belong together: that share of the groups is then evaluated there and not fitted to.
    segments : SegmentOptions
    purchase : PurchaseModelOptions
    fit_rows : int
        Most rows that a fit uses, 1,000 or more: of the training rows for the purchase model, and of all but those kept
        to check them for the segments. Where there are more, so many are sampled. Evaluation uses the whole holdout.
    experiments : bool
        Whether to run the experiments that compare segments and purchase model.
    deep : bool
        Whether to do what takes longer: the black box is tuned over thirty settings, it is proven how far the
        segments' rules are from the best of as many, and the purchase model is fitted again with other seeds and on
        bootstrap draws, for the audit report.
    draws : int
        Bootstrap resamples for the intervals of the purchase model's figures.
    accept_leakage : tuple of str
        Features that the leakage check accepts although they rank buyers better than is credible, as somebody has
        looked into them.
    max_rejected : float
        Share of rejected rows, 0 to 1, above which nothing is learned.
    margin, contact_cost : float or None
        Earned per purchase (above 0) and spent per contact (0 or more); both or neither. They take the place of those
        in the contract's ``[economics]``.

    Raises
    ------
    ValueError
        When margin and contact cost, or the rows to fit on, are out of range.
    """

    seed: int = 0
    date: datetime.date = field(default_factory=datetime.date.today)
    as_of: datetime.date | None = None
    # A tenth chooses one threshold; a fifth keeps the intervals of the holdout narrow.
    validation: float = 0.1
    holdout: float = 0.2
    segments: SegmentOptions = field(default_factory=SegmentOptions)
    purchase: fit_purchase_model.PurchaseModelOptions = field(default_factory=fit_purchase_model.PurchaseModelOptions)
    fit_rows: int = FIT_ROWS
    experiments: bool = True
    deep: bool = False
    draws: int = DRAWS
    accept_leakage: tuple[str, ...] = ()
    max_rejected: float = ScoringOptions.max_rejected
    margin: float | None = None
    contact_cost: float | None = None

    def __post_init__(self) -> None:
        if self.fit_rows < FEWEST_FIT_ROWS:
            raise ValueError(f"fit_rows: expected {FEWEST_FIT_ROWS:,} or more; got {self.fit_rows:,}")
        margin, cost = self.margin, self.contact_cost
        if margin is None and cost is None:
            return
        if margin is None or cost is None or not (margin > 0 and cost >= 0):
            got = f"{margin} and {cost}"
            raise ValueError(f"give a margin above 0 and a contact_cost of 0 or more, or neither; got {got}")

    def economics(self, contract: Contract) -> Economics | None:
        """What a purchase earns and a contact costs: as given, else as the contract says; None where neither does.

        None, too, where the outcome is to be prevented: a contact would seem to earn by more of it.
        """
        if not contract.wanted:
            return None
        known = contract.economics
        if self.margin is None or self.contact_cost is None:
            return known
        if known is None:
            return Economics(self.margin, self.contact_cost)
        # Voucher and budget remain those of the contract.
        rest = known.assumed and bool(known.voucher or known.budget)
        return replace(known, margin=self.margin, contact_cost=self.contact_cost, assumed=rest)


@dataclass(frozen=True)
class Source:
    """A table to train or to evaluate on.

    Attributes
    ----------
    table : pyarrow.Table
    name : str
        What to call it in errors and in the manifest.
    as_text : bool
        Whether numbers may come as text, as they do from CSV.
    numbers : NumberFormat
        How they are then written.
    truth : mapping of str to float, optional
        Key of each id to the customer's true probability, where it is known, as in a simulation: the evaluation then
        states how far the model is from the best possible one. Never used for fitting.
    """

    table: pa.Table
    name: str = "table"
    as_text: bool = False
    numbers: NumberFormat = PLAIN
    truth: Mapping[str, float] | None = None
