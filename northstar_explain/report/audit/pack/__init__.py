"""The files of an audit pack: report, page, tables, checksums."""
