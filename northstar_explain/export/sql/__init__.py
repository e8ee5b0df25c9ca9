"""The model as SQL, so that a warehouse gives each customer what Python gives."""

from northstar_explain.export.sql.score_sql import scores_sql, tables_sql
from northstar_explain.export.sql.segment_sql import segments_sql
from northstar_explain.export.sql.write_sql import sql_text
from northstar_explain.options import DIALECTS, SqlOptions

__all__ = ["DIALECTS", "SqlOptions", "scores_sql", "segments_sql", "sql_text", "tables_sql"]
