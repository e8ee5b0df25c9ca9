"""Loading a model folder: every file as it was saved, or an error that names the one that is not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from northstar_explain import tables
from northstar_explain.contract.load import parse as parse_contract
from northstar_explain.errors import Fault, ModelError, reading_fault
from northstar_explain.model import names, parsing, points, segments
from northstar_explain.model.deciding_part import CHANGED, decoding, purchase_of
from northstar_explain.model.evaluation import Evaluation, FactError
from northstar_explain.model.evaluation import from_json as facts_from_json
from northstar_explain.model.folder_format import FILES, FORMAT, MANIFEST, SEAL, identity, seal_of, sha256
from northstar_explain.model.golden_scores import require_golden
from northstar_explain.model.learned_model import Model


def load(path: Path | str) -> Model:
    """Read a model folder, verify the SHA-256 of every file, and score the golden rows again.

    A folder that is replaced while it is read is read once more.

    Parameters
    ----------
    path : path

    Returns
    -------
    Model

    Raises
    ------
    ModelError
        When the folder is not a model folder, is of another format, was changed, or does not score as at training,
        or when the words of its segments do not parse back to their rules.
    """
    path = Path(path)
    # First: a run that was killed while it replaced the folder may have left the exchange to be completed.
    tables.settle(path)
    before = _fingerprint(path)
    try:
        model = _load(path)
    except ModelError:
        if _fingerprint(path) == before:
            raise
    else:
        # The manifest does not cover the names: compare once more, so that they are from the same folder as the rest.
        if _fingerprint(path) == before:
            return model
    return _load(path)


def _fingerprint(path: Path) -> tuple[int, ...]:
    """Identifies the folder at a path, so that a replacement while reading is noticed; empty without a folder."""
    try:
        folder, manifest = path.stat(), (path / MANIFEST).stat()
    except OSError:
        return ()
    # A folder is replaced by another one that is renamed into its place, with other inodes; the time of change is for
    # file systems that give the inode of a removed file to the next one.
    return folder.st_dev, folder.st_ino, manifest.st_ino, manifest.st_mtime_ns


def _load(path: Path) -> Model:
    manifest = _read_manifest(path)
    files = _read_files(path, manifest)
    # In order of dependence: the contract gives meaning to rules, rules to names.
    with decoding(path, "contract.toml"):
        contract = parse_contract(files["contract.toml"].decode(), str(path / "contract.toml"), sealed=True)
    with decoding(path, "purchase.json"):
        purchase = purchase_of(json.loads(files["purchase.json"]))
    with decoding(path, "segments.json"):
        in_words = json.loads(files["segments.json"])
        segmentation = segments.from_json(in_words, contract)
    if faults := parsing.misread(in_words, segmentation, contract):
        raise ModelError(str(path), [replace(fault, todo=CHANGED) for fault in faults])
    named, given = names.apply(names.read(path), segmentation, path)
    with decoding(path, "evaluation.json"):
        facts = json.loads(files["evaluation.json"])
    evaluation = _evaluation(path, facts)
    stored: dict[str, pa.Table] = {}
    for name in ("scorecard", "golden", "shapes", "drift"):
        with decoding(path, f"{name}.parquet"):
            stored[name] = tables.read_parquet_bytes(files[f"{name}.parquet"])
    with decoding(path, "scorecard.parquet"):
        scorecard = points.from_table(stored.pop("scorecard"), purchase.intercept)
    model = Model(
        id=str(manifest["model_id"]),
        contract=contract,
        segmentation=named,
        scorecard=scorecard,
        purchase=purchase,
        evaluation=evaluation,
        manifest=manifest,
        files=files,
        names=given,
        folder=path,
        **stored,
    )
    with decoding(path, "golden.parquet"):
        require_golden(path, model)
    return model


def _evaluation(path: Path, stored: Any) -> Evaluation:
    try:
        return facts_from_json(stored, Evaluation)
    except FactError as error:
        faults = [replace(one, where=f"evaluation.json, {one.where}") for one in error.faults]
        raise ModelError(str(path), faults) from error


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((path / MANIFEST).read_bytes())
        version = manifest["format"]
        complete = set(manifest["files"]) >= set(FILES) and "model_id" in manifest
        seal = seal_of(manifest)
    except (OSError, ValueError, KeyError, TypeError) as error:
        todo = "Check the path; `explain train` makes a model folder."
        raise ModelError(str(path), [Fault(MANIFEST, "a model's manifest", reading_fault(error), todo)]) from error
    # Before the seal: a folder of an older format is sound, and its owner shall train again and not look for damage.
    if version != FORMAT or not complete:
        got = f"format {version}" if version != FORMAT else "an incomplete list of files"
        todo = "Train the model again with this version."
        raise ModelError(str(path), [Fault(MANIFEST, f"a manifest of format {FORMAT}", got, todo)])
    expected = str(manifest.get(SEAL))
    if seal != expected:
        raise ModelError(str(path), [Fault(MANIFEST, f"SHA-256 {expected[:12]}…", f"{seal[:12]}…", CHANGED)])
    return manifest


def _read_files(path: Path, manifest: dict[str, Any]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    faults = []
    for name in FILES:
        try:
            files[name] = (path / name).read_bytes()
        except OSError as error:
            faults.append(Fault(name, "the file as it was saved", error.strerror or str(error), CHANGED))
            continue
        expected, got = manifest["files"][name], sha256(files[name])
        if got != expected:
            faults.append(Fault(name, f"SHA-256 {expected[:12]}…", f"{got[:12]}…", CHANGED))
    if faults:
        raise ModelError(str(path), faults)
    # The id is stored for people; it must still follow from the files.
    if identity(files) != manifest["model_id"]:
        got = str(manifest["model_id"])
        raise ModelError(str(path), [Fault(MANIFEST, f"model_id {identity(files)}", got, CHANGED)])
    return files
