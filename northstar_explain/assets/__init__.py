"""Files of others that reports embed: the font Inter, and Vega; made by `scripts/report_assets.py`."""
