"""The model as SQL, so that a warehouse gives each customer what Python gives."""

from northstar_explain.export.sql.dialects import DIALECTS
from northstar_explain.export.sql.score_sql import scores_sql
from northstar_explain.export.sql.segment_sql import segments_sql
from northstar_explain.export.sql.write_sql import write_scores

__all__ = ["DIALECTS", "scores_sql", "segments_sql", "write_scores"]
