"""The SQL files of an audit pack: what gives segments and scores in DuckDB, and what checks that on the golden rows."""

from __future__ import annotations

from northstar_explain.export.sql.score_sql import scores_sql, tables_sql
from northstar_explain.export.sql.segment_sql import segments_sql
from northstar_explain.model.golden_scores import EXPECTED
from northstar_explain.model.learned_model import Model
from northstar_explain.model.pack_layout import CHECK, GOLDEN, LOOKUPS, SCORES, SEGMENTS

_SCORED = "northstar_scored"


def pack_sql(model: Model) -> dict[str, str]:
    """Path within the pack to text of each SQL file, for DuckDB, as `explain sql` writes them."""
    return {
        SEGMENTS: segments_sql(model, "duckdb"),
        LOOKUPS: "".join(tables_sql(model, "duckdb")),
        SCORES: scores_sql(model, "duckdb"),
        CHECK: check_sql(model),
    }


def check_sql(model: Model) -> str:
    """What ``duckdb < sql/check.sql`` does in the folder of a pack: scores the golden rows, and compares them with what
    they must score."""
    # Golden rows have no id of their own: their position serves as one.
    id, features = _name(model.contract.id), ", ".join(_name(one.name) for one in model.contract.features)
    # Written as text and not by sqlglot: `.read` is a command of the DuckDB shell, not SQL.
    segment, probability = (_name(name) for name in EXPECTED)
    # Joined from the left: a golden row without a score counts as one in another segment, and does not vanish.
    return f"""-- Scores the golden rows of model {model.id} in DuckDB. In the folder of the pack: duckdb < {CHECK}
.read {LOOKUPS}
CREATE TABLE golden AS
SELECT CAST(row_number() OVER () AS VARCHAR) AS {id}, * FROM read_parquet('{GOLDEN}');
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
