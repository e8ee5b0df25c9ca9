"""The model as SQL, so that a warehouse gives each customer what Python gives."""

from northstar_explain.report.sql.dialects import DIALECTS
from northstar_explain.report.sql.export import write_scores
from northstar_explain.report.sql.scores import scores_sql
from northstar_explain.report.sql.segments import segments_sql

__all__ = ["DIALECTS", "scores_sql", "segments_sql", "write_scores"]
