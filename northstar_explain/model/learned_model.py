"""A model in memory: the content of a model folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from northstar_explain.contract.features import Contract
from northstar_explain.model import names
from northstar_explain.model.evaluation import Evaluation
from northstar_explain.model.holdout_evidence import Evidence, evidence_of
from northstar_explain.model.lookup import Lookup
from northstar_explain.model.names import Names
from northstar_explain.model.scorecard import Scorecard
from northstar_explain.model.segments import Segmentation

FLAG_F1, FLAG_BREAK_EVEN = "flag_f1", "flag_break_even"
OLD_FLAG = "likely_buyer"  # what `FLAG_F1` was called before format 11; kept beside it for one minor version


@dataclass(frozen=True)
class Purchase:
    """The purchase model's numbers beside the scorecard.

    Attributes
    ----------
    intercept : float
        Log-odds of the average customer.
    threshold : float
        Probability from which a customer is flagged by F1, which it was chosen for on validation rows.
    percentiles : tuple of float
        1,001 quantiles of the probability over the training population, lowest first.
    ranges : mapping of str to (float, float)
        Lowest and highest known value of each numeric feature among the training customers.
    break_even : float or None
        Probability from which a contact pays, as `campaign.value.break_even_probability` gives it; None where the
        contract has no economics, or no contact pays.
    """

    intercept: float
    threshold: float
    percentiles: tuple[float, ...]
    ranges: Mapping[str, tuple[float, float]]
    break_even: float | None = None

    @property
    def flags(self) -> dict[str, float]:
        """The threshold of each flag, by the name of its column, which says what it is for."""
        found = {FLAG_F1: self.threshold, FLAG_BREAK_EVEN: self.break_even}
        return {name: threshold for name, threshold in found.items() if threshold is not None}

    @property
    def flag_columns(self) -> dict[str, float]:
        """The same for each column of flags that scores have, the one of the old name too."""
        return {**self.flags, OLD_FLAG: self.threshold}


@dataclass(frozen=True)
class Model:
    """The content of a model folder.

    Attributes
    ----------
    id : str
        Derived from the content: two models with the same contract, rules and points have the same id.
    contract : Contract
    segmentation : Segmentation
    scorecard : Scorecard
    purchase : Purchase
    evaluation : Evaluation
        Every reported figure.
    golden : pyarrow.Table
        Hard rows and their expected scores.
    shapes : pyarrow.Table
        Outcomes of customers in each bin of the scorecard.
    drift : pyarrow.Table
        Distribution of the training customers: the baseline of later tables.
    manifest : dict
    files : mapping of str to bytes
        The bytes of the folder's files, except the manifest.
    names : Names
        Names that people gave to segments, already applied to `segmentation`.
    folder : Path or None
        The folder it was loaded from.
    """

    id: str
    contract: Contract
    segmentation: Segmentation
    scorecard: Scorecard
    purchase: Purchase
    evaluation: Evaluation
    golden: pa.Table
    shapes: pa.Table
    drift: pa.Table
    manifest: dict[str, Any]
    files: Mapping[str, bytes]
    names: Names = field(default_factory=Names)
    # Where it was loaded from does not make it another model.
    folder: Path | None = field(default=None, compare=False, repr=False)

    @property
    def inputs(self) -> tuple[Path, ...]:
        """The folder, which no output may overwrite, if the model was loaded from one."""
        return () if self.folder is None else (self.folder,)

    # Kept in the instance's __dict__, which a frozen dataclass allows; equality and repr look at fields only.
    @cached_property
    def evidence(self) -> Evidence:
        """What the figures of the holdout are computed from; read when first asked for, as scoring needs none of it."""
        return evidence_of(self.files, str(self.folder or self.id))

    @cached_property
    def lookup(self) -> Lookup:
        """The scorecard prepared for many rows."""
        return Lookup(self.scorecard)


def follow(model: Model, earlier: Model) -> Model:
    """The model with the names that people gave to the segments of the model it continues.

    Parameters
    ----------
    model : Model
        Newly trained; segments found again keep their ids.
    earlier : Model

    Returns
    -------
    Model
    """
    # The path is for errors only, and there can be none: `carry` has dropped every name that does not fit.
    named, given = names.apply(names.carry(earlier.names, model.segmentation), model.segmentation, Path())
    return replace(model, segmentation=named, names=given)
