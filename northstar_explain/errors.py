"""The errors a user can meet, each built from data: what, where, expected, got, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong, and where.

    Attributes
    ----------
    where : str
        The column, row or key, for example ``"column orders_90d"``.
    expected, got : str
        What should have been there, and what was.
    todo : str
        What a person can do about it.
    """

    where: str
    expected: str
    got: str
    todo: str = ""

    def __str__(self) -> str:
        text = f"{self.where}: expected {self.expected}; got {self.got}"
        return f"{text}. {self.todo}" if self.todo else text


def reading_fault(error: Exception) -> str:
    """What an error in reading a file says of it, without the number that the system has for it."""
    if isinstance(error, FileNotFoundError):
        return "no such file"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


class NorthstarError(Exception):
    """Something a person can put right; the command line prints it and exits 1.

    Parameters
    ----------
    source : str
        The file, folder or object at fault.
    faults : sequence of Fault
        Everything that is wrong with it, all at once.
    """

    def __init__(self, source: str, faults: Sequence[Fault]):
        self.source = source
        self.faults = tuple(faults)
        super().__init__(source, self.faults)

    def __str__(self) -> str:
        if len(self.faults) == 1:
            return f"{self.source}: {self.faults[0]}"
        lines = [f"{self.source}: {len(self.faults)} faults", *(f"  {fault}" for fault in self.faults)]
        return "\n".join(lines)


class TableError(NorthstarError):
    """A customer table that cannot be read, or that is not what its contract says."""


class ContractError(NorthstarError):
    """A contract file that does not describe a customer table."""


class ModelError(NorthstarError):
    """A model folder that is missing, changed or of another format."""


class OutputError(NorthstarError):
    """A result that cannot be written where it was asked for."""


class WordsError(NorthstarError):
    """Words that lead back to no rule, or to more than one."""


class PlanError(NorthstarError):
    """A `playbook.toml` that cannot be read, or that is not for the segments of its model."""


class PackError(NorthstarError):
    """An audit pack or a model folder that does not verify."""
