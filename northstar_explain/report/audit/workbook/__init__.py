"""``scorecard.xlsx``: the model as a spreadsheet, and what a spreadsheet makes of it."""

from northstar_explain.report.audit.workbook.write_workbook import workbook

__all__ = ["workbook"]
