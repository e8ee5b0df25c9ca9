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
    if options.scores:
        return write_scores(
            model, options.dialect, out, options.table, options.view, options.prefix, overwrite
        )  # fmt: skip
    tables.require_apart([out], model.inputs)
    tables.write_text(sql_text(model, options), out, overwrite)
    return (out,)


def write_scores(
    model: Model,
    to: str,
    out: Path,
    customers: str = "customers",
    view: str | None = None,
    prefix: str | None = None,
    overwrite: bool = False,
) -> tuple[Path, ...]:
    """Write the statement for scores and its lookup tables; see `write_sql`, whose options these are."""
    parquet = {name: out.with_suffix(f".{name}.parquet") for name in KEYS}
    paths = (out, out.with_suffix(".tables.sql"), *parquet.values())
    tables.require_apart(paths, model.inputs)
    for path in paths:
        tables.require_free(path, overwrite)
    # Everything is in memory before the first file is written, so that a name that cannot be written leaves none.
    texts = scores_sql(model, to, customers, view, prefix), "".join(tables_sql(model, to, prefix))
    lookup = lookups(model.scorecard, model.contract)
    data = {path: tables.parquet_bytes(getattr(lookup, name)) for name, path in parquet.items()}
    tables.publish({**{path: text.encode() for path, text in zip(paths[:2], texts, strict=True)}, **data})
    return paths
