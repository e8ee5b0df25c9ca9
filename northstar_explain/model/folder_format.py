"""The format of a model folder: its files, and the manifest that holds the SHA-256 of each.

Format 11. To change the format: raise FORMAT, say in the CHANGELOG what changed, and have `load` refuse older folders
with the command that makes a new one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

FORMAT = 11
# Without names.toml, which people may edit at any time: a hash of it would refuse their edits.
FILES = (
    "contract.toml",
    "segments.json",
    "scorecard.parquet",
    "purchase.json",
    "evaluation.json",
    "golden.parquet",
    "shapes.parquet",
    "drift.parquet",
    "holdout.csv.bz2",
    "baselines.csv.bz2",
    "sets.csv.bz2",
)
# Only what decides a score: evaluation and golden rows follow from it.
DECIDING = ("contract.toml", "segments.json", "scorecard.parquet", "purchase.json")
MANIFEST = "manifest.json"
SEAL = "manifest_sha256"  # of the manifest without this key, so that a change of the manifest is noticed too


def json_bytes(data: Any) -> bytes:
    """Indented JSON, the same bytes for the same data; raises ValueError for NaN, which JSON does not have."""
    return (json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def identity(files: Mapping[str, bytes]) -> str:
    """The id of a model with these files."""
    # 48 bits tell models apart and can be read out; the hashes of the manifest are what proves the content.
    return "m-" + sha256("".join(sha256(files[name]) for name in DECIDING).encode())[:12]


def seal_of(manifest: Mapping[str, Any]) -> str:
    """The SHA-256 of a manifest without its seal."""
    # It shows that a file was changed, not by whom: who may write to the folder can seal it again.
    return sha256(json_bytes({key: value for key, value in manifest.items() if key != SEAL}))


def sha256(data: bytes) -> str:
    """The SHA-256 of some bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()
