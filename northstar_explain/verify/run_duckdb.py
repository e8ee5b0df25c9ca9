"""Running a pack's SQL in DuckDB: segment and probability of each golden row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from northstar_explain.contract.days_before import with_dates
from northstar_explain.export.sql.score_sql import scores_sql, tables_sql
from northstar_explain.model.learned_model import Model

_ANSWERS = ("probability", "segment_id")


@dataclass(frozen=True)
class SqlScripts:
    """The model as SQL: what makes its lookup tables, and the query over ``customers`` that reads them."""

    lookups: str
    scores: str


def scripts_of(model: Model) -> SqlScripts:
    """The model as SQL for DuckDB, as `explain sql --scores` writes it."""
    return SqlScripts("".join(tables_sql(model, "duckdb")), scores_sql(model, "duckdb"))


def golden_table(model: Model) -> pa.Table:
    """The golden rows as a customer table whose ids number them from 1, without what they must score."""
    features = [feature.name for feature in model.contract.features]
    number = pa.array([str(row + 1) for row in range(model.golden.num_rows)])
    return with_dates(model.golden.select(features), model.contract).add_column(0, model.contract.id, number)


def answers(model: Model, scripts: SqlScripts) -> tuple[np.ndarray, list[str]]:
    """Probability and segment that DuckDB gives to each golden row, in their order.

    Parameters
    ----------
    model : Model
    scripts : SqlScripts
        They may come from a pack of unknown origin: they can read the golden rows, and no file and no network.

    Returns
    -------
    ndarray of float, shape (n,), and list of str

    Raises
    ------
    ModuleNotFoundError
        Where DuckDB is not installed.
    ValueError
        Where the scripts do not score; the message says why.
    """
    import duckdb

    # A pack is foreign code: it may neither read files nor change these settings.
    with duckdb.connect(config={"enable_external_access": "false", "lock_configuration": "true"}) as connection:
        connection.register("customers", golden_table(model))
        try:
            connection.execute(scripts.lookups)
            result = connection.sql(scripts.scores)
            if result is None:
                raise ValueError("the query gives no rows")
            answer = result.to_arrow_table().select([model.contract.id, *_ANSWERS])
            # A database gives rows in any order; the id of a golden row is its number.
            order = np.argsort(answer[0].cast(pa.int64()).to_numpy(), kind="stable")
            probability, segments = answer[1].cast(pa.float64()).to_numpy(), answer[2].cast(pa.string()).to_pylist()
        except (duckdb.Error, pa.ArrowException, KeyError) as error:
            raise ValueError(str(error).split("\n")[0]) from error
    return probability[order], [segments[row] for row in order]
