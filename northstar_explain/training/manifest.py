"""The manifest's record of a training run: data, options, libraries, computer."""

from __future__ import annotations

import datetime
import hashlib
import io
import platform
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

import pyarrow as pa

from northstar_explain.contract.features import Contract
from northstar_explain.learn.fit_segments import LearnedSegments
from northstar_explain.training.row_sets import RowSets
from northstar_explain.training.training_options import Source, TrainingOptions

# Libraries whose version may change a figure.
_LIBRARIES = ("northstar-explain", "numpy", "pyarrow", "scikit-learn", "interpret-core")


# Rows hashed at a time, so that a large table is never copied whole.
_HASHED = 1 << 18


def about(
    source: Source,
    contract: Contract,
    options: TrainingOptions,
    accepted: int,
    later: Source | None,
    as_of: datetime.date | None,
) -> dict[str, Any]:
    """The manifest's entries on where a model comes from.

    Parameters
    ----------
    source : Source
    contract : Contract
    options : TrainingOptions
    accepted : int
        Valid rows of the table; all others were rejected.
    later : Source or None
    as_of : datetime.date or None
        The day up to which the table looks, where it is known.

    Returns
    -------
    dict
        ``date``, ``as_of``, ``title``, ``contract_sha256``, ``data``, ``options``, ``libraries``, ``machine``.
    """
    # The options as they took effect, defaults included: defaults may change with the version.
    settings = asdict(options)
    # JSON has no type for days.
    settings |= {"date": options.date.isoformat(), "as_of": options.as_of and options.as_of.isoformat()}
    return {
        "date": options.date.isoformat(),
        "as_of": as_of and as_of.isoformat(),
        "title": contract.title,
        "contract_sha256": contract.sha256,
        "data": {
            "rows": source.table.num_rows,
            "accepted": accepted,
            "rejected": source.table.num_rows - accepted,
            # Of the values rather than the file: the same customers as CSV and as Parquet are the same table.
            "sha256": table_hash(source.table),
            # Another holdout gives other figures for the same model, so it is part of the record.
            "holdout_sha256": table_hash(later.table) if later else None,
        },
        "options": settings,
        "libraries": {name: _version(name) for name in _LIBRARIES},
        "machine": {
            "python": platform.python_version(),
            "system": platform.system(),
            "cpu": _processor(),
        },
    }


def fitted(row_sets: RowSets, learned: LearnedSegments) -> dict[str, Any]:
    """The entries of the manifest's ``data`` on the rows that were fitted to.

    Returns
    -------
    dict
        ``fit_rows``: for ``purchase`` and ``segments``, rows ``used`` and ``of`` how many they were sampled from.
        ``repeated``: rows that repeat another one in every feature, 0 where they are too few to matter.
    """
    # Rows set aside to evaluate the segments were never available to fit them.
    segments = len(row_sets.everybody) - len(learned.check)
    return {
        "fit_rows": {
            "purchase": {"used": len(row_sets.train), "of": row_sets.train_of},
            "segments": {"used": len(learned.learn), "of": segments},
        },
        "repeated": row_sets.repeated,
    }


def _processor() -> str:
    """The processor's name where the system knows it, as another may round the last digit differently."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8", errors="replace").splitlines() if info.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]} ({platform.machine()})" if names else platform.processor() or platform.machine()


def table_hash(table: pa.Table) -> str:
    """Hash of the values, whatever the file format and the chunks they were read in."""
    digest = _Digest()
    # The stream writes a dictionary once for each chunk that has another one: one dictionary, one hash.
    if table.num_rows > _HASHED:
        table = table.unify_dictionaries()
    with pa.PythonFile(digest, "w") as sink, pa.ipc.new_stream(sink, table.schema) as stream:
        # At least once: a table without rows still has a schema to hash.
        for start in range(0, max(1, table.num_rows), _HASHED):
            stream.write_table(table.slice(start, _HASHED).combine_chunks())
    return digest.hash.hexdigest()


class _Digest(io.RawIOBase):
    """A file that keeps only the hash of what is written to it."""

    def __init__(self) -> None:
        self.hash = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.hash.update(data)
        return len(data)


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "unknown"
