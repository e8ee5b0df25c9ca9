"""What a training run writes: the model folder, and beside it the rows that could not be used; all of it or none."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

from northstar_explain import model as models
from northstar_explain import tables
from northstar_explain.model.folder import require_place
from northstar_explain.model.names import Names
from northstar_explain.score.rejected_rows import write_rejected
from northstar_explain.training.steps import Trained


def rejects_of(model: Path, trained: Trained) -> tuple[Path, Path]:
    """Where the rejected rows of a model folder go: those of the customers, and those of a later table.

    In the format of the table: CSV where it was CSV, else Parquet.
    """
    kinds = [".csv" if as_text else ".parquet" for as_text in (trained.as_text, trained.later_as_text)]
    return _rejects(model, ".rejected" + kinds[0]), _rejects(model, ".holdout.rejected" + kinds[1])


def _rejects(model: Path, ending: str) -> Path:
    place = model if model.name else model.absolute()  # the path "." has no name of its own
    return place.with_name(place.name + ending)


def _all_rejects(model: Path) -> list[Path]:
    """Every place at which a model folder may have rejected rows."""
    return [
        _rejects(model, f"{table}.rejected.{kind}")
        for table, kind in itertools.product(("", ".holdout"), ("parquet", "csv"))
    ]


def require_places(model: Path, overwrite: bool, inputs: Sequence[Path] = ()) -> None:
    """Raise OutputError unless a training run may write there; to be called before it begins.

    Parameters
    ----------
    model : Path
        The model folder.
    overwrite : bool
        Whether a model and its rejected rows may be replaced.
    inputs : sequence of Path
        What the run reads. The model that it updates may be the one that it replaces.
    """
    tables.require_apart([model, *_all_rejects(model)], inputs, replaces=model)
    require_place(model, overwrite)
    # Checked before the long work: a run of an hour must not fail at its last step for want of a free name.
    for path in _all_rejects(model):
        tables.require_free(path, overwrite)


def save(trained: Trained, path: Path | str, overwrite: bool = False) -> Names:
    """Write a model folder with its rejected rows beside it; those of an earlier run there go.

    Parameters
    ----------
    trained : Trained
    path : path
        The folder; beside it go ``NAME.rejected.parquet`` and ``NAME.holdout.rejected.parquet``, where rows were
        rejected; with the ending ``.csv`` where the table was CSV.
    overwrite : bool, default False
        Replace a model that is there.

    Returns
    -------
    Names
        As of `model.save`.

    Raises
    ------
    OutputError, ModelError
        As from `model.save`.
    """
    path = Path(path)
    require_places(path, overwrite)
    # One publication for both: a model without its rejected rows would not account for every row.
    with tables.Publication() as new:
        kept = models.save(trained.model, path, overwrite, new)
        stale = set(_all_rejects(path))
        for rejected, place in zip((trained.rejected, trained.later_rejected), rejects_of(path, trained), strict=True):
            if rejected is not None and rejected.num_rows:
                write_rejected(rejected, new.stage(place), place.suffix)
                stale.remove(place)
        # Rejected rows of the model that was replaced would belong to no model.
        for place in sorted(stale):
            new.remove(place)
    return kept
