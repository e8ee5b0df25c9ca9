"""Where the files of an audit pack stand: what writes them, what checks them and what describes them agree on it."""

from __future__ import annotations

REPORT, PAGE, BOOK, CERTIFICATE = "audit.pdf", "audit.html", "scorecard.xlsx", "certificate.json"
MODEL = "model"  # the folder that holds the model, byte for byte
MANIFEST, SUMS = "manifest.json", "SHA256SUMS"
# Named as `explain sql --scores --out scores.sql` names them.
SEGMENTS, LOOKUPS, SCORES, CHECK = "sql/segments.sql", "sql/scores.tables.sql", "sql/scores.sql", "sql/check.sql"
GOLDEN = "tables/golden.parquet"
