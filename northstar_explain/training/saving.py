"""What a training run writes: the model folder, and beside it the rows that could not be used; all of it or none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from northstar_explain import model as models
from northstar_explain import tables
from northstar_explain.model.folder import require_place
from northstar_explain.model.names import Names
from northstar_explain.score.rejected_rows import with_distinct_names
from northstar_explain.training.steps import Trained


def rejects_of(model: Path) -> tuple[Path, Path]:
    """Where the rejected rows of a model folder go: those of the customers, and those of a later table."""
    place = model if model.name else model.absolute()  # the path "." has no name of its own
    first, second = (place.with_name(place.name + end) for end in (".rejected.parquet", ".holdout.rejected.parquet"))
    return first, second


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
    tables.require_apart([model, *rejects_of(model)], inputs, replaces=model)
    require_place(model, overwrite)
    # Checked before the long work: a run of an hour must not fail at its last step for want of a free name.
    for path in rejects_of(model):
        tables.require_free(path, overwrite)


def save(trained: Trained, path: Path | str, overwrite: bool = False) -> Names:
    """Write a model folder with its rejected rows beside it; those of an earlier run there go.

    Parameters
    ----------
    trained : Trained
    path : path
        The folder; beside it go ``NAME.rejected.parquet`` and ``NAME.holdout.rejected.parquet``, where rows were
        rejected.
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
        for rejected, place in zip((trained.rejected, trained.later_rejected), rejects_of(path), strict=True):
            if rejected is not None and rejected.num_rows:
                # The customers' table may have a column `reasons` of its own.
                tables.write_to(with_distinct_names(rejected), new.stage(place), place.suffix)
            else:
                # Rejected rows of the model that was replaced would belong to no model.
                new.remove(place)
    return kept
