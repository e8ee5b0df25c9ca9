"""What a pack holds beside the model's own evidence, and the script that recomputes the figures with NumPy alone."""

from __future__ import annotations

import bz2
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from northstar_explain.model.holdout_evidence import SKIPPED, skipped
from northstar_explain.model.learned_model import Model
from northstar_explain.model.pack_layout import EVIDENCE, IDS, RECOMPUTE
from northstar_explain.report.audit.pack import recompute

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
        Its own evidence lies in the pack as part of the model, and not twice.
    names : RowNames, optional
        Of the rows of the holdout; without them, a row is known by its position in the table alone.
    """
    groups = model.evaluation.purchase.subgroups
    listed = {
        "group": range(1, len(groups) + 1), "by": [_quoted(one.by) for one in groups],
        "name": [_quoted(one.name) for one in groups],
    }  # fmt: skip
    files = {
        f"{EVIDENCE}/groups.csv": (_text(listed), "what each number of a group stands for"),
        f"{EVIDENCE}/proxies.csv": (
            _text(_proxies(model)),
            "rows in and outside of each group of a sensitive feature, by level of what tells it",
        ),
    }
    if names is not None:
        # Beside the model's file, whose bytes its hash fixes: the same rows in the same order.
        left_out = skipped(model.evidence.holdout["row"].to_numpy()).tolist()
        columns = {SKIPPED: left_out, names.column: [_quoted(name) for name in names.values]}
        files[IDS] = (bz2.compress(_text(columns)), f"{names.column} of each row of the holdout")
    # The very file that the tests run, so that what stands in the pack is what was tested.
    files[RECOMPUTE] = (Path(recompute.__file__).read_bytes(), "recomputes the figures with NumPy alone")
    return files


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


def _quoted(text: str) -> str:
    """A cell that neither a comma nor a spreadsheet can take for anything else."""
    risky = text.startswith(("=", "+", "-", "@", "\t", "\r"))
    text = f"'{text}" if risky else text
    return '"' + text.replace('"', '""') + '"'


def _text(columns: Mapping[str, Sequence[object]]) -> bytes:
    cells = zip(*(map(str, column) for column in columns.values()), strict=True)
    return ("\n".join([",".join(columns), *map(",".join, cells)]) + "\n").encode()
