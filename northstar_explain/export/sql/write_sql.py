"""The model as SQL on disk: one statement, and for scores the lookup tables that it reads beside it."""

from __future__ import annotations

from pathlib import Path

from northstar_explain import tables
from northstar_explain.export.sql.lookup_tables import lookups
from northstar_explain.export.sql.score_sql import KEYS, scores_sql, tables_sql
from northstar_explain.export.sql.segment_sql import segments_sql
from northstar_explain.model.learned_model import Model
from northstar_explain.options import SqlOptions


def sql_text(model: Model, options: SqlOptions) -> str:
    """The statement that the options ask for: of segments, or of scores.

    Parameters
    ----------
    model : Model
    options : SqlOptions

    Returns
    -------
    str
        As `segments_sql` or `scores_sql` gives it.

    Raises
    ------
    NorthstarError
        When a name or a text of the model cannot be written in the dialect.
    """
    if options.scores:
        return scores_sql(model, options.dialect, options.table, options.view, options.prefix)
    return segments_sql(model, options.dialect, options.table, options.view)


def write_sql(model: Model, options: SqlOptions, out: Path, overwrite: bool = False) -> tuple[Path, ...]:
    """Write the statement, and with `options.scores` the tables that it looks values up in, all of them or none.

    Parameters
    ----------
    model : Model
    options : SqlOptions
    out : Path
        Where the statement goes, for example ``scores.sql``. Beside that of scores go ``scores.tables.sql`` (CREATE
        TABLE and INSERT) and the same tables as ``scores.cuts.parquet``, ``scores.categories.parquet`` and
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
    parquet = {name: out.with_suffix(f".{name}.parquet") for name in KEYS if options.scores}
    filled = [out.with_suffix(".tables.sql")] if options.scores else []
    paths = (out, *filled, *parquet.values())
    tables.require_apart(paths, model.inputs)
    for path in paths:
        tables.require_free(path, overwrite)
    # Everything is in memory before the first file is written, so that a name that cannot be written leaves none.
    files = {out: sql_text(model, options).encode()}
    if options.scores:
        lookup = lookups(model.scorecard, model.contract)
        files |= {path: "".join(tables_sql(model, options.dialect, options.prefix)).encode() for path in filled}
        files |= {path: tables.parquet_bytes(getattr(lookup, name)) for name, path in parquet.items()}
    tables.publish(files)
    return paths
