"""Customer tables in, result tables out: the only Parquet, CSV and Arrow file handling.

CSV cells are read as text: the contract decides their types, and an identifier such as ``00123`` must be written as
it was read.
"""

from northstar_explain.tables.csv_dialects import Dialect, Hints
from northstar_explain.tables.formats import FORMATS, is_text_format
from northstar_explain.tables.frames import from_frame
from northstar_explain.tables.journal import settle
from northstar_explain.tables.output_clashes import local_paths, require_apart, same
from northstar_explain.tables.places import require_format, require_free, require_only
from northstar_explain.tables.publish import Publication, publish, publish_folder, replacing, write_text
from northstar_explain.tables.reading import dialect_of, read, read_parquet_bytes
from northstar_explain.tables.stream import Batch, Position, Source, find
from northstar_explain.tables.writing import csv_bytes, parquet_bytes, write, write_to

__all__ = [
    "FORMATS",
    "Batch",
    "Dialect",
    "Hints",
    "Position",
    "Publication",
    "Source",
    "csv_bytes",
    "dialect_of",
    "find",
    "from_frame",
    "is_text_format",
    "local_paths",
    "parquet_bytes",
    "publish",
    "publish_folder",
    "read",
    "read_parquet_bytes",
    "replacing",
    "require_apart",
    "require_format",
    "require_free",
    "require_only",
    "same",
    "settle",
    "write",
    "write_text",
    "write_to",
]
