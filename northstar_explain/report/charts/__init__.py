"""The charts of the reports: one file each, as Vega-Lite specifications."""
