"""The parity certificate as facts: differences between programs that score the golden rows and share no code."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from northstar_explain.model.evaluation.facts_codec import from_json

# Invariant 2 of the design, and what a spreadsheet may round in its last digits.
EXACT, ROUNDED = 1e-12, 1e-9


@dataclass(frozen=True)
class Slip:
    """A golden row that a program scores differently. The first row is 1."""

    row: int
    expected: str
    got: str


@dataclass(frozen=True)
class Check:
    """One program compared with the expected scores of the golden rows.

    Attributes
    ----------
    program : str
    how : str
        The inputs and method of the program.
    rows : int
        Golden rows that were compared; 0 where it was not checked.
    difference : float or None
        The largest absolute difference of a probability.
    tolerance : float
    segments : bool
        Whether segments were compared as well.
    not_checked : str
        The reason why the program was not run; empty where it was.
    slips : tuple of Slip
        The first rows that differ by more than the tolerance, or are in another segment.
    wrong : int
        The number of such rows.
    version : str
        Of the program; empty where it has none of its own.
    stored : bool
        Whether it was not run now: what it gave when the model was made is compared.
    """

    program: str
    how: str
    rows: int = 0
    difference: float | None = None
    tolerance: float = EXACT
    segments: bool = False
    not_checked: str = ""
    slips: tuple[Slip, ...] = ()
    wrong: int = 0
    version: str = ""
    stored: bool = False

    @property
    def passed(self) -> bool | None:
        """Whether all rows agree; None where it was not checked."""
        return None if self.not_checked else not self.wrong


@dataclass(frozen=True)
class Certificate:
    """All checks of one model."""

    model_id: str
    golden: int
    checks: tuple[Check, ...] = field(default=())

    @property
    def difference(self) -> float:
        """The largest difference of any check."""
        return max((check.difference for check in self.checks if check.difference is not None), default=0.0)

    @property
    def passed(self) -> bool:
        """Whether every program that was run agrees."""
        return not any(check.wrong for check in self.checks)

    @property
    def complete(self) -> bool:
        """Whether every program was run."""
        return not any(check.not_checked for check in self.checks)

    @classmethod
    def from_json(cls, data: Any) -> Certificate:
        """A certificate as `to_json` writes it; raises FactError with all that is not as it must be."""
        return from_json(data, cls)

    def to_json(self) -> dict[str, Any]:
        """The certificate as JSON data; a difference that is not finite is null, as JSON has no such number."""
        data = asdict(self)
        for check in data["checks"]:
            if check["difference"] is not None and not np.isfinite(check["difference"]):
                check["difference"] = None
        return data
