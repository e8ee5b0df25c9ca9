"""The statement for scores as a file, and its lookup tables beside it."""

from __future__ import annotations

from pathlib import Path

from northstar_explain import tables
from northstar_explain.export.sql.lookup_tables import lookups
from northstar_explain.export.sql.score_sql import KEYS, scores_sql, tables_sql
from northstar_explain.model import Model


def write_scores(
    model: Model,
    to: str,
    out: Path,
    customers: str = "customers",
    view: str | None = None,
    prefix: str | None = None,
    overwrite: bool = False,
) -> tuple[Path, ...]:
    """Write the statement that scores customers, and the tables that it looks values up in.

    Parameters
    ----------
    model, to, customers, view, prefix
        As in `scores_sql`.
    out : Path
        Where the statement goes, for example ``scores.sql``. Beside it go ``scores.tables.sql`` (CREATE TABLE and
        INSERT) and the same tables as ``scores.cuts.parquet``, ``scores.categories.parquet`` and
        ``scores.points.parquet``.
    overwrite : bool, default False

    Returns
    -------
    tuple of Path
        The files.

    Raises
    ------
    NorthstarError
        When something cannot be written, in the dialect or on the disk; nothing is written then.
    """
    parquet = {name: out.with_suffix(f".{name}.parquet") for name in KEYS}
    paths = (out, out.with_suffix(".tables.sql"), *parquet.values())
    for path in paths:
        tables.require_free(path, overwrite)
    texts = scores_sql(model, to, customers, view, prefix), "".join(tables_sql(model, to, prefix))
    found = lookups(model.scorecard, model.contract)
    for name, path in parquet.items():
        tables.write(getattr(found, name), path, overwrite)
    for text, path in zip(reversed(texts), reversed(paths[:2]), strict=True):
        tables.write_text(text, path, overwrite)
    return paths
