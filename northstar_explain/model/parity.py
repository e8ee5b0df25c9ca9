"""The parity certificate as facts: how far apart programs are that score the golden rows and share no code."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

# Invariant 2 of the design, and what a spreadsheet may round in its last digits.
EXACT, ROUNDED = 1e-12, 1e-9


@dataclass(frozen=True)
class Slip:
    """A golden row that a program scores otherwise. The first row is 1."""

    row: int
    expected: str
    got: str


@dataclass(frozen=True)
class Check:
    """One program held against what the golden rows expect.

    Attributes
    ----------
    program : str
    how : str
        What it computes from.
    rows : int
        Golden rows that were compared; 0 where it was not checked.
    difference : float or None
        The largest absolute difference of a probability.
    tolerance : float
    segments : bool
        Whether segments were compared as well.
    not_checked : str
        Why not, where the program could not be run; empty where it was.
    slips : tuple of Slip
        The first rows that differ by more than the tolerance, or lie in another segment.
    wrong : int
        How many rows do.
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

    @property
    def passed(self) -> bool | None:
        """Whether all rows agree; None where it was not checked."""
        return None if self.not_checked else not self.wrong


@dataclass(frozen=True)
class Certificate:
    """All checks, and what they were made on."""

    model_id: str
    golden: int
    checks: tuple[Check, ...] = field(default=())

    @property
    def difference(self) -> float:
        """The largest difference of any check."""
        return max((check.difference for check in self.checks if check.difference is not None), default=0.0)

    @property
    def passed(self) -> bool:
        """Whether no program that was run slips."""
        return not any(check.wrong for check in self.checks)

    @property
    def complete(self) -> bool:
        """Whether every program was run."""
        return not any(check.not_checked for check in self.checks)

    def to_json(self) -> dict[str, Any]:
        """The certificate as plain data; a difference that is no number is null, as JSON has none for it."""
        data = asdict(self)
        for check in data["checks"]:
            if check["difference"] is not None and not np.isfinite(check["difference"]):
                check["difference"] = None
        return data
