"""Files of others that reports embed, made by `scripts/report-assets`: the font Inter, and Vega, which draws charts."""
