"""The evidence of the evaluation: score, label and groups of each row of the holdout, and the set of every row.

As compressed CSV, which people open and NumPy reads: an audit pack holds these very files, once. Rows are named by
their position in the table, not by the customer's id: who has the table can look them up, and the model folder holds
nobody's name.
"""

from __future__ import annotations

import bz2
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from northstar_explain.errors import Fault, ModelError

HOLDOUT, BASELINES, SETS = "holdout.csv.bz2", "baselines.csv.bz2", "sets.csv.bz2"
EVIDENCE_FILES = (HOLDOUT, BASELINES, SETS)
SET_NAMES = ("train", "validation", "holdout")
REJECTED = "rejected"  # the set of rows that broke the contract
# As many digits as the figures need: more would tell no two rows apart, and take most of a pack's room.
DECIMALS, BASELINE_DIGITS = 8, 4
# In the file, in place of a row's position: how many rows of the table are left out just before it. Compressed, numbers
# that ascend by one are a third of the file, and zeros are nothing.
SKIPPED = "skipped"
# In the file's order: what follows from a column stands beside it, and digits that follow from nothing come last.
_ORDER = (SKIPPED, "label", "segment", "groups", "together", "probability")
_TYPES = {
    "row": pa.int64(), SKIPPED: pa.int64(), "label": pa.int8(), "probability": pa.float64(), "segment": pa.string(),
    "groups": pa.string(), "together": pa.int32(), "set": pa.string(),
}  # fmt: skip
_NEEDED = {
    HOLDOUT: ("row", "label", "probability", "segment", "groups"), BASELINES: ("base_rate",), SETS: ("label", "set"),
}  # fmt: skip


@dataclass(frozen=True)
class Evidence:
    """What every figure of the performance and of the groups is computed from.

    Attributes
    ----------
    holdout : pyarrow.Table
        A row per row of the holdout: ``row`` (position in its table, first row 1), ``label``, ``probability``,
        ``segment``, ``groups`` (numbers of the subgroups it is in, from 1 in the order of ``purchase.subgroups``), and
        ``together`` where rows belong together.
    baselines : pyarrow.Table
        The same rows: the probability of each baseline, and ``truth`` where it is known.
    sets : pyarrow.Table
        A row per row of the table, in its order: ``label``, ``set`` (one of `SET_NAMES`, or `REJECTED`, then without
        a label), and ``together`` where rows belong together.
    """

    holdout: pa.Table
    baselines: pa.Table
    sets: pa.Table

    def files(self) -> dict[str, bytes]:
        """The three files of the model folder."""
        holdout = self.holdout.append_column(SKIPPED, pa.array(skipped(self.holdout["row"].to_numpy())))
        holdout = holdout.select([name for name in _ORDER if name in holdout.column_names])
        return {
            HOLDOUT: packed_csv(holdout), BASELINES: packed_csv(self.baselines), SETS: packed_csv(self.sets)
        }  # fmt: skip


def skipped(row: np.ndarray) -> np.ndarray:
    """How many rows of the table are left out just before each of these; their positions ascend, the first row is 1."""
    left_out: np.ndarray = np.diff(row, prepend=0) - 1
    return left_out


def _with_rows(holdout: pa.Table) -> pa.Table:
    """The holdout with the position of each row, which its file says by `SKIPPED`; files written before have it."""
    if SKIPPED not in holdout.column_names:
        return holdout
    place, left_out = holdout.column_names.index(SKIPPED), holdout[SKIPPED]
    if left_out.null_count or (holdout.num_rows and pc.min(left_out).as_py() < 0):
        raise ValueError(f"{SKIPPED}: a cell that is no number of rows")
    return holdout.set_column(place, "row", pa.array(np.cumsum(left_out.to_numpy() + 1)))


def packed_csv(table: pa.Table) -> bytes:
    """A table as compressed CSV; texts are quoted where they have to be."""
    from pyarrow import csv

    sink = pa.BufferOutputStream()
    csv.write_csv(table, sink, csv.WriteOptions(include_header=False, quoting_style="needed"))
    text: bytes = ",".join(table.column_names).encode() + b"\n" + sink.getvalue().to_pybytes()
    # Not gzip: of digits, which are most of these files, it leaves a fifth more.
    return bz2.compress(text)


def kept_probability(probability: np.ndarray, bounds: Sequence[float] | np.ndarray) -> np.ndarray:
    """The probabilities to `DECIMALS` decimals, those apart whose place among `bounds` would be another one.

    Parameters
    ----------
    probability : ndarray of float, shape (n,)
    bounds : sequence of float
        Thresholds that probabilities are compared with: who meets one must still meet it.
    """
    rounded, bounds = np.round(probability, DECIMALS), np.sort(np.asarray(bounds, dtype=np.float64))
    moved = np.searchsorted(bounds, rounded, "right") != np.searchsorted(bounds, probability, "right")
    kept: np.ndarray = np.where(moved, probability, rounded)
    return kept


