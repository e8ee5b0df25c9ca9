"""The evidence of the evaluation: scores, labels and groups of each row of the holdout, and the set of every row.

Rows are named by their position in the table, not by the customer's id: who has the table can look them up, and the
model folder holds nobody's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from northstar_explain import tables

HOLDOUT, SETS = "holdout.parquet", "sets.parquet"
# The sets of the table's valid rows, by their number in `sets.parquet`.
SET_NAMES = ("train", "validation", "holdout")
# Baselines predict so many decimals, which is all that their evidence holds: the model's own scores keep every digit.
DECIMALS = 6
_SCALE = 10**DECIMALS
_BASELINE = "millionths_"
_HOLDOUT_COLUMNS = ("row", "label", "probability", "decile", "segment", "groups")
_SETS_COLUMNS = ("row", "label", "set")


@dataclass(frozen=True)
class Evidence:
    """What every figure of the performance and of the groups is computed from.

    Attributes
    ----------
    holdout : pyarrow.Table
        A row per row of the holdout: ``row`` (position in its table, first row 1), ``label``, ``probability``,
        ``decile`` (of the training population), ``segment``, ``groups`` (numbers of the subgroups it is in, from 1 in
        the order of ``purchase.subgroups``), ``together`` where rows belong together, and a column for each baseline,
        and ``truth`` where it is known, in millionths.
    sets : pyarrow.Table
        A row per valid row of the table: ``row``, ``label``, ``set`` (0 train, 1 validation, 2 holdout), and
        ``together`` where rows belong together.
    """

    holdout: pa.Table
    sets: pa.Table

    def baseline(self, name: str) -> np.ndarray:
        """The probabilities of a baseline, or of ``truth``."""
        probability: np.ndarray = self.holdout[_BASELINE + name].to_numpy() / _SCALE
        return probability

    @property
    def baselines(self) -> tuple[str, ...]:
        """The names of the baselines, and ``truth``."""
        return tuple(n.removeprefix(_BASELINE) for n in self.holdout.column_names if n.startswith(_BASELINE))

    def files(self) -> dict[str, bytes]:
        """The two files of the model folder."""
        return {HOLDOUT: _bytes(self.holdout), SETS: _bytes(self.sets)}


def _bytes(table: pa.Table) -> bytes:
    from pyarrow import parquet

    # Row numbers ascend: their differences take no room, the numbers themselves as much as all else together.
    others = [name for name in table.column_names if name != "row"]
    sink = pa.BufferOutputStream()
    encoding = {"row": "DELTA_BINARY_PACKED"}
    parquet.write_table(table, sink, compression="zstd", use_dictionary=others, column_encoding=encoding)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def holdout_table(
    row: np.ndarray,
    label: np.ndarray,
    probability: np.ndarray,
    decile: np.ndarray,
    segment: np.ndarray,
    memberships: np.ndarray,
    together: np.ndarray | None,
    baselines: Mapping[str, np.ndarray],
) -> pa.Table:
    """The holdout as `Evidence` stores it.

    Parameters
    ----------
    row, label, probability, decile, segment : ndarray, shape (n,)
    memberships : ndarray of bool, shape (n, groups)
        Which subgroups each row is in.
    together : ndarray of int, shape (n,), or None
        What each row belongs to.
    baselines : mapping of str to ndarray of float, shape (n,)
        Probabilities, of `DECIMALS` decimals.
    """
    columns: dict[str, pa.Array] = {
        "row": pa.array(row, pa.int64()),
        "label": pa.array(label, pa.int8()),
        "probability": pa.array(probability, pa.float64()),
        "decile": pa.array(decile, pa.int8()),
        "segment": pa.array(segment, pa.string()),
        "groups": pa.array(_numbers(memberships), pa.string()),
    }
    if together is not None:
        columns["together"] = pa.array(together, pa.int32())
    for name, score in baselines.items():
        columns[_BASELINE + name] = pa.array(np.rint(score * _SCALE).astype(np.int32))
    return pa.table(columns)


def sets_table(row: np.ndarray, label: np.ndarray, set_of: np.ndarray, together: np.ndarray | None) -> pa.Table:
    """The sets as `Evidence` stores them; parameters as of `holdout_table`, and the number of each row's set."""
    columns = {
        "row": pa.array(row, pa.int64()), "label": pa.array(label, pa.int8()), "set": pa.array(set_of, pa.int8())
    }  # fmt: skip
    if together is not None:
        columns["together"] = pa.array(together, pa.int32())
    return pa.table(columns)


def evidence_of(files: Mapping[str, bytes]) -> Evidence:
    """Read the evidence of a model from the bytes of its folder's files.

    Raises
    ------
    ValueError
        When a file lacks a column.
    """
    return Evidence(*(tables.read_parquet_bytes(_checked(files, name)) for name in (HOLDOUT, SETS)))


def require_evidence(files: Mapping[str, bytes], name: str) -> None:
    """Raise ValueError unless a file has the columns of the evidence; nothing else of it is read."""
    _checked(files, name)


def _checked(files: Mapping[str, bytes], name: str) -> bytes:
    # The schema alone: whoever scores loads the model as well, and needs none of the rows.
    from pyarrow import parquet

    data, needed = files[name], _HOLDOUT_COLUMNS if name == HOLDOUT else _SETS_COLUMNS
    missing = set(needed) - set(parquet.read_schema(pa.BufferReader(data)).names)
    if missing:
        raise ValueError(f"no column {min(missing)}")
    return data


def _numbers(memberships: np.ndarray) -> list[str]:
    """``"1 4 9"`` for a row that is in the first, fourth and ninth group."""
    # Few combinations occur: each is written once.
    kinds, of = np.unique(memberships, axis=0, return_inverse=True)
    texts = [" ".join(str(place + 1) for place in np.flatnonzero(kind)) for kind in kinds]
    return [texts[kind] for kind in of.ravel().tolist()]
