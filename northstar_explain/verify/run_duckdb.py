"""The model as SQL in a pack: what scores customers, what checks that on the golden rows, and running it in DuckDB."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from northstar_explain.export.sql.score_sql import scores_sql, tables_sql
from northstar_explain.model import Model
from northstar_explain.model.folder import EXPECTED

# Named as `explain sql --scores --out scores.sql` names them.
LOOKUPS, SCORES, CHECK = "sql/scores.tables.sql", "sql/scores.sql", "sql/check.sql"
_ANSWERS = ("probability", "segment_id")
_SCORED = "northstar_scored"


@dataclass(frozen=True)
class Scripts:
    """The model as SQL: what makes its lookup tables, and the query over ``customers`` that reads them."""

    lookups: str
    scores: str


def scripts_of(model: Model) -> Scripts:
    """The model as SQL for DuckDB, as `explain sql --scores` writes it."""
    return Scripts("".join(tables_sql(model, "duckdb")), scores_sql(model, "duckdb"))


def check_sql(model: Model) -> str:
    """What ``duckdb < sql/check.sql`` does in the folder of a pack: scores the golden rows, and holds them against what
    they must score."""
    id, features = _name(model.contract.id), ", ".join(_name(one.name) for one in model.contract.features)
    segment, probability = (_name(name) for name in EXPECTED)
    return f"""-- Scores the golden rows of model {model.id} in DuckDB. In the folder of the pack: duckdb < {CHECK}
.read {LOOKUPS}
CREATE TABLE golden AS
SELECT CAST(row_number() OVER () AS VARCHAR) AS {id}, * FROM read_parquet('tables/golden.parquet');
CREATE TABLE customers AS SELECT {id}, {features} FROM golden;
{scores_sql(model, "duckdb", view=_SCORED).rstrip()}
SELECT
  count(*) AS golden_rows,
  max(abs(found.probability - golden.{probability})) AS largest_difference,
  count(*) FILTER (WHERE found.segment_id IS DISTINCT FROM golden.{segment}) AS rows_in_another_segment
FROM golden LEFT JOIN {_SCORED} AS found USING ({id});
"""


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def golden_table(model: Model) -> pa.Table:
    """The golden rows as a customer table whose ids number them from 1, without what they must score."""
    features = [feature.name for feature in model.contract.features]
    number = pa.array([str(row + 1) for row in range(model.golden.num_rows)])
    return model.golden.select(features).add_column(0, model.contract.id, number)


def answers(model: Model, scripts: Scripts) -> tuple[np.ndarray, list[str]]:
    """Probability and segment that DuckDB gives to each golden row, in their order.

    Parameters
    ----------
    model : Model
    scripts : Scripts
        They may come from somebody else: they can read the golden rows, and no file and no network.

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

    with duckdb.connect(config={"enable_external_access": "false", "lock_configuration": "true"}) as connection:
        connection.register("customers", golden_table(model))
        try:
            connection.execute(scripts.lookups)
            result = connection.sql(scripts.scores)
            if result is None:
                raise ValueError("the query gives no rows")
            found = result.to_arrow_table().select([model.contract.id, *_ANSWERS])
            order = np.argsort(found[0].cast(pa.int64()).to_numpy(), kind="stable")
            probability, segments = found[1].cast(pa.float64()).to_numpy(), found[2].cast(pa.string()).to_pylist()
        except (duckdb.Error, pa.ArrowException, KeyError) as error:
            raise ValueError(str(error).split("\n")[0]) from error
    return probability[order], [segments[row] for row in order]
