"""What the manifest says of a training run: data, options, libraries, machine."""

from __future__ import annotations

import hashlib
import platform
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

import pyarrow as pa

from northstar_explain.contract import Contract
from northstar_explain.training.options import Options, Source

_LIBRARIES = ("northstar-explain", "numpy", "pyarrow", "scikit-learn", "interpret-core")


def about(source: Source, contract: Contract, options: Options, accepted: int, later: Source | None) -> dict[str, Any]:
    """The manifest's part on where a model comes from.

    Parameters
    ----------
    source : Source
    contract : Contract
    options : Options
    accepted : int
        Rows of the table that kept the contract; all others were rejected.
    later : Source or None

    Returns
    -------
    dict
        ``date``, ``title``, ``contract_sha256``, ``data``, ``options``, ``libraries``, ``machine``.
    """
    settings = asdict(options)
    settings["date"] = options.date.isoformat()
    return {
        "date": options.date.isoformat(),
        "title": contract.title,
        "contract_sha256": contract.sha256,
        "data": {
            "rows": source.table.num_rows,
            "accepted": accepted,
            "rejected": source.table.num_rows - accepted,
            "sha256": _table_hash(source.table),
            "holdout_sha256": _table_hash(later.table) if later else None,
        },
        "options": settings,
        "libraries": {name: _version(name) for name in _LIBRARIES},
        "machine": {
            "python": platform.python_version(),
            "system": platform.system(),
            "cpu": _processor(),
        },
    }


def _processor() -> str:
    """The processor by name where the system tells it, since another may round the last digit otherwise."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8", errors="replace").splitlines() if info.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]} ({platform.machine()})" if names else platform.processor() or platform.machine()


def _table_hash(table: pa.Table) -> str:
    """Hash of the values, whatever file they came in."""
    digest = hashlib.sha256()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table.combine_chunks())
    digest.update(sink.getvalue())
    return digest.hexdigest()


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "unknown"
