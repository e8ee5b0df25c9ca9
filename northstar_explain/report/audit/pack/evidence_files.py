"""The evidence as CSV, and the script that recomputes the figures from it: what NumPy alone can read."""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from northstar_explain.model.holdout_evidence import DECIMALS, SET_NAMES
from northstar_explain.model.learned_model import Model
from northstar_explain.model.pack_layout import EVIDENCE, RECOMPUTE
from northstar_explain.report.audit.pack import recompute

_WHAT = {
    "holdout": "each row of the holdout: label, score, decile, segment, groups",
    "baselines": "the scores of the baselines for the same rows, in the same order",
    "proxies": "customers in and outside of each group of a sensitive feature, by level of what tells it",
    "sets": "each row of the table, in its order: label, and train, validation, holdout or rejected",
}


PSEUDONYM = "pseudonym"  # the column of what a key that is not in the pack made of the ids


@dataclass(frozen=True)
class RowNames:
    """What rows of the holdout are called beside their position in the table.

    Attributes
    ----------
    column : str
        ``id`` or `PSEUDONYM`.
    values : sequence of str
        One per row of the holdout.
    """

    column: str
    values: Sequence[str]


def evidence_files(model: Model, names: RowNames | None = None) -> dict[str, tuple[bytes, str]]:
    """Path in the pack to content and description.

    Parameters
    ----------
    model : Model
    names : RowNames, optional
        Of the rows of the holdout; without them, a row is known by its position in the table alone.
    """
    evidence = model.evidence
    holdout = {name: evidence.holdout[name].to_pylist() for name in ("row", "label", "probability", "decile")}
    holdout |= {name: evidence.holdout[name].to_pylist() for name in ("segment", "groups")}
    if "together" in evidence.holdout.column_names:
        holdout["together"] = evidence.holdout["together"].to_pylist()
    if names is not None:
        holdout[names.column] = [_quoted(name) for name in names.values]
    baselines = {name: _decimals(evidence.baseline(name)) for name in evidence.baselines}
    written = {"holdout": holdout, "baselines": baselines, "sets": _sets(model), "proxies": _proxies(model)}
    files = {f"{EVIDENCE}/{name}.csv.gz": (_csv(columns), _WHAT[name]) for name, columns in written.items()}
    groups = model.evaluation.purchase.subgroups
    listed = {
        "group": range(1, len(groups) + 1), "by": [_quoted(one.by) for one in groups],
        "name": [_quoted(one.name) for one in groups],
    }  # fmt: skip
    files[f"{EVIDENCE}/groups.csv"] = (_text(listed).encode(), "what each number of a group stands for")
    # The very file that the tests run, so that what stands in the pack is what was tested.
    script = Path(recompute.__file__).read_bytes()
    files[RECOMPUTE] = (script, "recomputes the figures from evidence/ with NumPy alone")
    return files


def _sets(model: Model) -> dict[str, Sequence[object]]:
    """A line per row of the table, so that lines need no numbers, which would take more room than all else."""
    table, rows = model.evidence.sets, int(model.manifest["data"]["rows"])
    columns: dict[str, list[object]] = {"label": [""] * rows, "set": ["rejected"] * rows}
    values = {"label": table["label"].to_pylist(), "set": [SET_NAMES[one] for one in table["set"].to_pylist()]}
    if "together" in table.column_names:
        columns["together"], values["together"] = [""] * rows, table["together"].to_pylist()
    for place, row in enumerate(table["row"].to_pylist()):
        for name, column in columns.items():
            column[row - 1] = values[name][place]
    return dict(columns)


def _proxies(model: Model) -> dict[str, Sequence[object]]:
    """A line per level of a score, the lowest first; a ROC-AUC follows from the two counts of every level."""
    purchase = model.evaluation.purchase
    numbers = {(one.by, one.name): place for place, one in enumerate(purchase.subgroups, start=1)}
    lines = [
        (numbers[one.by, one.name], _quoted(score.feature or ""), inside, outside)
        for one in purchase.proxies
        for score in (one.together, one.alone)
        for inside, outside in zip(score.inside, score.outside, strict=True)
    ]
    heads = ("group", "feature", "inside", "outside")
    return {head: [line[place] for line in lines] for place, head in enumerate(heads)}


def _decimals(scores: np.ndarray) -> list[str]:
    return [f"{score:.{DECIMALS}f}" for score in scores.tolist()]


def _quoted(text: str) -> str:
    """A cell that neither a comma nor a spreadsheet can take for anything else."""
    risky = text.startswith(("=", "+", "-", "@", "\t", "\r"))
    text = f"'{text}" if risky else text
    return '"' + text.replace('"', '""') + '"'


def _text(columns: Mapping[str, Sequence[object]]) -> str:
    # Numbers by `repr`, which gives every digit back.
    cells = zip(*(map(str, column) for column in columns.values()), strict=True)
    return "\n".join([",".join(columns), *map(",".join, cells)]) + "\n"


def _csv(columns: Mapping[str, Sequence[object]]) -> bytes:
    # Without a time, so that the same model gives the same bytes.
    return gzip.compress(_text(columns).encode(), compresslevel=9, mtime=0)
