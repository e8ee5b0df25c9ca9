"""``scorecard.xlsx``: the model as a workbook of live formulas."""

from northstar_explain.report.audit.workbook.write_workbook import workbook

__all__ = ["workbook"]
