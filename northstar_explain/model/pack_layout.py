"""The paths of files in an audit pack, for the code that writes, checks and describes them."""

from __future__ import annotations

REPORT, PAGE, BOOK, CERTIFICATE = "audit.pdf", "audit.html", "scorecard.xlsx", "certificate.json"
MODEL = "model"  # a copy of the model folder, byte for byte
MANIFEST, SUMS = "manifest.json", "SHA256SUMS"
SIGNATURE = "SHA256SUMS.minisig"  # of the sums, where somebody signed them
# The names that `explain sql --scores --out scores.sql` gives.
SEGMENTS, LOOKUPS, SCORES, CHECK = "sql/segments.sql", "sql/scores.tables.sql", "sql/scores.sql", "sql/check.sql"
EVIDENCE, RECOMPUTE = "evidence", "recompute.py"
IDS = "evidence/ids.csv.bz2"  # of the holdout's rows, where somebody gave their table
AGAINST = "against"  # what decides the scores of the model that a pack compares with
MOVES = "against/moves.json"  # the holdout scored by both, where somebody gave its table
MOVED_DECILES, MOVED_BY_TERM = "against/deciles.csv", "against/terms.csv"  # the same as tables
GOLDEN = "model/golden.parquet"  # which sql/check.sql reads