def kept_baseline(probability: np.ndarray) -> np.ndarray:
    """The probabilities to `BASELINE_DIGITS` significant digits."""
    size = np.abs(probability)
    exponents = np.floor(np.log10(np.where(size > 0, size, 1.0))).astype(int)
    kept = np.zeros(len(probability))
    # By powers of ten, each exactly as its decimal digits are read back.
    for exponent in np.unique(exponents):
        of = exponents == exponent
        decimals = min(BASELINE_DIGITS - 1 - int(exponent), 22)
        kept[of] = np.rint(probability[of] * 10.0**decimals) / 10.0**decimals
    return kept


def holdout_table(
    row: np.ndarray,
    label: np.ndarray,
    probability: np.ndarray,
    segment: np.ndarray,
    memberships: np.ndarray,
    together: np.ndarray | None,
) -> pa.Table:
    """The holdout as `Evidence` stores it.

    Parameters
    ----------
    row, label, probability, segment : ndarray, shape (n,)
    memberships : ndarray of bool, shape (n, groups)
        Which subgroups each row is in.
    together : ndarray of int, shape (n,), or None
        What each row belongs to.
    """
    columns = {"row": row, "label": label, "probability": probability, "segment": segment}
    columns["groups"] = np.array(_numbers(memberships), dtype=object)
    return _table({**columns, **({} if together is None else {"together": together})})


def baselines_table(scores: Mapping[str, np.ndarray]) -> pa.Table:
    """The baselines as `Evidence` stores them; probabilities as `kept_baseline` gives them."""
    return pa.table({name: pa.array(score, pa.float64()) for name, score in scores.items()})


def sets_table(
    rows: int, row: np.ndarray, label: np.ndarray, set_of: np.ndarray, together: np.ndarray | None
) -> pa.Table:
    """The sets as `Evidence` stores them.

    Parameters
    ----------
    rows : int
        How many rows the table has, rejected ones included.
    row, label, set_of : ndarray of int, shape (n,)
        Of each valid row its position, the first 1, its label, and the place of its set in `SET_NAMES`.
    together : ndarray of int, shape (n,), or None
    """
    place = np.full(rows, -1)
    place[row - 1] = np.arange(len(row))
    valid = place >= 0
    names = np.array([*SET_NAMES, REJECTED])[np.where(valid, set_of[place], -1)]
    columns = {"label": pa.array(label[place], pa.int8(), mask=~valid), "set": pa.array(names, pa.string())}
    if together is not None:
        columns["together"] = pa.array(together[place], pa.int32(), mask=~valid)
    return pa.table(columns)


def _table(columns: Mapping[str, np.ndarray]) -> pa.Table:
    return pa.table({name: pa.array(values, _TYPES[name]) for name, values in columns.items()})


def evidence_of(files: Mapping[str, bytes], source: str) -> Evidence:
    """Read the evidence of a model from the bytes of its folder's files; `source` names the model in errors.

    Raises
    ------
    ModelError
        When a file is not what `explain train` writes.
    """
    return Evidence(*(_read(files[name], name, source) for name in EVIDENCE_FILES))


def _read(data: bytes, name: str, source: str) -> pa.Table:
    from pyarrow import csv

    try:
        types = _TYPES if name != BASELINES else None
        convert = csv.ConvertOptions(column_types=types, strings_can_be_null=False)
        table = csv.read_csv(io.BytesIO(bz2.decompress(data)), convert_options=convert)
        table = _with_rows(table) if name == HOLDOUT else table
        if missing := set(_NEEDED[name]) - set(table.column_names):
            raise ValueError(f"no column {min(missing)}")
    except (OSError, EOFError, ValueError, pa.ArrowException) as error:
        todo = "Restore the file, or train again: a changed model is not used."
        raise ModelError(source, [Fault(name, "what `explain train` writes there", str(error)[:200], todo)]) from error
    return table


def _numbers(memberships: np.ndarray) -> list[str]:
    """``"1 4 9"`` for a row that is in the first, fourth and ninth group."""
    # Few combinations occur: each is written once.
    kinds, of = np.unique(memberships, axis=0, return_inverse=True)
    texts = [" ".join(str(place + 1) for place in np.flatnonzero(kind)) for kind in kinds]
    return [texts[kind] for kind in of.ravel().tolist()]
