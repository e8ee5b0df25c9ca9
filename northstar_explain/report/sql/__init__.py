"""The model as SQL, so that a warehouse gives each customer what Python gives."""

from northstar_explain.report.sql.dialects import DIALECTS
from northstar_explain.report.sql.segments import segments_sql

__all__ = ["DIALECTS", "segments_sql"]
