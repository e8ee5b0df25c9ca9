"""The part of a model that decides every score: contract, segments, scorecard, purchase numbers; no evidence."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from northstar_explain import tables
from northstar_explain.contract.features import Contract
from northstar_explain.contract.load import parse as parse_contract
from northstar_explain.errors import Fault, ModelError, reading_fault
from northstar_explain.model import points, segments
from northstar_explain.model.folder_format import DECIDING, MANIFEST, identity
from northstar_explain.model.learned_model import Purchase
from northstar_explain.model.scorecard import Scorecard
from northstar_explain.model.segments import Segmentation

CHANGED = "Restore the file, or train again: a changed model is not used."


@dataclass(frozen=True)
class DecidingPart:
    """What another model is compared with: enough to score, and to prove by its id which model it is.

    Attributes
    ----------
    id : str
        As it follows from the files.
    contract : Contract
    segmentation : Segmentation
    scorecard : Scorecard
    purchase : Purchase
    files : mapping of str to bytes
        The files of `folder_format.DECIDING`.
    """

    id: str
    contract: Contract
    segmentation: Segmentation
    scorecard: Scorecard
    purchase: Purchase
    files: Mapping[str, bytes]


def part_of(files: Mapping[str, bytes], source: Path) -> DecidingPart:
    """Decode the files of `folder_format.DECIDING`; `source` names them in errors.

    Raises
    ------
    ModelError
        When one of them is not what `explain train` writes.
    """
    with decoding(source, "contract.toml"):
        contract = parse_contract(files["contract.toml"].decode(), str(source / "contract.toml"), sealed=True)
    with decoding(source, "purchase.json"):
        purchase = purchase_of(json.loads(files["purchase.json"]))
    with decoding(source, "segments.json"):
        segmentation = segments.from_json(json.loads(files["segments.json"]), contract)
    with decoding(source, "scorecard.parquet"):
        scorecard = points.from_table(tables.read_parquet_bytes(files["scorecard.parquet"]), purchase.intercept)
    kept = {name: files[name] for name in DECIDING}
    return DecidingPart(identity(kept), contract, segmentation, scorecard, purchase, kept)


def load_part(folder: Path) -> DecidingPart:
    """Read this part of a model folder, of an earlier format too, as long as its files can be read.

    Raises
    ------
    ModelError
        When a file is missing, or the manifest names another id than follows from the files.
    """
    todo = "Name a folder that `explain train` has written."
    try:
        files = {name: (folder / name).read_bytes() for name in DECIDING}
        manifest = json.loads((folder / MANIFEST).read_bytes())
        named = str(manifest["model_id"])
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise ModelError(str(folder), [Fault("folder", "a model folder", reading_fault(error), todo)]) from error
    if named != identity(files):
        raise ModelError(str(folder), [Fault(MANIFEST, f"model_id {identity(files)}", named, CHANGED)])
    return part_of(files, folder)


@contextlib.contextmanager
def decoding(path: Path, name: str) -> Iterator[None]:
    """Name the file whose content is wrong although its hash is right, as when both were written by another program."""
    try:
        yield
    # All that decoding content of another form raises: ArrowInvalid is a ValueError, RecursionError a RuntimeError; of
    # pages that do not decompress, Arrow raises an OSError.
    except (
        ArithmeticError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError, pa.ArrowException
    ) as error:  # fmt: skip
        got = f"{type(error).__name__}: {str(error)[:200]}"
        raise ModelError(str(path), [Fault(name, "what `explain train` writes there", got, CHANGED)]) from error


def purchase_of(data: dict[str, Any]) -> Purchase:
    """The numbers of `purchase.json`."""
    # JSON has lists where the model has tuples.
    ranges = {name: (low, high) for name, (low, high) in data["ranges"].items()}
    return Purchase(data["intercept"], data["threshold"], tuple(data["percentiles"]), ranges, data.get("break_even"))
