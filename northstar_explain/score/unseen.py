"""Columns most of whose values a model has never seen: more likely another spelling than other customers."""

from __future__ import annotations

from collections.abc import Collection

from northstar_explain.errors import Fault, TableError
from northstar_explain.model.lookup import CategoryAxis
from northstar_explain.model.scorecard import MISSING
from northstar_explain.score.counts import Tally
from northstar_explain.score.score_columns import Scorer

FEWEST = 20  # known values in a column; with fewer, most may be new by chance
MOST = 0.5  # share of them that may be new
_NAMED = 3


def require_seen(tally: Tally, scorer: Scorer, accepted: Collection[str], source: str) -> None:
    """Stop a run in which most values of a column are unseen in training.

    Parameters
    ----------
    tally : Tally
        Of the whole run.
    scorer : Scorer
    accepted : collection of str
        Columns of which somebody has said that this is right.
    source : str
        What to call the customers in errors.

    Raises
    ------
    TableError
        With every such column.
    """
    faults = [
        _fault(name, axis, tally)
        for name, axis in scorer.lookup.axes.items()
        if isinstance(axis, CategoryAxis) and name not in accepted and _is_unseen(tally, name)
    ]
    if faults:
        raise TableError(source, faults)


def _is_unseen(tally: Tally, name: str) -> bool:
    counts = tally.bins.get(name)
    if counts is None:
        return False
    known = int(counts.sum() - counts[MISSING])
    return known >= FEWEST and int(counts[-1]) > MOST * known


def _fault(name: str, axis: CategoryAxis, tally: Tally) -> Fault:
    counts = tally.bins[name]
    seen = list(axis.values)
    expected = "values seen in training, such as " + ", ".join(map(repr, seen[:_NAMED]))
    new = ", ".join(map(repr, list(tally.unseen.get(name, {}))[:_NAMED]))
    got = f"{int(counts[-1]):,} of {int(counts.sum() - counts[MISSING]):,} values unseen, such as {new}"
    todo = f"Spell them as in training, or say that they are right: --accept-unseen {name}."
    return Fault(f"column {name}", expected, got, todo)
